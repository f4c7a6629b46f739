"""The audit that the dashboard has made when everything is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dashboard.view import Audited, Watched
from dashboard.watch import FinalAudit
from election.audit import CannotLook
from election.report import Finding, Report
from tests.conftest import wait_for

COMPLETE = Watched(
    database_problem=None,
    kafka_problem=None,
    election={"votes_expected": 3},
    record={"a": 3},
    tally={"a": 3},
    log_messages=3,
)
AGREES = Report(
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


def audited(audit: FinalAudit, watched: Watched) -> Audited:
    wait_for(lambda: audit.of(watched), 10, "the audit")
    found = audit.of(watched)
    assert found
    return found


def answers(*given: Report | CannotLook) -> tuple[Callable[[], Report], list[Report | CannotLook]]:
    """A look that gives these one after another, and those that are left."""
    left = list(given)

    def look() -> Report:
        answer = left.pop(0)
        if isinstance(answer, CannotLook):
            raise answer
        return answer

    return look, left


def test_nothing_is_audited_before_everything_is_counted() -> None:
    look, left = answers(AGREES)
    audit = FinalAudit(look)
    assert audit.of(replace(COMPLETE, tally={"a": 2})) is None
    assert audit.of(replace(COMPLETE, kafka_problem="gone")) is None
    assert left == [AGREES]


def test_a_complete_count_is_audited_once() -> None:
    look, left = answers(AGREES)
    audit = FinalAudit(look)
    assert audited(audit, COMPLETE).agrees
    assert audited(audit, COMPLETE).words == "3 votes agree one by one"
    assert not left


def test_an_audit_is_made_again_when_something_moved() -> None:
    differs = replace(AGREES, differences=(Finding("votes in the tally only", 1),))
    look, _ = answers(AGREES, differs)
    audit = FinalAudit(look)
    assert audited(audit, COMPLETE).agrees
    found = audited(audit, replace(COMPLETE, log_messages=4))
    assert not found.agrees
    assert found.words == "1 votes in the tally only"


def test_an_audit_that_could_not_look_or_saw_votes_under_way_is_tried_again() -> None:
    lagging = replace(AGREES, lags=(Finding("votes under way", 1),))
    look, left = answers(CannotLook("Kafka is away"), lagging, AGREES)
    assert audited(FinalAudit(look), COMPLETE).agrees
    assert not left
