"""A scorecard as some of its readers may see it: in their language, and nothing in it tells of another KPI."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from kpi_excel.display import locale_of
from kpi_excel.mail.recipients import Edition
from kpi_excel.messages import Bilingual, say
from kpi_excel.model import Card, Definition, Scorecard, Settings, SmartLetter, Value
from kpi_excel.report import file_name

EDITIONS = "editions"  # the folder beside the units' own workbooks


def edited(scorecard: Scorecard, edition: Edition) -> Scorecard:
    """The scorecard of an edition."""
    spoken = replace(scorecard, settings=_in_language(scorecard.settings, edition.language))
    return _limited(spoken, frozenset(edition.kpis)) if edition.kpis else spoken


def edition_file(scorecard: Scorecard, edition: Edition) -> str:
    """The file of an edition: that of the unit's workbook, with what tells it from the others."""
    name = PurePath(file_name(scorecard.settings, scorecard.unit, scorecard.period))
    mark = hashlib.sha256("\0".join((edition.unit, *edition.kpis)).encode()).hexdigest()[:8]
    return f"{name.stem} {edition.language}-{mark}{name.suffix}"


def _in_language(settings: Settings, language: str) -> Settings:
    """Numbers are written as the readers of that language write them, in the same country where that is known."""
    if language == settings.language:
        return settings
    country = locale_of(settings).territory
    return replace(settings, language=language, locale=f"{language}_{country}" if country else language)


def _limited(scorecard: Scorecard, kpis: frozenset[str]) -> Scorecard:
    """These KPIs alone, with the sources behind them and the actions that concern nothing else."""
    secret = [card for card in scorecard.cards if card.definition.id not in kpis]
    hidden = [card.definition for card in secret]
    figures = {point.value for card in secret for point in card.series}
    language = scorecard.settings.language
    cards = tuple(_discreet(card, hidden, figures, language) for card in scorecard.cards if card.definition.id in kpis)
    sources = {source for card in cards for source in card.sources}
    return replace(
        scorecard,
        cards=cards,
        actions=tuple(
            action
            for action in scorecard.actions
            if action.kpis and kpis.issuperset(action.kpis) and not _tells(action.words, hidden, language)
        ),
        faults=(),
        reports=tuple(report for report in scorecard.reports if report.source in sources),
    )


def _discreet(card: Card, hidden: list[Definition], figures: set[Value], language: str) -> Card:
    """A card whose evidence names no hidden KPI; where an input is a hidden figure, the value stands without inputs."""
    smart = tuple(_discreet_letter(letter, hidden, language) for letter in card.smart)
    parts = [*card.measurement.parts, *(part for point in card.series for part in point.parts)]
    told = any(definition.id in part.text for part in parts for definition in hidden)
    if not told and all(part.value not in figures for part in parts):
        return replace(card, smart=smart)
    series = tuple(replace(point, parts=()) for point in card.series)
    return replace(card, smart=smart, series=series, measurement=replace(card.measurement, parts=()))


def _discreet_letter(letter: SmartLetter, hidden: list[Definition], language: str) -> SmartLetter:
    if not _tells(letter.evidence, hidden, language):
        return letter
    return replace(letter, evidence=say("The evidence is about a KPI that this edition does not hold."), findings=())


def _tells(words: Bilingual, hidden: list[Definition], language: str) -> bool:
    """Whether a sentence names a hidden KPI."""
    text = words.to(language).casefold()
    return any(name.casefold() in text for definition in hidden for name in _names(definition, language))


def _names(definition: Definition, language: str) -> Iterator[str]:
    yield definition.id
    yield definition.name.to(language)
