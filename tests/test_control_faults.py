"""Everything that can be wrong with a control workbook, said at once, by sheet and cell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from control_workbooks import CATALOGUE, SMALL, UNITS, cell, changed, written
from openpyxl import Workbook, load_workbook

from kpi_excel.control import read_control
from kpi_excel.faults import Fault, Severity
from kpi_excel.model import Definition, Direction, Recipient, Rollup, Target, Texts, Unit


def put(sheet: str, header: str, value: Any, row: int = 1) -> Callable[[Any], None]:
    """The change of one cell."""

    def change(book: Any) -> None:
        cell(book[sheet], header, row).value = value

    return change


def told(faults: tuple[Fault, ...]) -> str:
    """All faults as a person reads them."""
    return "\n".join(str(fault) for fault in faults)


CELLS = [
    ("Indicadores", "KPI", "mql_cuont", "Indicadores!A6: There is no KPI 'mql_cuont'. Did you mean mql_count"),
    ("Indicadores", "Unidades", "ventas; vnetas", "Indicadores!B6: There is no unit 'vnetas'. Did you mean ventas"),
    ("Indicadores", "Clase", "claves", "Indicadores!F6: 'claves' is not one of the choices. Did you mean clave?"),
    ("Indicadores", "Línea base", "12,5", "Indicadores!G6: '12,5' is stored as text, not as a number."),
    ("Indicadores", "Inicio", "31/10/2026", "Indicadores!H6: '31/10/2026' is stored as text, not as a date."),
    ("Indicadores", "Inicio", "pronto", "Indicadores!H6: 'pronto' is stored as text, not as a date."),
    ("Indicadores", "Decimales", 1.5, "Indicadores!K6: A whole number belongs here, not 1.5."),
    ("Indicadores", "Decimales", 9, "Indicadores!K6: Decimals go from 0 to 6."),
    ("Metas", "KPI", "nps", "Metas!A6: This target has no effect: nps is not chosen"),
    ("Metas", "KPI", "npss", "Metas!A6: There is no KPI 'npss'. Did you mean nps"),
    ("Metas", "Año fiscal", 26, "Metas!C6: 26 is not a fiscal year."),
    ("Metas", "Mes 1", "noventa", "Metas!F6: A number belongs here, not the text 'noventa'."),
    ("Metas", "Mes 1", "80..90", "Metas!F6: mql_count has no band: one number is its target."),
    (
        "Metas",
        "Mes 1",
        "95..90",
        "Metas!F6: The band '95..90' begins above its end. Write the lower end first: 90..95.",
    ),
    ("Metas", "Mes 1", "1.250..1.500", "Metas!F6: '1.250' can be read in two ways."),
    ("Metas", "Mes 1", True, "Metas!F6: A number belongs here, not yes."),
    ("Metas", "Mes 13", 5, "Metas!R6: The fiscal year has 12 months."),
    ("Metas", "Tolerancia", -1, "Metas!D6: A tolerance is not negative."),
    ("Metas", "Tolerancia", 5, "Metas!D6: A tolerance of 500% of the target lets everything pass."),
    ("Fuentes", "Datos", "lead", "Fuentes!B6: There is no dataset 'lead'. Did you mean leads"),
    ("Fuentes", "Archivo o dirección", None, "Fuentes!D6: File or address is blank."),
    (
        "Fuentes",
        "Archivo o dirección",
        "postgresql://me:secret@db/x",
        "Fuentes!D6: A workbook is no place for a password.",
    ),
    ("Fuentes", "Signo decimal", ";", "Fuentes!I6: The decimal mark is a comma or a point."),
    ("Fuentes", "Solo filas donde", "a >", "Fuentes!F6: Formula, character 4"),
    ("Columnas", "Fuente", "crn", "Columnas!A6: There is no source 'crn'. Did you mean crm?"),
    (
        "Columnas",
        "Columna estándar",
        "lead_di",
        "Columnas!B6: leads has no standard column 'lead_di'. Did you mean lead_id",
    ),
    ("Columnas", "o fórmula", "A + B", "Columnas!D6: Here are a header and a formula"),
    ("Unidades", "Nombre", "Ventas", "Unidades!B7: Two units are called Ventas: see A6."),
]


@pytest.mark.parametrize(("sheet", "header", "value", "expected"), CELLS, ids=[f"{c[0]} {c[1]} {c[2]}" for c in CELLS])
def test_a_wrong_cell_is_named(tmp_path: Path, sheet: str, header: str, value: Any, expected: str) -> None:
    """The message says where, what, and what would be right."""
    _, faults = changed(tmp_path, put(sheet, header, value))
    assert expected in told(faults)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    """Twenty wrong cells give twenty messages, in the order of the sheets, and none hides another."""
    wrong = [case for case in CELLS if case[0] in ("Indicadores", "Fuentes")]
    wrong = list({(case[0], case[1]): case for case in wrong}.values())

    def change(book: Any) -> None:
        for sheet, header, value, _ in wrong:
            put(sheet, header, value)(book)

    _, faults = changed(tmp_path, change)
    missing = [case[3] for case in wrong if case[3] not in told(faults) and case[3].split(":")[0] not in told(faults)]
    assert not missing
    order = [fault.place.sheet for fault in faults if fault.place.sheet]
    assert order == sorted(
        order, key=["Ajustes", "Indicadores", "Metas", "Fuentes", "Columnas"].index
    )


def test_a_percentage_typed_without_its_sign_is_noticed(tmp_path: Path) -> None:
    """12.5 for a share of customers means 1250%; that is asked about, and the run may go on."""
    _, faults = changed(tmp_path, put("Metas", "Mes 1", 12.5, row=2))
    assert [fault.severity for fault in faults] == [Severity.WARNING]
    assert "Metas!F7: 12.5 means 1250%. Type 12.5% or 0.125 if that is what is meant." in told(faults)


def test_a_date_as_text_in_the_iso_form_is_understood(tmp_path: Path) -> None:
    """2026-12-31 as text leaves no doubt: it is taken, with a warning."""
    control, faults = changed(tmp_path, put("Indicadores", "Plazo", "2026-12-31"))
    assert control.kpis[0].due == date(2026, 12, 31)
    assert [fault.severity for fault in faults] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((*UNITS, Unit("bodega", "Bodega")), "bodega has no unit above it, but acme is the company."),
        ((*UNITS, Unit("a", "A", "b"), Unit("b", "B", "a")), "in a circle: a → b → a."),
        ((*UNITS, Unit("ventas", "Otra", "acme")), "Two units are called ventas: see A7."),
        ((*UNITS, Unit("vta", "Venta directa", "acme")), "Two units are called vta: see A7."),
        ((*UNITS, Unit("x", "X", "acmee")), "There is no unit 'acmee'. Did you mean acme"),
    ],
)
def test_units_must_form_one_tree(tmp_path: Path, units: tuple[Unit, ...], expected: str) -> None:
    """Two roots, circles, doubles and unknown parents are told."""
    assert expected in told(read_control(written(tmp_path, replace(SMALL, units=units)), CATALOGUE)[1])


def own(id_: str, formula: str, **fields: Any) -> Definition:
    """An own KPI."""
    return Definition(
        id_, "own", Texts(id_, id_), Texts(f"{id_}.", f"{id_}."), formula, "×", Direction.UP, Rollup.RATIO, **fields
    )


def test_own_kpis_are_checked_in_their_cells(tmp_path: Path) -> None:
    """A circle, a formula that can't be read, an unknown column and a taken id are told where they stand."""
    kpis = (
        own("uno", "dos / 2"),
        own("dos", "uno * 2"),
        own("tres", "SUM(amount"),
        own("cuatro", "SUM(amuont)", dataset="orders", date_column="order_date"),
        own("nps", "revenue / costs"),
    )
    faults = read_control(written(tmp_path, replace(SMALL, own=kpis)), CATALOGUE)[1]
    cells = {fault.place.cell: str(fault) for fault in faults if fault.place.sheet == "KPI propios"}
    assert "uno" in cells["D6"]
    assert "never closed" in cells["D8"]
    assert "amount" in cells["D9"]
    assert "built-in" in cells["A10"]


