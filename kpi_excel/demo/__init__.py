"""A made-up but believable company: its exports with the faults that real ones have, and its control workbook.

Seeded: the same last month gives the same rows every time.
"""

from kpi_excel.demo.build import build_demo

__all__ = ["build_demo"]
