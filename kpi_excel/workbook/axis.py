"""Where every row (or column) of a template stands in the output: the one map that all references follow.

A template's axis is cut into segments, the stretches that always go together: rows before a loop, the rows of its
body, rows after it. A segment stands in the output once, many times, or not at all.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """One passage through a block: these template rows became those output rows."""

    first: int
    last: int
    out_first: int
    out_last: int
    before: int  # the last kept template row before the block; 0 where there is none
    repeated: bool  # not the block's first passage: the row before it is the previous passage's last


Spans = tuple[Span, ...]  # of a cell, innermost first


@dataclass(frozen=True, slots=True)
class Segment:
    """Template rows ``first`` to ``last``, and the output rows at which its copies start."""

    first: int
    last: int
    starts: Sequence[int]


class Axis:
    """The map from template rows to output rows; the same for columns."""

    def __init__(self, segments: Iterable[Segment], limit: int, *, has_blanks: bool = False) -> None:
        self.has_blanks = has_blanks  # a loop over nothing left an empty copy
        self.segments = tuple(segments)  # without gaps from 1 to the last used row
        self.limit = limit
        self._firsts = [segment.first for segment in self.segments]
        end = max((s.starts[-1] + s.last - s.first for s in self.segments if s.starts), default=0)
        used = self.segments[-1].last if self.segments else 0
        self.shift = end - used  # of all rows after the last segment
        self.used = used
        self.is_identity = not has_blanks and all(
            s.starts == [s.first] or list(s.starts) == [s.first] for s in self.segments
        )
        self._areas: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        self._pieces: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}

    def leaves_out(self) -> bool:
        """Whether more than marks vanished, or a loop repeats nothing."""
        return self.has_blanks or any(not segment.starts for segment in self.segments)

    def _index(self, row: int) -> int:
        return bisect_right(self._firsts, row) - 1

    def copies(self, row: int) -> Sequence[int]:
        """The output rows that are copies of a template row, in order."""
        if row > self.used:
            return [min(row + self.shift, self.limit)] if row < self.limit else [self.limit]
        segment = self.segments[self._index(row)]
        offset = row - segment.first
        return [start + offset for start in segment.starts] if offset else segment.starts

    def first(self, row: int, spans: Spans = ()) -> int | None:
        """The first copy of a row as seen from a cell in these spans."""
        if row > self.used:
            return self.copies(row)[0]
        low, high = _bounds(row, spans)
        segment = self.segments[self._index(row)]
        offset, starts = row - segment.first, segment.starts
        at = bisect_left(starts, low - offset)
        return starts[at] + offset if at < len(starts) and starts[at] + offset <= high else None

    def last(self, row: int, spans: Spans = ()) -> int | None:
        """The last copy of a row as seen from a cell in these spans."""
        if row > self.used:
            return self.copies(row)[0]
        low, high = _bounds(row, spans)
        segment = self.segments[self._index(row)]
        offset, starts = row - segment.first, segment.starts
        at = bisect_right(starts, high - offset) - 1
        return starts[at] + offset if at >= 0 and starts[at] + offset >= low else None

    def start_edge(self, row: int, spans: Spans = ()) -> int | None:
        """Where a range that starts at a row starts now; a row that is gone gives way to the next."""
        found = self.first(row, spans)
        if found is not None:
            return found
        for segment in self.segments[self._index(row) + 1 :] if row <= self.used else ():
            found = self.first(segment.first, spans if _inside(segment.first, row, spans) else ())
            if found is not None:
                return found
        return self.used + self.shift + 1

    def end_edge(self, row: int, spans: Spans = ()) -> int | None:
        """Where a range that ends at a row ends now; a row that is gone gives way to the one before."""
        found = self.last(row, spans)
        if found is not None:
            return found
        for segment in reversed(self.segments[: self._index(row)]):
            found = self.last(segment.last, spans if _inside(segment.last, row, spans) else ())
            if found is not None:
                return found
        return 0

    def areas(self, first: int, last: int) -> tuple[tuple[int, int], ...]:
        """All output rows that are copies of these rows, as unbroken stretches."""
        key = (first, last)
        if key not in self._areas:
            if len(self._areas) > 10_000:
                self._areas.clear()
            self._areas[key] = tuple(self._stretches(first, last))
        return self._areas[key]

    def _stretches(self, first: int, last: int) -> Iterable[tuple[int, int]]:
        pieces: list[tuple[int, int]] = []
        for segment in self.segments[max(self._index(first), 0) :]:
            if segment.first > last:
                break
            low, high = max(first, segment.first), min(last, segment.last)
            if low <= high:
                pieces += [(start + low - segment.first, start + high - segment.first) for start in segment.starts]
        if last > self.used:
            low = max(first, self.used + 1) + self.shift
            pieces.append(
                (min(low, self.limit), self.limit if last >= self.limit else min(last + self.shift, self.limit))
            )
        pieces.sort()
        joined: list[tuple[int, int]] = []
        for low, high in pieces:
            if joined and low <= joined[-1][1] + 1:
                joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
            else:
                joined.append((low, high))
        return joined

    def extent(self, first: int, last: int, low: Spans = (), high: Spans = ()) -> tuple[int, int] | None:
        """From the first to the last copy of any of these rows, as seen from a cell; None where none is left.

        Any of them: where a pass leaves out the range's last row, the row above it ends the range there.
        """
        pieces = self._pieces.get((first, last))
        if pieces is None:
            pieces = self._pieces[first, last] = tuple(self._cut(first, last))
        starts = [at for top, _ in pieces if (at := self.first(top, low)) is not None]
        ends = [at for _, bottom in pieces if (at := self.last(bottom, high)) is not None]
        return (min(starts), max(ends)) if starts and ends and min(starts) <= max(ends) else None

    def _cut(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """These rows, segment by segment."""
        for segment in self.segments[max(self._index(first), 0) :]:
            if segment.first > last:
                break
            if first <= segment.last:
                yield max(first, segment.first), min(last, segment.last)
        if last > self.used:
            yield max(first, self.used + 1), last


def _bounds(row: int, spans: Spans) -> tuple[int, int]:
    """The stretch of output rows in which a cell of these spans looks for a row: its own passage, if that has it."""
    for span in spans:
        if span.first <= row <= span.last:
            return span.out_first, span.out_last
    return 0, 1 << 30


def _inside(row: int, other: int, spans: Spans) -> bool:
    """Whether two rows belong to the same innermost passage."""
    return next((s for s in spans if s.first <= row <= s.last), None) is next(
        (s for s in spans if s.first <= other <= s.last), None
    )


def identity(limit: int) -> Axis:
    """The axis of a sheet in which nothing grows."""
    return Axis((), limit)
