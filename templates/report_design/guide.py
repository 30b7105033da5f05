"""A sheet for whoever changes the template; it is left out of every report."""

from xlsxwriter.worksheet import Worksheet

from report_design.look import Design, widths

GUIDE = (
    ("How to make this report your own / Cómo hacer suyo este informe", True),
    ("This sheet is only in the template; the finished reports do not have it.", False),
    ("Esta hoja solo está en la plantilla; los informes terminados no la llevan.", False),
    ("Colours / Colores", True),
    ("Page Layout > Colours: accent 1 is the company's, 2 good, 3 near, 4 off, 6 the cells to type into.", False),
    (
        "Diseño de página > Colores: énfasis 1 es el de la empresa, 2 bien, 3 cerca, 4 fuera, 6 celdas para escribir.",
        False,
    ),
    ("Or the settings of the control workbook. / O la configuración del libro de control.", False),
    ("Logo", True),
    ("Right click on the picture > Change Picture; or name a file in the settings of the control workbook.", False),
    (
        "Clic derecho en la imagen > Cambiar imagen; o nombre un archivo en la configuración del libro de control.",
        False,
    ),
    ("Texts, rows, columns / Textos, filas, columnas", True),
    ("Type over any text, move or hide columns. What stands in double braces is filled in; rows between", False),
    ("'for' and 'endfor' repeat. Check with: kpi-excel template check template.xlsx", False),
    ("Escriba encima de cualquier texto, mueva u oculte columnas. Lo que está entre llaves dobles se llena;", False),
    ("las filas entre 'for' y 'endfor' se repiten. Revise con: kpi-excel template check template.xlsx", False),
)


def guide(sheet: Worksheet, d: Design) -> None:
    """A sheet for those who change the template; it is left out of every report."""
    sheet.hide_gridlines(2)
    widths(sheet, A=2, B=120)
    sheet.write("A1", "{% sheet if false %}", d.look(font_color="#FFFFFF"))
    for row, (text, is_heading) in enumerate(GUIDE, start=2):
        sheet.write(f"B{row}", text, d.section() if is_heading else d.look())
