"""S, specific: the definition is complete, can be computed, says what it measures, and there is only one of it."""

import re
from collections.abc import Iterator

from kpi_excel import formula
from kpi_excel.faults import did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.model import Definition, NoValue, Reason, Verdict
from kpi_excel.review.normal import normal_form
from kpi_excel.review.request import Joined, Opinion, Subject, folded, number, people, tree
from kpi_excel.review.units import clash


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that say "better" without saying of what; a name made only of them and of empty words measures nothing.
VAGUE = _words(
    "better best good great improve improvement improved improving optimise optimize optimisation optimization "
    "enhance increase reduce boost maximise maximize minimise minimize excellence quality performance success "
    "mejor mejora mejorar mejorado bueno buena optimizar optimizacion aumentar aumento incrementar reducir "
    "potenciar maximizar minimizar excelencia calidad desempeno rendimiento exito"
)
STRIVING = _words(
    "better improve improving optimise optimize enhance boost maximise maximize minimise minimize "
    "mejorar optimizar potenciar maximizar minimizar"
)
EMPTY = _words(
    "the a an of in our and kpi indicator metric value number index total overall general various misc other "
    "el la los las de del en y nuestro nuestra indicador metrica valor numero indice varios varias otros"
)


def complete(subject: Subject) -> Opinion:
    """S1: every field of the definition is filled, and exactly one person owns it."""
    missing = tuple(_missing(subject))
    owners = people(subject.owner)
    if missing:
        return Verdict.FAIL, say("Not filled in: {names}.", names=Joined.of(missing))
    if len(owners) > 1:
        return Verdict.FAIL, say(
            "{count} people own it ({names}); one must.", count=len(owners), names=", ".join(owners)
        )
    return Verdict.PASS, say("Defined in full, owned by {owner}.", owner=owners[0])


def _missing(subject: Subject) -> Iterator[Message]:
    definition = subject.definition
    filled = (
        (say("name"), definition.name.en or definition.name.es),
        (say("meaning"), definition.meaning.en or definition.meaning.es),
        (say("formula"), definition.formula or definition.function),
        (say("unit"), definition.unit),
        (say("dataset"), definition.dataset or _without_rows(definition)),
        (say("date column"), definition.date_column or _without_rows(definition)),
        (say("purpose"), subject.card.chosen.purpose),
        (say("owner"), subject.owner),
    )
    yield from (name for name, value in filled if not str(value).strip())


def _without_rows(definition: Definition) -> str:
    """Something, where the definition reads no rows of its own: a composite, or a named function."""
    node = tree(definition.formula)
    return "-" if definition.function or (node is not None and not formula.aggregates(node)) else ""


def computable(subject: Subject) -> Opinion:
    """S2: the formula can be read, every name in it is known, and its units agree."""
    definition = subject.definition
    if not definition.formula:
        if definition.function:
            return Verdict.PASS, say("Computed by the named function {name}.", name=definition.function)
        return Verdict.FAIL, say("There is no formula.")
    try:
        node = formula.parse(definition.formula)
    except formula.FormulaError as error:
        return Verdict.FAIL, error.faults[0].message
    unknown = _unknown_name(subject, node)
    if unknown is not None:
        return Verdict.FAIL, unknown
    wrong = clash(definition, subject.request.definitions, subject.request.catalogue.datasets)
    if wrong is not None:
        return Verdict.FAIL, wrong
    return Verdict.PASS, say("Can be computed: {formula}.", formula=_short(definition.formula))


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"


def _unknown_name(subject: Subject, node: formula.Node) -> Message | None:
    """A sentence on the first name that is neither a column nor a KPI."""
    dataset = subject.request.catalogue.datasets.get(subject.definition.dataset)
    columns = {column.name for column in dataset.columns} if dataset else set()
    mapped = {
        name for s in subject.request.control.sources if s.dataset == subject.definition.dataset for name in s.columns
    }
    known = columns | {name.casefold() for name in mapped}
    for name in formula.columns(node):
        if known and name not in known:
            return _not_known(name, say("a column of {dataset}", dataset=subject.definition.dataset), known)
    definitions = subject.request.definitions
    for reference in formula.references(node):
        if reference.kpi not in definitions:
            return _not_known(reference.kpi, say("a KPI"), set(definitions))
    return None


def _not_known(name: str, what: Message, known: set[str]) -> Message:
    hint = did_you_mean(name, known)
    if hint is None:
        return say("{name} in the formula is not {what}.", name=name, what=what)
    return say("{name} in the formula is not {what}. {hint}", name=name, what=what, hint=hint)


def telling_name(subject: Subject) -> Opinion:
    """S3: the name is not vague, and names something that can be counted."""
    for name in (subject.definition.name.en, subject.definition.name.es):
        words = re.findall(r"[^\W_]+", folded(name))
        striving = next((word for word in words if word in STRIVING), None)
        if striving:
            text = 'The name "{name}" says what is wanted ("{word}"), not what is measured.'
            return Verdict.WARN, say(text, name=name, word=striving)
        if words and all(word in VAGUE | EMPTY for word in words):
            return Verdict.WARN, say('The name "{name}" does not say what is counted.', name=name)
    return Verdict.PASS, say("The name says what is measured.")


def only_one(subject: Subject) -> Opinion:
    """S4: no other KPI has the same formula over the same rows."""
    definition = subject.definition
    own = normal_form(definition)
    if own is None:
        return Verdict.NOT_CHECKABLE, say("Without a readable formula it cannot be compared with the others.")
    chosen = [card.definition for card in subject.request.cards]
    rivals = [*chosen, *subject.request.control.own]
    if any(mine.id == definition.id for mine in subject.request.control.own):
        rivals += subject.request.catalogue.definitions.values()
    for other in rivals:
        if other.id != definition.id and normal_form(other) == own:
            return Verdict.FAIL, say("{other} has the same formula over the same rows.", other=other.name)
    return Verdict.PASS, say("No other KPI has the same formula.")


def in_range(subject: Subject) -> Opinion:
    """S5: the value lies in the valid range."""
    definition, value = subject.definition, subject.measurement.value
    low, high = definition.valid_min, definition.valid_max
    bounds = _range_words(subject)
    if isinstance(value, NoValue) and value.reason is Reason.RANGE:
        return Verdict.FAIL, say(
            "The value {value} lies outside the valid range {range}.", value=value.detail, range=bounds
        )
    found = number(value)
    if found is None:
        return Verdict.NOT_CHECKABLE, say("There is no value to compare with the valid range.")
    slack = 1e-9 * max(1.0, abs(found))
    if (low is not None and found < low - slack) or (high is not None and found > high + slack):
        text = "The value {value} lies outside the valid range {range}."
        return Verdict.FAIL, say(text, value=subject.amount(found), range=bounds)
    return Verdict.PASS, say(
        "The value {value} lies in the valid range {range}.", value=subject.amount(found), range=bounds
    )


def _range_words(subject: Subject) -> str:
    low, high = subject.definition.valid_min, subject.definition.valid_max
    start = "−∞" if low is None else subject.amount(low)
    return f"{start} … {'∞' if high is None else subject.amount(high)}"


CHECKS = (("S1", complete), ("S2", computable), ("S3", telling_name), ("S4", only_one), ("S5", in_range))