def test_a_sheet_or_column_that_was_renamed_is_recognised(tmp_path: Path) -> None:
    """A renamed sheet and a renamed header are told with what they may have been."""

    def change(book: Any) -> None:
        book["Fuentes"].title = "Fuente"
        cell(book["Metas"], "Año fiscal", 0).value = "Año fiscl"
        cell(book["Indicadores"], "Responsable", 0).value = "Encargado"

    text = told(changed(tmp_path, change)[1])
    assert "There is no sheet Sources. Did you mean Fuente?" in text
    assert "The column Fiscal year is missing. Did you mean Año fiscl?" in text
    assert "Indicadores!C5: 'Encargado' is not a column of this sheet. Did you mean Owner?" in text


def test_the_users_language_is_spoken(tmp_path: Path) -> None:
    """The same fault in Spanish names the Spanish header."""
    _, faults = changed(tmp_path, put("Fuentes", "Archivo o dirección", None))
    assert any("Archivo o dirección está vacío." in fault.to("es") for fault in faults)


def test_a_formula_counts_as_the_value_that_excel_saw(tmp_path: Path) -> None:
    """A cell with a formula gives its cached value; without one the user is asked to save in Excel."""
    _, faults = changed(tmp_path, put("Metas", "Mes 1", "=40+50"))
    assert "Metas!F6: This formula has no value yet. Open the workbook in Excel, save it, and it has one." in told(
        faults
    )


