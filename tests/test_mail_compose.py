"""The message: what it shows, and what cannot get into it."""

import email
import io
import re
from datetime import UTC, datetime
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_parts import ANA, KPI, OTHER, digest, project
from PIL import Image

from kpi_excel.faults import KpiExcelError
from kpi_excel.mail.compose import XLSX, Composer
from kpi_excel.mail.letters import Letter
from kpi_excel.mail.pictures import SIZE, trend

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def composed(tmp_path, told=None, **options):
    """The message of a letter, parsed back."""
    ((letter,), _) = project(tmp_path, ANA, **options)
    if told:
        letter = Letter("2026-10", letter.address, told["language"], told, letter.workbook, letter.workbook_hash,
                        letter.attachment, letter.to)  # fmt: skip
    data = Composer(tmp_path / "mail", "KPI <kpi@example.com>").compose(letter, AT).data
    assert data.isascii()
    assert all(len(line) < 998 for line in data.split(b"\r\n"))
    return email.message_from_bytes(data, policy=default)


def words(message, kind="html"):
    """The text of a part."""
    return message.get_body((kind,)).get_content()


def test_the_workbook_arrives_byte_for_byte(tmp_path):
    """Attached under its name, whatever bytes it holds."""
    content = bytes(range(256)) * 300 + b"\r\n.\r\n<body 0>\r\n"
    (part,) = composed(tmp_path, content=content).iter_attachments()
    assert (part.get_content(), part.get_filename()) == (content, "sales.xlsx")


def test_names_cannot_write_headers_or_html(tmp_path):
    """Line breaks in a unit's name, and tags in a KPI's, stay text."""
    message = composed(tmp_path, name="Ventas\r\nBcc: x@y.zz")
    assert message["Bcc"] is None
    assert "NPS &lt;&amp;&gt;" in words(message)
    assert "NPS <&>" in words(message, "plain")


def test_a_status_is_a_colour_and_a_word(tmp_path):
    """Whoever prints it in black and white, or sees no red, reads it."""
    html = words(composed(tmp_path))
    assert "✖ off target" in html
    assert "#b42318" in html


def test_each_picture_is_there_and_is_a_small_png(tmp_path):
    """Every cid in the text has its part, and every part its cid."""
    message = composed(tmp_path)
    parts = {part["Content-ID"].strip("<>"): part.get_content() for part in message.walk() if part["Content-ID"]}
    assert parts
    assert all(f"cid:{cid}" in words(message) for cid in parts)
    assert words(message).count("cid:") == len(parts)
    assert all(Image.open(io.BytesIO(png)).format == "PNG" and len(png) < 2000 for png in parts.values())


@pytest.mark.parametrize("values", [[], [1.0, 2.0], [1.0, None, None], [None] * 13])
def test_too_few_values_make_no_picture(values):
    """A trend of two points tells nothing."""
    assert trend(values, None, "#b42318") is None


@pytest.mark.parametrize("values", [[5.0] * 13, [1e300, -1e300, 0.0], [1.0, None, 3.0, 4.0]])
def test_any_values_fit_into_the_picture(values):
    """A flat line, giants and gaps."""
    assert Image.open(io.BytesIO(trend(values, 2.0, "#1b7f3b"))).size == (SIZE[0] * 3, SIZE[1] * 3)


@pytest.mark.parametrize(("language", "said"), [("en", "What to do"), ("es", "Qué hacer")])
def test_it_speaks_the_readers_language(tmp_path, language, said):
    """Headings, statuses and the subject."""
    message = composed(tmp_path, digest(KPI, language=language))
    assert said in words(message)
    assert message["Subject"].endswith({"en": "0 of 1 KPIs on target", "es": "0 de 1 KPI en meta"}[language])


def test_interventions_have_an_owner_and_a_date(tmp_path):
    """Who, and by when."""
    for kind in ("html", "plain"):
        assert "Eva" in words(composed(tmp_path), kind)
        assert "1 Dec 2026" in words(composed(tmp_path), kind)


