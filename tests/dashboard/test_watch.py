"""The audit that the dashboard has made when everything is counted."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import election.audit.auditor
from dashboard.data.final_audit import FinalAudit, say_found
from dashboard.data.watch import Watch
from dashboard.figures.view import Audited, Watched
from election.audit.report import Finding, Report
from election.model.errors import CannotLook
from election.platform.settings import Settings
from tests.conftest import wait_for
from tests.dashboard.staged import StagedLive

COMPLETE = Watched(
    database_problem=None,
    kafka_problem=None,
    election={"votes_expected": 3},
    record={"a": 3},
    tally={"a": 3},
    log_messages=3,
)
AGREES = Report(
    name="e",
    election="e",
    registered=5,
    candidates=(),
    locations=(),
    differences=(),
    lags=(),
    notes=(),
    rejected_by_reason={},
    size=3,
    root="",
)


SHORT = replace(AGREES, lags=(Finding("votes fewer are tallied in votes by location than votes_topic holds", 1),))


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Settled:
    """Gives these one after another, the last one again and again, and counts how often it was asked."""

    def __init__(self, *given: Report | Exception):
        self.given, self.asked = list(given), 0

    def __call__(self) -> Report:
        self.asked += 1
        answer = self.given.pop(0) if len(self.given) > 1 else self.given[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def rest(audit: FinalAudit) -> None:
    """Returns when no audit runs."""
    wait_for(lambda: not (audit._thread and audit._thread.is_alive()), 10, "the audit's end")


def audited(audit: FinalAudit, watched: Watched) -> Audited:
    assert audit.of(watched) is None
    rest(audit)
    found = audit.of(watched)
    assert found
    return found


def test_nothing_is_audited_before_everything_is_counted() -> None:
    settled = Settled(AGREES)
    audit = FinalAudit(settled)
    assert audit.of(replace(COMPLETE, tally={"a": 2})) is None
    assert audit.of(replace(COMPLETE, kafka_problem="gone")) is None
    rest(audit)
    assert not settled.asked


def test_a_complete_count_is_audited_once() -> None:
    settled = Settled(AGREES)
    audit = FinalAudit(settled)
    assert audited(audit, COMPLETE).agrees
    assert audited_again(audit, COMPLETE).words == "3 votes agree one by one"
    assert settled.asked == 1


def audited_again(audit: FinalAudit, watched: Watched) -> Audited:
    found = audit.of(watched)
    rest(audit)
    assert found
    return found


def test_an_aggregate_that_stays_short_is_a_difference_and_is_not_audited_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(election.audit.auditor, "PAUSE_SECONDS", 0.01)
    looks = Settled(SHORT)
    settled = Settled(election.audit.auditor.settle(SimpleNamespace(look=looks), 0.05))
    audit = FinalAudit(settled)
    found = audited(audit, COMPLETE)
    assert not found.agrees
    assert "votes by location" in found.words
    assert audited_again(audit, COMPLETE) == found
    assert settled.asked == 1


@pytest.mark.parametrize("moved", [{"log_messages": 4}, {"sizes": (3, 3)}, {"record": {"a": 2, "b": 1}}])
def test_an_audit_is_made_again_when_something_moved(moved: dict[str, Any]) -> None:
    differs = replace(AGREES, differences=(Finding("votes in the tally only", 1),))
    audit = FinalAudit(Settled(AGREES, differs))
    assert audited(audit, COMPLETE).agrees
    assert not audited(audit, replace(COMPLETE, **moved)).agrees


@pytest.mark.parametrize("down", ["database_problem", "kafka_problem"])
def test_what_the_last_audit_found_stays_while_a_service_is_down(down: str) -> None:
    audit = FinalAudit(Settled(AGREES))
    found = audited(audit, COMPLETE)
    assert audit.of(replace(COMPLETE, **{down: "gone"})) == found


def test_an_audit_on_the_page_names_no_voter() -> None:
    report = replace(AGREES, differences=(Finding("voters are recorded twice; voters", 1234, ("v-1", "v-2")),))
    assert say_found(report) == "voters are recorded twice: 1,234"


@pytest.mark.parametrize("failure", [CannotLook("Kafka is away"), RuntimeError("a defect")])
def test_an_audit_that_could_not_be_made_is_tried_again_later_and_later(failure: Exception) -> None:
    clock, settled = Clock(), Settled(failure, failure, AGREES)
    audit = FinalAudit(settled, clock)
    for at, asked in ((0, 1), (29, 1), (30, 2), (89, 2), (90, 3)):
        clock.now = at
        assert audit.of(COMPLETE) is None
        rest(audit)
        assert settled.asked == asked
    assert audited_again(audit, COMPLETE).agrees


def test_the_watch_goes_on_after_a_defect(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("dashboard.data.watch.INTERVAL_SECONDS", 0.01)
    watch = Watch(Settings(), StagedLive(), None)  # type: ignore[arg-type]
    answers = iter([ValueError("a defect"), replace(COMPLETE, looked_at=1.0)])

    def step(before: Watched) -> Watched:
        answer = next(answers, before)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(watch, "step", step)
    watch.start()
    wait_for(lambda: watch.look().looked_at, 10, "the look after the defect")
    assert "a defect" in caplog.text
    assert watch.look().awake_since