def test_an_error_in_a_cell_is_told(tmp_path: Path) -> None:
    """#REF! in an input cell is no target."""
    _, faults = changed(tmp_path, put("Metas", "Mes 1", "#REF!"))
    assert "Metas!F6: This cell shows the error #REF!." in told(faults)


def test_merged_cells_are_told(tmp_path: Path) -> None:
    """Only the first of merged cells holds a value, so the others would be silently blank."""
    _, faults = changed(tmp_path, lambda book: book["Metas"].merge_cells("F6:H6"))
    assert "Metas!F6:H6: These cells are merged; only the first of them is read." in told(faults)


def test_an_open_workbook_is_read_with_a_warning(tmp_path: Path) -> None:
    """Excel's lock file says that somebody may have changes that are not saved."""
    path = written(tmp_path)
    (tmp_path / "~$kpi.xlsx").write_bytes(b"owner")
    control, faults = read_control(path, CATALOGUE)
    assert len(control.kpis) == 2
    assert [fault.severity for fault in faults] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "This is not an Excel workbook"),
        (b"unit;name\r\nacme;Acme", "This is not an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "This is not an Excel workbook"),
        (None, "There is no control workbook."),
    ],
)
def test_what_is_no_workbook_is_said_to_be_none(tmp_path: Path, content: bytes | None, expected: str) -> None:
    """An empty file, a CSV or an old .xls under the name of a workbook, or none at all."""
    path = tmp_path / "kpi.xlsx"
    if content is not None:
        path.write_bytes(content)
    control, faults = read_control(path, CATALOGUE)
    assert expected in told(faults)
    assert control.kpis == ()


