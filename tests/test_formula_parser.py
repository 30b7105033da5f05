"""The grammar: what is read, how it is written again, and how everything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.faults import KpiExcelError
from kpi_excel.formula import (
    Binary,
    Boolean,
    Call,
    FormulaError,
    Name,
    Number,
    Percent,
    Text,
    Unary,
    evaluate,
    parse,
    parse_row,
    unparse,
)

NAMES = st.sampled_from(["revenue", "net_amount", "año", "x1", "net amount"]).map(Name)
NUMBERS = st.one_of(
    st.integers(0, 10**15).map(float), st.floats(0, 1e300, allow_nan=False), st.sampled_from([0.1, 195.9964, 1e-7])
).map(Number)
CRITERIA = st.one_of(st.sampled_from([">=9", "won", '<>say "no"', "a*", ""]).map(Text), NUMBERS, st.just(Boolean(True)))
AGGREGATES = st.one_of(
    st.builds(lambda name: Call("SUM", (name,)), NAMES),
    st.builds(lambda name: Call("COUNTA", (Call("UNIQUE", (name,)),)), NAMES),
    st.builds(lambda name, test: Call("COUNTIFS", (name, test)), NAMES, CRITERIA),
    st.builds(
        lambda name, other, test: Call("CLOSING", (Call("SUMIFS", (name, other, test)),)), NAMES, NAMES, CRITERIA
    ),
    st.builds(lambda name: Call("PREVIOUS", (Call("YTD", (name,)),)), NAMES),
)


def larger(inner):
    """Trees one level above these."""
    condition = st.builds(Binary, st.sampled_from(["<", ">=", "=", "<>"]), inner, inner)
    return st.one_of(
        st.builds(Unary, st.sampled_from("+-"), inner),
        st.builds(Percent, inner),
        st.builds(Binary, st.sampled_from("+-*/^"), inner, inner),
        st.builds(lambda test, a, b: Call("IF", (test, a, b)), condition, inner, inner),
        st.builds(lambda a, b: Call("MAX", (a, b)), inner, inner),
    )


TREES = st.recursive(st.one_of(NUMBERS, NAMES, AGGREGATES), larger, max_leaves=12)


@given(TREES)
def test_what_is_written_is_read_again(tree):
    """A formula's canonical text means exactly the same formula, brackets and all."""
    assert parse(unparse(tree)) == tree
    assert unparse(parse(unparse(tree))) == unparse(tree)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("-2^2", 4),
        ("2^3^2", 64),
        ("2^-1", 0.5),
        ("-5%", -0.05),
        ("2^3%", 2**0.03),
        ("50%%", 0.005),
        ("10-4-3", 3),
        ("24/4/2", 3),
        ("1+2*3", 7),
        ("=(1+2)*3", 9),
        (" = 1 - -1 ", 2),
        ("1--1", 2),
        ("--3", 3),
        (".5+1.", 1.5),
        ("1.5e2", 150),
        ("max(2,3)", 3),
    ],
)
def test_precedence_is_that_of_excel(formula, value):
    """Signs bind tighter than powers, powers go from left to right, as in Excel."""
    assert evaluate(parse(formula), {}) == pytest.approx(value)


def test_names_have_no_case_and_may_have_accents():
    """Net_Amount and net_amount are one column; accents count, however they are composed."""
    assert parse("SUM(Net_Amount)") == parse("sum(NET_AMOUNT)")
    assert parse("SUM(an\u0303o)") == parse("SUM(año)")
    assert parse("SUM([Net Amount])") == Call("SUM", (Name("net amount"),))


def test_distinct_is_a_short_word_for_what_excel_says_in_two():
    """DISTINCT(x) is COUNTA(UNIQUE(x))."""
    assert parse("DISTINCT(customer_id)") == parse("COUNTA(UNIQUE(customer_id))")


REFUSALS = [
    ("", 1, "no formula"),
    ("=", 2, "no formula"),
    ("SUM(a;b)", 6, "Write a comma"),
    ("SUMA(a)", 1, "Write SUM"),
    ("contar.si(a,1)", 1, "Write COUNTIF"),
    ("SUMM(a)", 1, "Did you mean SUM"),
    ("COUNTIFF(a, 1)", 1, "COUNTIF"),
    ("(a", 1, "never closed"),
    ("1 + SUM(a", 8, "never closed"),
    ("a)", 2, "closes nothing"),
    ("()", 2, "nothing between"),
    ("SUM()", 1, "wrong number of arguments"),
    ("SUM(a, b)", 1, "SUM(column)"),
    ("COUNTIF(a)", 1, 'COUNTIF(column, ">=9")'),
    ("COUNTIFS(a, 1, b)", 1, "criterion for each column"),
    ("SUM(a,)", 7, "argument is missing"),
    ("a +", 4, "ends where a value belongs"),
    ("a * / b", 5, "not /"),
    ("a b", 3, "operator is missing"),
    ("2a", 1, "begin with a digit"),
    ("1,5 * a", 2, "with a point"),
    ("(1,5)", 3, "with a point"),
    ("COUNTIF(a, “won”)", 12, "straight double quotes"),
    ("COUNTIF(a, 'won')", 12, "straight double quotes"),
    ('COUNTIF(a, "won)', 12, "never closed"),
    ('SUM(a) + "1"', 10, "a text stands where a number belongs"),
    ('SUM("a")', 5, "without quotes"),
    ("TRUE + 1", 1, "TRUE or FALSE"),
    ("SUM(COUNT(a))", 5, "an aggregate stands inside another"),
    ("CLOSING(CLOSING(SUM(a)))", 9, "one aggregate"),
    ("CLOSING(a)", 9, "CLOSING(SUM(column))"),
    ("SUM(a * b)", 5, "derived column"),
    ("a > b", 1, "outside a condition"),
    ("SUM(a) & SUM(b)", 1, "joins texts"),
    ("AND(a > 1)", 1, "is a condition"),
    ("COUNTIF(a, b)", 12, "criterion of COUNTIF"),
    ("COUNTIF(a, >9)", 12, "not >"),
    ('COUNTIF(a, ">")', 12, "missing behind"),
    ('COUNTIF(a, ">=01/02/2026")', 12, "year-month-day"),
    ("PREVIOUS(a - b)", 10, "id of a KPI"),
    ("UNIQUE(a)", 1, "COUNTA(UNIQUE(column))"),
    ("LEFT(a, 1)", 1, "derived columns"),
    ("ROUND(a, b)", 10, "whole number"),
    ("SUM(A2:A500)", 7, "named columns"),
    ("Sheet1!A1", 7, "named columns"),
    ("SUM($A$1)", 5, "named columns"),
    ("a == b", 3, "Write = "),
    ("a != b", 3, "Write <> "),
    ("a ** 2", 3, "Write ^ "),
    ("IF(a ≥ 1, 1, 0)", 6, "Write >= "),
    ("a × b", 3, "Write * "),
    ("a.b", 1, "contains a dot"),
    ("1e999", 1, "too large"),
    ("a # b", 3, "no meaning"),
    ("(" * 100 + "1" + ")" * 100, 65, "64 levels"),
    ("-" * 100 + "1", 65, "64 levels"),
    ("+".join(["a"] * 500), 402, "200 operators"),
    ("a" * 9000, 8193, "9000 characters"),
]


