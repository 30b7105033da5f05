"""Delivery: the right workbook to the right person, once. Nothing of it is built yet (see CHANGELOG.md)."""
