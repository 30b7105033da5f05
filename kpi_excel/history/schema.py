"""The tables of the history, for SQLite and PostgreSQL alike.

Dates and times are ISO texts, so that the standard library's sqlite3 reads them as they are (``reader.py``).
A figure's value is NULL where there is none, and ``reason`` says why.
"""

from sqlalchemy import Column, Float, ForeignKey, Integer, MetaData, Table, Text

VERSION = 1

metadata = MetaData()

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("period", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("program", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("exit_status", Integer, nullable=False),
)

definitions = Table(
    "definitions",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("name_es", Text, nullable=False),
    Column("meaning_en", Text, nullable=False),
    Column("meaning_es", Text, nullable=False),
    Column("formula", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("direction", Text, nullable=False),
)

units = Table(
    "units",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("parent", Text, nullable=False),
)

# The newest figure of KPI × unit × period. `start` orders the periods of one series.
figures = Table(
    "figures",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("start", Text, nullable=False),
    Column("value", Float),
    Column("reason", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("completeness", Float),
    Column("target", Float),
    Column("low", Float),
    Column("high", Float),
    Column("tolerance", Float),
    Column("status", Text, nullable=False),
    Column("smart", Text, nullable=False),  # "S:pass M:warn A:fail R:not_checkable T:pass", "" before a review
    Column("definition_hash", Text, nullable=False),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("recorded_at", Text, nullable=False),
)

restatements = Table(
    "restatements",
    metadata,
    Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("kpi", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("before", Float),
    Column("before_reason", Text, nullable=False),
    Column("now", Float),
    Column("now_reason", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),  # when the earlier figure was recorded
)

comments = Table(
    "comments",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("taken_at", Text, nullable=False),
)

acceptances = Table(
    "acceptances",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("on", Text, nullable=False),
)

probabilities = Table(
    "probabilities",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),  # in which it was issued
    Column("due", Text, primary_key=True),  # the period it speaks of
    Column("target", Float, nullable=False),
    Column("probability", Float, nullable=False),
    Column("method", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("attained", Integer),  # 1, 0, or NULL while it is open
)

interventions = Table(
    "interventions",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("state", Text, nullable=False),  # "evaluated", "fired", "not_evaluated"
    Column("why", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("due", Text, nullable=False),
    Column("done", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)

# What people typed about a rule that fired in a period.
notes = Table(
    "notes",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("done", Text, nullable=False),
    Column("came", Text, nullable=False),
    Column("taken_at", Text, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("period", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("workbook", Text, nullable=False),  # its file name
    Column("workbook_hash", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # "prepared", "sending", "sent", "failed", "unknowable"
    Column("correction", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("prepared_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
)