@pytest.mark.parametrize(("formula", "at", "said"), REFUSALS)
def test_a_refusal_says_what_where_and_what_would_be_right(formula, at, said):
    """Each mistake has a sentence of its own, with the character at which it stands."""
    with pytest.raises(FormulaError) as refused:
        parse(formula)
    assert refused.value.at == at
    assert said in str(refused.value)
    assert isinstance(refused.value, KpiExcelError)


def test_a_refusal_speaks_spanish():
    """The same sentence in Spanish, hint included."""
    with pytest.raises(FormulaError) as refused:
        parse("SUMA(a)")
    assert refused.value.faults[0].to("es") == (
        "Fórmula, carácter 1: SUMA es el nombre de una función en español. "
        "Escriba SUM(a) (los archivos de Excel guardan los nombres en inglés, comas entre argumentos y decimales con "
        "punto)."
    )


@given(st.text(alphabet='abS(){}[]",;=<>+-*/^%&#!$:.?~ 019\n\t"“é\x00\ud7ff', max_size=60))
def test_no_text_whatever_breaks_the_parser(text):
    """Hostile text is refused in words, or read; nothing else happens."""
    refused = []
    for read in (parse, parse_row):
        try:
            tree = read(text)
        except FormulaError as error:
            refused.append(error.at)
        else:
            assert read(unparse(tree)) == tree
    assert all(1 <= at <= len(text) + 1 for at in refused)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("SUM(a)", "many rows"),
        ("PREVIOUS(a)", "many rows"),
        ("MAX(a)", "many rows"),
        ("IF(a > 1, 2)", "wrong number"),
    ],
)
def test_a_row_formula_looks_at_its_own_row_only(formula, said):
    """A derived column or filter has no aggregates; that is said."""
    with pytest.raises(FormulaError, match=said):
        parse_row(formula)


@pytest.mark.parametrize(
    ("typed", "english"),
    [
        ("SUMA(a)/SUMA(b)*0,5", "SUM(a)/SUM(b)*0.5"),
        ('CONTAR.SI.CONJUNTO(a;">=9";b;"x;y")', 'COUNTIFS(a,">=9",b,"x;y")'),
        ("SI.ERROR(SUMA(a)/SUMA(b);0)", "IFERROR(SUM(a)/SUM(b),0)"),
        ("REDONDEAR(a*1,5;2)", "ROUND(a*1.5,2)"),
        ("Mín(a;1,5)", "MIN(a,1.5)"),
        ("CONTARA(ÚNICOS(a))", "COUNTA(UNIQUE(a))"),
    ],
)
def test_a_formula_of_a_spanish_excel_is_answered_with_the_english_one(typed: str, english: str) -> None:
    """Spanish names, semicolons and decimal commas: one error, and it says the whole formula as it must be written."""
    with pytest.raises(FormulaError) as refused:
        parse(typed)
    assert f"Write {english}" in str(refused.value)
    parse(english)


def test_where_no_reading_is_right_the_first_fault_is_told() -> None:
    """A formula that is wrong in English too keeps its own error."""
    with pytest.raises(FormulaError, match="cell addresses"):
        parse("SUMA(A2:A9)")


@pytest.mark.parametrize("criterion", [">=0,5", "<1.234,5", ">1,234.5", "<=1.234.567", "<-0,5 %"])
def test_a_number_that_countries_read_differently_is_refused(criterion: str) -> None:
    """A text such as ">=0,5" would be compared as a text, and count nothing without a word."""
    with pytest.raises(FormulaError, match="country to country"):
        parse(f'COUNTIF(a, "{criterion}")')


@pytest.mark.parametrize("criterion", [">=0.5", ">=0.125", ">abc", "1,5", ">=2026-01-31", ">5"])
def test_a_number_with_a_point_and_any_text_are_taken(criterion: str) -> None:
    """Only what two countries read differently is refused; equality with such a text may be meant."""
    parse(f'COUNTIF(a, "{criterion}")')
