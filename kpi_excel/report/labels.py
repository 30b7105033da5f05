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
    "comment_hint": say("Type here; next month it is shown as last month's comment."),
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
    "kind_intervention": say("Intervention"),
    "kind_conflict": say("Conflict"),
    "kind_acceptance": say("Acceptance"),
    "kind_jungle": say("Too many KPIs"),
    "kind_data": say("Data"),
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
