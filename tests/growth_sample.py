"""The grown sample: one designed sheet with all that can stand around a loop, and its data (also drawn in docs)."""

import io

import xlsxwriter

BELOW = {"total": 7, "by_name": 8, "by_table": 9}  # rows of the template that sum the loop's row
BREAK, PRINTED = 27, 29  # the page break below the drawings, and the last row that is printed
HEADS = ("Customer", "Quantity", "Price", "Amount", "Reached", "Trend")


def designed() -> bytes:
    """The template: row 4 repeats in a table, row 5 holds its totals, everything else stands below."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("Orders")
    bold, amount, share = (book.add_format(each) for each in (
        {"bold": True, "font_size": 16}, {"num_format": "#,##0"}, {"num_format": "0%"}))  # fmt: skip
    sheet.set_column("A:I", 9)
    sheet.set_paper(9)
    sheet.write("A1", "Orders of {{ unit }}", bold)
    sheet.add_table("A3:F5", {"name": "Sold", "total_row": True, "style": "Table Style Light 9", "columns": [
        {"header": "Customer", "total_string": "Total"}, {"header": "Quantity", "total_function": "sum"},
        {"header": "Price"}, {"header": "Amount", "formula": "=[@Quantity]*[@Price]", "total_function": "sum"},
        {"header": "Reached"}, {"header": "Trend"}]})  # fmt: skip
    sheet.write_row("A3", HEADS, book.add_format({"bold": True, "bottom": 1}))
    sheet.write_row("A4", ["{% for o in orders %}{{ o.name }}", "{{ o.quantity }}", "{{ o.price }}"])
    sheet.write_formula("D4", "=B4*C4", amount)
    sheet.write_formula("B5", "=SUBTOTAL(109,Sold[Quantity])")  # as Excel spells it
    sheet.write_formula("D5", "=SUBTOTAL(109,Sold[Amount])", amount)
    sheet.write("E4", "{{ o.reached }}", share)
    sheet.write_row("G4", ["{{ o.months[0] }}", "{{ o.months[1] }}", "{{ o.months[2] }}{% endfor %}"])
    sheet.add_sparkline("F4", {"range": "Orders!G4:I4"})
    sheet.conditional_format("E4", {"type": "cell", "criteria": "<", "value": 0.5,
                                    "format": book.add_format({"font_color": "#C00000"})})  # fmt: skip
    sheet.conditional_format("D4", {"type": "data_bar", "data_bar_2010": True, "bar_color": "#9DC3E6"})
    book.define_name("Amounts", "=Orders!$D$4:$D$4")
    for (name, row), text in zip(BELOW.items(), ("=SUM(D4:D4)", "=SUM(Amounts)", "=SUM(Sold[Amount])"), strict=True):
        sheet.write(row - 1, 0, name.replace("_", " "))
        sheet.write_formula(row - 1, 3, text, amount)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"name": "Amount", "values": "=Orders!$D$4:$D$4", "categories": "=Orders!$A$4:$A$4"})
    chart.set_legend({"none": True})
    sheet.insert_chart("A12", chart, {"object_position": 2, "x_scale": 0.75, "y_scale": 0.95})
    sheet.write(f"A{PRINTED}", "Amounts without tax.")
    sheet.insert_textbox("G12", "Amounts of {{ unit }}, in dollars", {"width": 170, "height": 60})
    sheet.insert_image("G17", "logo.png", {"image_data": logo(), "description": "Logo"})
    sheet.set_h_pagebreaks([BREAK])
    sheet.print_area(f"A1:I{PRINTED}")
    book.close()
    return stream.getvalue()


def logo() -> io.BytesIO:
    """A small picture."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (90, 60), "#1F4E79").save(stream, "PNG")
    return stream


def orders(count: int) -> dict[str, object]:
    """The data for so many rows."""
    rows = [
        {"name": f"Client {i}", "quantity": i * 7 % 23 + 1, "price": i % 5 + 2.5, "reached": i % 10 / 8,
         "months": [i % 4, i % 7, i % 3]}
        for i in range(1, count + 1)
    ]  # fmt: skip
    return {"unit": "Quito", "orders": rows}


def amounts(count: int) -> list[float]:
    """The amounts by plain arithmetic."""
    return [order["quantity"] * order["price"] for order in orders(count)["orders"]]  # type: ignore[attr-defined]
