# ruff: noqa: D103
"""Messages that are built ahead, in processes of their own."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mail_parts import project

from kpi_excel.faults import KpiExcelError
from kpi_excel.mail import building
from kpi_excel.mail.building import Job, built_ahead
from kpi_excel.mail.compose import Composer
from kpi_excel.model import Recipient

AT = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def jobs(tmp_path):
    made, _ = project(tmp_path, Recipient("sales", tuple(f"r{n}@example.com" for n in range(12))))
    return [Job(letter, AT) for letter in made]


@pytest.fixture
def composer(tmp_path):
    return Composer(tmp_path / "mail", "kpi@example.com")


@pytest.fixture
def builders(monkeypatch):
    """Two processes from the first message on; they are remembered."""
    monkeypatch.setattr(building, "FEWEST", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    started, real = [], building._Builder

    def start(composer):
        started.append(real(composer))
        return started[-1]

    monkeypatch.setattr(building, "_Builder", start)
    return started


def test_they_come_in_order_and_are_what_one_process_builds(jobs, composer, builders):
    """Byte for byte the same messages, whoever builds them."""
    alone = [composer.compose(job.letter, job.at) for job in jobs]
    assert list(built_ahead(jobs, len(jobs), composer)) == alone
    assert len(builders) == 2


def test_no_more_are_in_memory_than_twice_the_processes(jobs, composer, builders):
    """Ten thousand messages do not lie in memory because the server is slow."""
    taken = []
    messages = built_ahead((taken.append(job) or job for job in jobs), len(jobs), composer)
    next(messages)
    assert len(taken) == 4
    messages.close()


def test_a_builder_that_dies_costs_no_message(jobs, composer, builders):
    """What it had in hand is built in the process that sends."""
    messages = built_ahead(jobs, len(jobs), composer)
    first = next(messages)
    builders[0].process.kill()
    assert [parcel.recipient for parcel in (first, *messages)] == [job.letter.address for job in jobs]


def test_no_builder_outlives_the_sending(jobs, composer, builders):
    """Whether it ends or is given up in the middle, its processes are gone."""
    messages = built_ahead(jobs, len(jobs), composer)
    next(messages)
    messages.close()
    assert all(builder.process.poll() is not None for builder in builders)


def test_builders_end_with_a_parent_that_is_killed(tmp_path, composer, jobs):
    """The end of their input ends them."""
    builder = building._Builder(composer)
    assert builder.build(jobs[0]).recipient == jobs[0].letter.address
    builder._input.close()
    end = time.monotonic() + 30
    while builder.process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    assert builder.process.poll() == 0
    builder.process.stdout.close()


def test_a_message_that_cannot_be_built_is_told_in_its_place(jobs, composer, builders):
    """A workbook that is gone stops its own message, and none of the others."""
    Path(jobs[0].letter.workbook).unlink()
    built = list(built_ahead(jobs, len(jobs), composer))
    assert all(isinstance(each, KpiExcelError) for each in built)
    assert "missing" in str(built[0])


def test_nothing_is_imported_from_the_folder_we_stand_in(tmp_path, jobs, composer, monkeypatch):
    """A pickle.py that lies in a shared folder is not run by sending from there."""
    (tmp_path / "pickle.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    builder = building._Builder(composer)
    try:
        assert builder.build(jobs[0]) == composer.compose(jobs[0].letter, AT)
    finally:
        builder.close()
