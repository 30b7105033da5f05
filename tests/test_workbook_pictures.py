"""Pictures from data: the box keeps its place and size, and what is no picture is refused in words."""

import base64
import io
from pathlib import Path

import pytest
import xlsxwriter
from PIL import Image

from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.pictures import PictureError, boxes, content_of, fitted, replace


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """A plain picture."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(stream, kind)
    return stream.getvalue()


def designed() -> Package:
    """A workbook with one picture whose alternative text holds an expression."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    options = {"image_data": io.BytesIO(picture(120, 40)), "description": "{{ logo }}"}
    book.add_worksheet("S").insert_image("B2", "logo.png", options)
    book.close()
    return Package.open(stream.getvalue())


def test_the_picture_changes_and_its_box_does_not() -> None:
    """Another picture is shown whole in the same box, the old anchor and size untouched."""
    package = designed()
    edition = Edition(package)
    drawing = package.related("xl/worksheets/sheet1.xml", "drawing")[0]
    box = next(boxes(edition, drawing))
    assert box.text == "{{ logo }}"
    replace(edition, box, picture(300, 300))
    filled = Package.open(edition.to_bytes())
    again = next(boxes(Edition(filled), drawing))
    assert (again.width, again.height, again.text) == (box.width, box.height, box.text)
    shown = Image.open(io.BytesIO(filled.parts["xl/media/image2.png"]))
    assert shown.width / shown.height == pytest.approx(box.width / box.height, rel=0.01)
    assert b'r:embed="rId2"' in filled.parts[drawing]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_of_the_same_shape_is_taken_as_it_is(kind: str) -> None:
    """A picture that fits its box is not made anew: the same bytes."""
    content = picture(120, 40, kind)
    assert fitted(content, 1200, 400)[0] == content


@pytest.mark.parametrize(
    "content", [b"", b"text", b"GIF89a" + bytes(50), picture(9, 9)[:40], b"<svg/>", picture(30, 30, "BMP")]
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    """Other formats and damaged files are refused in words."""
    with pytest.raises(PictureError):
        fitted(content, 100, 100)


def test_a_huge_picture_is_refused_before_it_is_unpacked() -> None:
    """A small file that claims millions of pixels is refused."""
    stream = io.BytesIO()
    Image.new("1", (9000, 9000)).save(stream, "PNG")
    with pytest.raises(PictureError, match="million pixels"):
        fitted(stream.getvalue(), 100, 100)


def test_a_picture_comes_as_bytes_data_uri_or_file_of_the_datas_folder(tmp_path: Path) -> None:
    """Data may hold a picture itself or name one beside it, and nothing outside of its folder."""
    content = picture(2, 2)
    (tmp_path / "logo.png").write_bytes(content)
    uri = "data:image/png;base64," + base64.b64encode(content).decode()
    assert content_of(content) == content_of(uri) == content_of("logo.png", tmp_path) == content
    for wrong in ("../../etc/passwd", "/etc/passwd", "none.png", "data:image/png;base64,!", 5):
        with pytest.raises(PictureError):
            content_of(wrong, tmp_path)