def test_very_many_kpis_are_cut_off_and_counted(tmp_path):
    """Gmail shows 102 kB: the worst thirty, and how many more there are."""
    html = words(composed(tmp_path, digest(*({**OTHER, "id": f"k{n}"} for n in range(200)))))
    assert "170 more" in html
    assert len(html.encode()) < 102_000


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("message.txt", "fine\n{% if %}\n", 2),
        ("message.html", "<p>\n\n{{ card.nothing }}", 3),
        ("subject.txt", "{{ 1 / 0 }}", 1),
        ("message.txt", "{{ ''.__class__.__mro__ }}", 1),
        ("message.txt", "\n{{ nobody }}", 2),
    ],
)
def test_a_template_with_a_mistake_is_named_by_file_and_line(tmp_path, name, text, line):
    """The user's own template tells where it is wrong, and can do no harm."""
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / name).write_text(text)
    with pytest.raises(KpiExcelError) as wrong:
        composed(tmp_path)
    (fault,) = wrong.value.faults
    assert (fault.place.file.endswith(name), fault.place.line) == (True, line)


@pytest.mark.parametrize("sender", ["", "nobody", "a@b.co\r\nBcc: x@y.zz", "x\r\ny <a@b.co>"])
def test_a_sender_that_is_none_is_told(tmp_path, sender):
    """Before anything is built."""
    with pytest.raises(KpiExcelError, match="sender"):
        Composer(tmp_path, sender)


def test_a_long_name_beyond_ascii_arrives(tmp_path):
    """The attachment is called what the user called it."""
    from dataclasses import replace

    name = "Informe de gestión, región Ñuble y Cañete: " + "á" * 40
    ((letter,), _) = project(tmp_path, replace(ANA, attachment=name))
    data = Composer(tmp_path / "mail", "kpi@example.com").compose(letter, AT).data
    (part,) = email.message_from_bytes(data, policy=default).iter_attachments()
    assert part.get_filename() == letter.attachment
    assert all(len(line) < 998 for line in data.split(b"\r\n"))


HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Language",
    "MIME-Version", "Content-Type",
]  # fmt: skip
SIGNS = st.text(st.sampled_from("aé漢\r\n\x00\x0b\x85\u2028\u202e:;,<>\"'=?&{}%\\ "), max_size=40) | st.text(
    max_size=40
)


@settings(max_examples=60)
@given(SIGNS, SIGNS, SIGNS)
def test_no_name_of_anything_can_write_a_header_or_a_part(tmp_path_factory, unit, company, kpi):
    """Whatever units, companies and KPIs are called: our headers, each once, and the parts that we made."""
    told = digest({**KPI, "name": kpi}, name=unit) | {"company": company, "headline": kpi}
    message = composed(tmp_path_factory.mktemp("mail"), told)
    assert message.keys() == HEADERS
    assert [part.get_content_type() for part in message.walk() if not part.is_multipart()] == [
        "text/plain", "text/html", "image/png", XLSX,
    ]  # fmt: skip
    assert message["Subject"].isprintable()
    assert not any(part.defects for part in message.walk())


@settings(max_examples=60)
@given(SIGNS)
def test_no_name_is_markup(tmp_path_factory, name):
    """In the HTML a name is the text that it is: the same tags stand around it whatever it holds."""
    folder = tmp_path_factory.mktemp("mail")
    tags = [re.findall("<[^>]*>", words(composed(folder, digest({**KPI, "name": each})))) for each in ("plain", name)]
    assert tags[0] == tags[1]


def test_the_parts_are_told_apart_by_what_no_part_can_hold(tmp_path):
    """A workbook and texts full of our own boundaries arrive as they are."""
    content = b"\r\n--=_mixed--\r\n--=_related\r\n--=_alternative--\r\n" * 50
    message = composed(tmp_path, digest({**KPI, "name": "--=_mixed--\n--=_related"}), content=content)
    (book,) = message.iter_attachments()
    assert book.get_content() == content
    assert "--=_mixed--" in words(message, "plain")


def test_a_picture_lets_a_dark_ground_through():
    """No white boxes where a mail program turns the message dark."""
    picture = Image.open(io.BytesIO(trend([1.0, 2.0, 3.0], None, "#b42318"))).convert("RGBA")
    assert picture.getpixel((0, 0))[3] == 0
    assert (180, 35, 24, 255) in {colour for _, colour in picture.getcolors()}


def test_outlook_and_gmail_can_draw_it(tmp_path):
    """Word draws Outlook's mails and Gmail drops style sheets: tables, inline styles, sizes of pictures, no VML."""
    html = words(composed(tmp_path, digest(*({**KPI, "id": f"k{n}", "name": "x" * 200} for n in range(200)))))
    assert not re.search(r"<style|<link|<script|<v:|flex|float:|position:|class=|http:|https:|background-image", html)
    assert all(re.search(r'width="\d+" height="\d+"', tag) for tag in re.findall("<img[^>]*>", html))
    assert '<!--[if mso]><table role="presentation" width="600"' in html
    assert len(html.encode()) < 102_000
