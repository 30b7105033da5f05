"""A scorecard as some of its readers may see it: in their language, and nothing in it tells of another KPI or sheet."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from kpi_excel.display import locale_of
from kpi_excel.mail.recipients import Edition
from kpi_excel.messages import Bilingual, say
from kpi_excel.model import Card, Definition, Scorecard, Settings, SmartLetter, Value
from kpi_excel.report import SHEETS, file_name
from kpi_excel.run.digest import digest

LANGUAGES = ("en", "es")
EDITIONS = "editions"  # the folder beside the units' own workbooks


def edited(scorecard: Scorecard, edition: Edition) -> Scorecard:
    """The scorecard of an edition."""
    spoken = replace(scorecard, settings=_in_language(scorecard.settings, edition.language))
    return _limited(spoken, frozenset(edition.kpis)) if edition.kpis else spoken


def edition_file(scorecard: Scorecard, edition: Edition) -> str:
    """The file of an edition: that of the unit's workbook, with what tells it from the others."""
    name = PurePath(file_name(scorecard.settings, scorecard.unit, scorecard.period))
    parts = (edition.unit, *edition.kpis, *(f"!{sheet}" for sheet in edition.sheets))
    mark = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{name.stem} {edition.language}-{mark}{name.suffix}"


def tabs_of(edition: Edition, told: Mapping[str, Any], chosen: Collection[str]) -> tuple[str, ...]:
    """The tabs that an edition of some sheets keeps, in the report that ``told`` is the context of.

    A sheet is named as on its tab, in either language, or by the id of the KPI that it is about; of the ``chosen``
    KPIs those that this unit does not have are passed over.
    """
    known = {kpi["id"]: kpi["sheet"] for kpi in told["kpis"]}
    known |= {
        SHEETS[name].to(language).casefold(): tab for name, tab in told["sheets"].items() for language in LANGUAGES
    }
    wanted = (sheet for sheet in edition.sheets if sheet in known or sheet not in chosen)
    return tuple(dict.fromkeys(known.get(sheet, sheet) for sheet in wanted))


def message_of(scorecard: Scorecard, told: Mapping[str, Any], tabs: Collection[str] | None) -> dict[str, Any]:
    """What the message tells: no KPI and no action of a sheet that the edition leaves out, unless the summary is in."""
    if tabs is None or told["sheets"]["summary"] in tabs:
        return digest(scorecard)
    pages = frozenset(kpi["id"] for kpi in told["kpis"] if kpi["sheet"] in tabs)
    less = _limited(scorecard, pages)
    card = digest(less if told["sheets"]["actions"] in tabs else replace(less, actions=()))
    headline = say("The sheets that you are listed for are attached.")
    return card if pages else card | {"headline": headline.to(scorecard.settings.language)}


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
