"""The template engine: a designer's workbook goes in, a filled one comes out, nothing is lost.

``Template(path).fill(context)`` lives in ``kpi_excel.workbook.template``; this package imports nothing by itself.
"""
