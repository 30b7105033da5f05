"""The design of the default report, sheet by sheet."""
