"""The small trend beside a figure, as a picture that every mail program shows."""

import io
from collections.abc import Iterator, Sequence

SIZE = (68, 24)  # as shown; drawn three times as large, so that it is sharp on a phone
SCALE = 3
MONTHS = 13
FEWEST = 3  # with fewer values a trend tells nothing
# Ground (which is left open), line and target, to be read on white and in the dark; the dot has the status' colour.
PALETTE = ("#ffffff", "#74808b", "#b4bcc4")


def trend(values: Sequence[float | None], target: float | None, colour: str) -> bytes | None:
    """The last months as a line with a dot at its end, the target as a thin line; None for too few values.

    It is drawn without smoothing, in four colours: programs scale it down by three, which smooths it, and it weighs
    a few hundred bytes.
    """
    recent = list(values[-MONTHS:])
    known = [value for value in recent if value is not None]
    if len(known) < FEWEST or recent[-1] is None:
        return None
    from PIL import Image, ImageDraw

    image = Image.new("P", (SIZE[0] * SCALE, SIZE[1] * SCALE), 0)  # the numbers of the colours
    image.putpalette([channel for tone in (*PALETTE, colour) for channel in bytes.fromhex(tone[1:])])
    place = _Place(len(recent), [*known, *([target] if target is not None else [])])
    draw = ImageDraw.Draw(image)
    if target is not None:
        draw.line([place.at(0, target), place.at(len(recent) - 1, target)], fill=2, width=SCALE)
    for run in _runs(recent):
        draw.line([place.at(position, value) for position, value in run], fill=1, width=4, joint="curve")
    x, y = place.at(len(recent) - 1, recent[-1])
    draw.ellipse((x - 8, y - 8, x + 8, y + 8), fill=3)
    file = io.BytesIO()
    image.save(file, "PNG", bits=2, transparency=0)
    return file.getvalue()


class _Place:
    """Where a value lies in the picture."""

    def __init__(self, count: int, shown: Sequence[float]) -> None:
        self.step = (SIZE[0] * SCALE - 24) / max(count - 1, 1)
        self.low, self.high = min(shown), max(shown)

    def at(self, position: int, value: float) -> tuple[float, float]:
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return 12 + position * self.step, SIZE[1] * SCALE - 12 - share * (SIZE[1] * SCALE - 24)


def _runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """The stretches without a gap, each value with its position."""
    run: list[tuple[int, float]] = []
    for position, value in enumerate([*values, None]):
        if value is not None:
            run.append((position, value))
        elif run:
            if len(run) > 1:
                yield run
            run = []
