"""The fixed words of the report, by the name that a template gives them: ``{{ t.value }}``."""

from collections.abc import Mapping

from kpi_excel.messages import Message, say
from kpi_excel.model import Direction, Verdict

SHEETS: Mapping[str, Message] = {
    "summary": say("Summary"),
    "actions": say("Actions"),
    "data": say("Data"),
    "method": say("Method"),
}

LABELS: Mapping[str, Message] = {
    "summary": say("Summary"),
    "kpi": say("KPI"),
    "value": say("Value"),
    "target": say("Target"),
    "status": say("Status"),
    "change": say("vs. previous"),
    "year_ago": say("vs. year ago"),
    "trend": say("13 months"),
    "trend_title": say("Trend and target"),
    "attainment": say("Attainment"),
    "gap": say("To target"),
    "tolerance": say("Tolerance"),
    "low": say("From"),
    "high": say("To"),
    "owner": say("Owner"),
    "unit": say("Unit"),
    "period": say("Period"),
    "year_to_date": say("Year to date"),
    "rolling_year": say("Last twelve months"),
    "previous": say("Previous period"),
    "same_last_year": say("Year before"),
    "inputs": say("What it is made of"),
    "input": say("Input"),
    "formula": say("Formula"),
    "definition": say("Definition"),
    "meaning": say("What it tells"),
    "purpose": say("Purpose"),
    "competing": say("Other definitions"),
    "authority": say("Authority"),
    "source": say("Source"),
    "sources": say("Sources"),
    "files": say("Files"),
    "rows": say("Rows"),
    "rejected": say("Not readable"),
    "newest": say("Newest row"),
    "completeness": say("Rows that could be read"),
    "smart": say("SMART"),
    "verdict": say("Verdict"),
    "evidence": say("Evidence"),
    "signal": say("Signal or noise"),
    "outlook": say("Outlook"),
    "comment": say("Your comment"),
    "comment_hint": say("Type into the box below; next month it is shown as last month's comment."),
    "last_comment": say("Last month's comment"),
    "breakdown": say("By unit"),
    "actions": say("Actions"),
    "action": say("What to do"),
    "due": say("Due"),
    "kind": say("Kind"),
    "severity": say("Urgency"),
    "data": say("Data"),
    "method": say("Method"),
    "restatements": say("Figures of closed months that have changed"),
    "before": say("Before"),
    "now": say("Now"),
    "faults": say("What was wrong with the input"),
    "made_at": say("Made"),
    "page": say("Page"),
    "of": say("of"),
    "direction": say("Better is"),
    "on_target": say("on target"),
    "near_target": say("near target"),
    "off_target": say("off target"),
    "no_target": say("no target"),
    "no_data": say("no data"),
    "unit_words": say("Unit"),
    "variance": say("Variance"),
    "no_target_yet": say("no target"),
    "reach": say("Distance"),
    "vs_target": say("vs. target"),
    "how_calculated": say("How it is calculated"),
    "result": say("Result"),
    "trend_table": say("Thirteen months"),
    "earlier": say("Earlier definition"),
    "limits": say("Usual range"),
    "forecast": say("Forecast"),
    "definition_changed": say("Definition changed in"),
    "rows_read": say("rows"),
    "complete": say("readable"),
    "to_do": say("What to do first"),
    "all_actions": say("All actions"),
    "nothing_to_do": say("Nothing needs a decision."),
    "about": say("KPI"),
    "why_and_what": say("What and why"),
    "done": say("What was done"),
    "came": say("What came of it"),
    "done_hint": say("Type into the tinted cells; the next report shows it again."),
    "low_edge": say("Lower edge"),
    "high_edge": say("Upper edge"),
    "oldest": say("Oldest row"),
    "complete_until": say("Complete until"),
    "readable": say("Readable"),
    "fingerprint": say("Fingerprint"),
    "dataset": say("Dataset"),
    "definitions": say("Definitions"),
    "version": say("Version"),
    "changed": say("Changed in"),
    "hash": say("Mark"),
    "how_to_read": say("How to read this report"),
    "recorded": say("Reported on"),
    "produced": say("Produced"),
    "run": say("run"),
    "nothing_restated": say("None."),
    "no_faults": say("Nothing."),
    "aggregates": say("Made of"),
    "month": say("First day"),
    "id": say("Id"),
    "name": say("Name"),
    "reading": say(
        "✔ on target   ▲ near: misses the target by no more than its tolerance   ✖ off target   – no target   "
        "? no data\n"
        "The bar shows how far a value is from its target: right is better, left is worse, whatever the KPI. "
        "Small columns: thirteen months from zero, the last one in colour. "
        "A change inside the usual range is chance: nobody needs to explain it. "
        "SMART: specific, measurable, accepted, realistic, time-bound."
    ),
    "typed_cells": say("Tinted cells are yours: change a target or its tolerance and the colours follow."),
    "kind_intervention": say("Interventions"),
    "kind_conflict": say("Conflicts of aims"),
    "kind_target": say("Off target"),
    "kind_acceptance": say("Acceptances"),
    "kind_jungle": say("Too many KPIs"),
    "kind_data": say("Data that is missing or wrong"),
    "method_status": say(
        "On target: the value reaches the target. Near target: it misses it by no more than the tolerance. "
        "Off target: by more. Change a target on a KPI's sheet and every colour follows."
    ),
    "method_rollup": say(
        "A wider unit or a longer period is computed again from the rows; rates are never averaged. "
        "Percentages are compared in percentage points."
    ),
    "method_signal": say(
        "A change is called a signal when it breaks the limits of a process chart (XmR: mean ± 2.66 times the mean "
        "moving range) or one of its run rules; otherwise it is noise, and nobody needs to explain it."
    ),
    "method_smart": say(
        "SMART is computed from the definitions, the sources, the recorded acceptances, the history and the dates; "
        "each verdict names its evidence."
    ),
}

DIRECTION_WORDS: Mapping[Direction, Message] = {
    Direction.UP: say("higher"),
    Direction.DOWN: say("lower"),
    Direction.BAND: say("inside the band"),
    Direction.NEUTRAL: say("neither"),
}
SMART_WORDS: Mapping[str, Message] = {
    "S": say("Specific"),
    "M": say("Measurable"),
    "A": say("Accepted"),
    "R": say("Realistic"),
    "T": say("Time-bound"),
}
VERDICT_WORDS: Mapping[Verdict, Message] = {
    Verdict.PASS: say("met"),
    Verdict.WARN: say("with reservations"),
    Verdict.FAIL: say("not met"),
    Verdict.NOT_CHECKABLE: say("not checkable"),
}
SEVERITY_WORDS: Mapping[str, Message] = {
    "urgent": say("urgent"),
    "warn": say("soon"),
    "info": say("to know"),
}
SIGNAL_WORDS: Mapping[str, Message] = {
    "noise": say("usual variation"),
    "better": say("signal: better"),
    "worse": say("signal: worse"),
    "signal": say("signal"),
    "not_checkable": say("too few points"),
}
