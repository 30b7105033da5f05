"""KPIs from Excel formulas: in the sheet, in the month-end workbook, in the mailbox."""

__version__ = "0.1.0"