def test_a_broken_workbook_is_told(tmp_path: Path) -> None:
    """A file that was cut off, or has a broken sheet inside, gives one message and no traceback."""
    path = written(tmp_path)
    whole = path.read_bytes()
    for cut in range(1, 10):
        path.write_bytes(whole[: len(whole) * cut // 10])
        assert "kpi.xlsx" in told(read_control(path, CATALOGUE)[1])
    for place in range(200, len(whole) - 200, len(whole) // 40):
        path.write_bytes(whole[:place] + b"\x00\xff<&" + whole[place + 4 :])
        read_control(path, CATALOGUE)


def test_a_sheet_without_end_is_bounded(tmp_path: Path) -> None:
    """A value in the last cell of the sheet is told and costs nothing."""
    _, faults = changed(tmp_path, lambda book: book["Metas"].cell(1_048_576, 16_384, 1))
    assert "goes on to row 1048576, column 16384" in told(faults)


def test_another_workbook_is_no_control_workbook(tmp_path: Path) -> None:
    """Any workbook of the user's own gives messages about the sheets that are missing."""
    book = Workbook()
    book.active["A1"] = "Ventas 2026"
    book.save(tmp_path / "kpi.xlsx")
    text = told(read_control(tmp_path / "kpi.xlsx", CATALOGUE)[1])
    assert "There is no sheet Settings." in text
    assert "There is no sheet KPIs." in text


@pytest.mark.parametrize(
    ("address", "sound"),
    [
        ("ana@acme.example", True),
        ("Ana Ruiz <ana@mail.acme.example>", True),
        ("ana@otra.example", False),
        ("ana", False),
        ("ana@acme", False),
        ("a b@acme.example", False),
        ("ana@acme.example\nBcc: x@acme.example", False),
    ],
)
def test_addresses_are_checked(tmp_path: Path, address: str, sound: bool) -> None:
    """An address must look like one, lie in an allowed domain, and hold no line break."""
    settings = replace(SMALL.settings, values={"allowed_domains": "acme.example"})
    control = replace(SMALL, settings=settings, recipients=(Recipient("acme", (address,)),))
    _, faults = read_control(written(tmp_path, control), CATALOGUE)
    assert (faults == ()) is sound


SETTINGS = [
    ("Idioma", "francés", "'francés' is not one of the choices."),
    ("Moneda", "dólares", "'dólares' does not fit here. Write the three letters"),
    ("Configuración regional", "Ecuador", "'Ecuador' does not fit here. Write language and country"),
    ("El año fiscal empieza en el mes", 13, "'13' does not fit here. Write the number of the month"),
    ("Empresa", None, "The setting Company is blank."),
]


@pytest.mark.parametrize(("name", "value", "expected"), SETTINGS)
def test_settings_are_checked(tmp_path: Path, name: str, value: Any, expected: str) -> None:
    """A setting that does not fit says what would; without a company there is no report."""

    def change(book: Any) -> None:
        for row in book["Ajustes"].iter_rows(min_row=7):
            if row[0].value == name:
                row[1].value = value

    assert expected in told(changed(tmp_path, change)[1])


def test_a_target_twice_for_one_month_is_told(tmp_path: Path) -> None:
    """Two rows for one KPI, unit and month cannot both hold."""
    twice = (*SMALL.targets, Target("mql_count", "acme", date(2026, 1, 1), 95.0, tolerance=0.1))
    text = told(read_control(written(tmp_path, replace(SMALL, targets=twice)), CATALOGUE)[1])
    assert "Metas!F8: There is a second target for this month: see F6." in text


def test_a_kpi_without_a_source_is_told(tmp_path: Path) -> None:
    """A chosen KPI whose rows come from nowhere would be empty in every report."""
    _, faults = changed(tmp_path, put("Indicadores", "KPI", "return_rate", row=2))
    assert "return_rate reads the dataset invoices (Invoices), which no source gives." in told(faults)


def test_formulas_of_own_kpis_may_use_further_columns(tmp_path: Path) -> None:
    """A column beyond the standard ones is welcome where a formula needs it, and a typing error elsewhere."""
    needs = own("por_region", 'COUNTIF(region, "Costa")', dataset="leads", date_column="mql_date")
    source = replace(SMALL.sources[0], columns={**SMALL.sources[0].columns, "region": "Región"})
    _, faults = read_control(written(tmp_path, replace(SMALL, sources=(source,), own=(needs,))), CATALOGUE)
    assert not [fault for fault in faults if fault.severity is Severity.ERROR], told(faults)


def test_the_file_itself_is_never_changed_by_reading(tmp_path: Path) -> None:
    """Reading leaves the workbook as it is."""
    path = written(tmp_path)
    before = path.read_bytes()
    read_control(path, CATALOGUE)
    assert path.read_bytes() == before
    assert load_workbook(path).sheetnames[1] == "Ajustes"


def test_a_sheet_under_another_name_is_an_error(tmp_path: Path) -> None:
    """Targets on a sheet that was renamed would all be lost: the run waits until it has its name back."""

    def rename(book: Any) -> None:
        book["Metas"].title = "Objetivos 2026"

    _, faults = changed(tmp_path, rename)
    (fault,) = [fault for fault in faults if "no sheet Targets" in str(fault)]
    assert fault.severity is Severity.ERROR
    assert "The sheet Objetivos 2026 has its headers: give it this name back." in str(fault)


def test_signs_that_nobody_sees_do_not_count(tmp_path: Path) -> None:
    """An id copied from a web page, with a zero-width blank behind it, is the id."""
    _, faults = changed(tmp_path, put("Indicadores", "KPI", "\u00a0mql_count\u200b"))
    assert "There is no KPI" not in told(faults)


def test_a_zip_of_a_later_version_is_told(tmp_path: Path) -> None:
    """One damaged byte can claim a version of zip that nobody knows: a sentence, no traceback."""
    path = tmp_path / "kpi.xlsx"
    Workbook().save(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 255  # the version needed to unpack the first part
    path.write_bytes(data)
    assert "This is not an Excel workbook" in told(read_control(path, CATALOGUE)[1])
