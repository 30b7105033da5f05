"""Pictures from data: a picture of the template whose alternative text holds an expression is replaced.

The box keeps its place and size; the new picture is shown whole and undistorted in it. PNG and JPEG are accepted,
checked by Pillow, within limits.
"""

import base64
import binascii
import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import Message, say
from kpi_excel.workbook import markup
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.markup import Node

LARGEST_FILE: Final = 10 << 20
MOST_PIXELS: Final = 40_000_000
IMAGE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
_TYPES: Final = {"PNG": ("png", "image/png"), "JPEG": ("jpeg", "image/jpeg")}
_EMBEDDED: Final = re.compile(rb"""(\s[\w.-]+:embed\s*=\s*)(?:"[^"]*"|'[^']*')""")
_LINKED: Final = re.compile(rb"""\s[\w.-]+:link\s*=\s*(?:"[^"]*"|'[^']*')""")
_SAME_SHAPE: Final = 0.01  # relative difference of width to height that nobody sees


class PictureError(ValueError):
    """A value is no picture that can be placed; ``why`` says so."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class PictureBox:
    """A picture of a drawing: what its author wrote about it, and its size."""

    drawing: str  # the part
    id: str  # its number in the drawing
    name: str
    text: str  # alternative text, or the title where there is none
    width: int  # in EMU; 0 where the drawing does not say
    height: int


def boxes(edition: Edition, drawing: str) -> Iterator[PictureBox]:
    """Every picture of a drawing part."""
    for node in markup.parse(edition.read(drawing)).all("xdr:pic"):
        about = node.path("xdr:nvPicPr", "xdr:cNvPr")
        if about is None:
            continue
        size = node.path("xdr:spPr", "a:xfrm", "a:ext")
        width, height = (
            int(size.get(side, "0")) if size and size.get(side).isdecimal() else 0 for side in ("cx", "cy")
        )
        text = about.get("descr") or about.get("title")
        yield PictureBox(drawing, about.get("id"), about.get("name"), text, width, height)


def replace(edition: Edition, box: PictureBox, value: object, folder: Path | None = None) -> None:
    """Show another picture in the box; raises PictureError for what is no picture."""
    content, extension, content_type = fitted(content_of(value, folder), box.width, box.height)
    part = edition.free_name(f"xl/media/image{{}}.{extension}")
    edition.add(part, content, content_type)
    identity = edition.relate(box.drawing, IMAGE, part)
    data = edition.read(box.drawing)
    edits = [edit for node in _blips(markup.parse(data), box.id) for edit in _shown(node, data, identity)]
    edition.replace(box.drawing, markup.splice(data, edits))


def content_of(value: object, folder: Path | None = None) -> bytes:
    """The bytes of a picture: given as bytes, as a data URI, or as a path inside ``folder``."""
    if isinstance(value, bytes):
        return _within(value)
    if isinstance(value, str) and value.startswith("data:"):
        try:
            return _within(base64.b64decode(value.partition(",")[2], validate=True))
        except binascii.Error:
            raise PictureError(say("The data URI of the picture is broken.")) from None
    if isinstance(value, str | Path) and folder is not None:
        return _from_folder(Path(value), folder)
    raise PictureError(say("A value of type {type} is no picture.", type=type(value).__name__))


def fitted(content: bytes, width: int, height: int) -> tuple[bytes, str, str]:
    """The picture as it is, or with transparent margins where its shape differs from the box's; ending and type."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=tuple(_TYPES))
            if picture.width * picture.height > MOST_PIXELS:
                raise PictureError(say("The picture has more than {limit} million pixels.", limit=MOST_PIXELS // 10**6))
            picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(say("This is no PNG or JPEG picture that can be placed.")) from error
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(say("The picture is damaged: {why}.", why=str(error))) from error
    extension, content_type = _TYPES[str(picture.format)]
    if not width or not height:
        return content, extension, content_type
    wanted = (picture.height * width / height, picture.width * height / width)
    if abs(wanted[0] / picture.width - 1) <= _SAME_SHAPE:
        return content, extension, content_type
    size = (max(picture.width, round(wanted[0])), max(picture.height, round(wanted[1])))
    if size[0] * size[1] > MOST_PIXELS:
        raise PictureError(say("The shape of the picture does not fit its box at all."))
    canvas = Image.new("RGBA", size, (0, 0, 0, 0))
    canvas.paste(picture.convert("RGBA"), ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    stream = io.BytesIO()
    canvas.save(stream, "PNG")
    return stream.getvalue(), *_TYPES["PNG"]


def fault(error: PictureError, file: str, sheet: str, box: PictureBox) -> Fault:
    """What is wrong with a picture, with the box that it was meant for."""
    return Fault(error.why, Place(file, sheet, part=box.name), say("Give a PNG or JPEG file of at most 10 MB."))


def _from_folder(path: Path, folder: Path) -> bytes:
    full = (folder / path).resolve()
    if not full.is_relative_to(folder.resolve()):
        raise PictureError(say("The picture {path} lies outside the folder of the data.", path=path))
    try:
        if full.stat().st_size > LARGEST_FILE:
            raise PictureError(say("The picture is larger than {limit} MB.", limit=LARGEST_FILE >> 20))
        return full.read_bytes()
    except OSError as error:
        raise PictureError(say("The picture {path} can't be read: {why}.", path=path, why=error.strerror)) from error


def _within(content: bytes) -> bytes:
    if len(content) > LARGEST_FILE:
        raise PictureError(say("The picture is larger than {limit} MB.", limit=LARGEST_FILE >> 20))
    return content


def _blips(root: Node, identity: str) -> Iterator[Node]:
    """The fills of the picture with this number."""
    for node in root.all("xdr:pic"):
        about = node.path("xdr:nvPicPr", "xdr:cNvPr")
        fill = node.child("xdr:blipFill")
        if about is not None and about.get("id") == identity and fill is not None:
            yield fill


def _shown(fill: Node, data: bytes, identity: str) -> Iterator[markup.Edit]:
    """The edits that show another picture: its relationship, without the old one's crop and its SVG twin."""
    blip = fill.child("a:blip")
    if blip is None:
        return
    start = data[blip.start : blip.inner].rstrip(b"/>")  # with the namespaces that it may declare itself
    start = _EMBEDDED.sub(rb'\1"' + identity.encode() + b'"', _LINKED.sub(b"", start))
    tag = start + b"/>"
    yield markup.Edit(blip.start, blip.end, tag)
    crop = fill.child("a:srcRect")
    if crop is not None:
        yield markup.Edit(crop.start, crop.end, b"")
