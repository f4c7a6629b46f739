"""What the dashboard says about the system itself."""

from collections import deque
from dataclasses import replace
from typing import Any

import pytest

from dashboard.data.watch import compare
from dashboard.figures.health import Agreement, State, check, kafka_problem, parts, problems, waiting
from dashboard.figures.over_time import delays, rates, shown_delay
from dashboard.figures.view import NO_LOGIN, Group, Sample, View, Watched
from election.results.board import NO_TOPICS, Board
from election.results.look import NO_ELECTION

NOW = 1_000_000.0
AGREEING = Watched(
    database_at=NOW,
    database_problem=None,
    election={"title": "T"},
    record={"a": 5, "b": 3},
    tally={"a": 5, "b": 3},
    moved_at=NOW,
    kafka_at=NOW,
    kafka_problem=None,
    log_messages=8,
    groups={"voting": Group(1, 7), "main": Group(0, 3)},
)


def view(watched: Watched = AGREEING, board: Board | None = None, **changes: Any) -> View:
    return View(now=NOW, watched=watched, board=board or Board(changed_at=NOW), **{"heard_at": NOW, **changes})


def delayed(*delays: tuple[float, float]) -> View:
    return view(board=Board(delays=deque(delays)))


def states(seen: View) -> list[State]:
    """Of Kafka, PostgreSQL, main.py, voting.py and spark-streaming.py."""
    return [part.state for part in parts(seen)]


@pytest.mark.parametrize(
    ("changes", "agreement"),
    [
        ({}, Agreement.AGREES),
        ({"tally": {"a": 4, "b": 3}}, Agreement.UNDER_WAY),
        ({"log_messages": 7}, Agreement.UNDER_WAY),
        ({"tally": {"a": 4, "b": 3}, "moved_at": NOW - 29}, Agreement.UNDER_WAY),
        ({"tally": {"a": 4, "b": 3}, "moved_at": NOW - 30}, Agreement.DIFFERS),
        ({"tally": {"a": 6, "b": 2}}, Agreement.DIFFERS),
        ({"tally": {"a": 6, "b": 3}}, Agreement.DIFFERS),
        ({"tally": {"a": 5, "b": 3, "nobody": 1}}, Agreement.DIFFERS),
        ({"database_problem": "gone"}, Agreement.UNKNOWN),
        ({"kafka_problem": "gone"}, Agreement.UNKNOWN),
        ({"looked_at": NOW - 100}, Agreement.UNKNOWN),
        ({"database_at": 0.0}, Agreement.UNKNOWN),
    ],
)
def test_a_lag_is_under_way_a_surplus_differs_and_nothing_is_claimed_blindly(
    changes: dict[str, Any], agreement: Agreement
) -> None:
    assert check(view(replace(AGREEING, **changes)))[0] is agreement


def test_movement_is_noted_and_standstill_keeps_its_time() -> None:
    first = compare(Watched(), AGREEING)
    later = replace(AGREEING, database_at=NOW + 5, kafka_at=NOW + 5)
    assert first.moved_at == NOW
    assert compare(first, later).moved_at == NOW
    assert compare(first, replace(later, record={"a": 6, "b": 3})).moved_at == NOW + 5


def test_rates_are_taken_over_about_ten_seconds() -> None:
    samples = tuple(Sample(NOW + 2 * step, 100 * step, 80 * step) for step in range(20))
    assert rates(Watched(samples=samples), NOW + 40) == ("50", "40")
    assert rates(Watched(samples=samples[:1]), NOW) == ("–", "–")
    assert rates(Watched(samples=(Sample(NOW, 0, 0), Sample(NOW + 100, 100, 50))), NOW + 100) == ("1.0", "0.5")
    assert rates(Watched(samples=samples), NOW + 100) == ("–", "–")


def test_each_part_says_what_is_seen_of_it() -> None:
    assert states(view()) == [State.UP, State.UP, State.DOWN, State.UP, State.UP]
    gone = view(replace(AGREEING, kafka_problem="refused"), heard_at=NOW - 20)
    assert states(gone) == [State.DOWN, State.UP, State.UNKNOWN, State.UNKNOWN, State.UNKNOWN]


def test_a_count_that_stands_still_is_down_with_messages_waiting_and_idle_without() -> None:
    behind = replace(AGREEING, log_messages=9, record={"a": 6, "b": 3})
    assert states(view(behind, Board(changed_at=NOW - 60)))[-1] is State.DOWN
    repeated = replace(AGREEING, log_messages=9)
    assert states(view(repeated, Board(changed_at=NOW - 60)))[-1] is State.IDLE


def test_what_main_has_not_made_is_waited_for_at_the_start_and_a_problem_later() -> None:
    unseen = replace(AGREEING, database_problem=NO_ELECTION, database_at=0.0)
    start = view(unseen, heard_at=0.0, counting_problem=NO_TOPICS)
    assert waiting(start) == [NO_ELECTION, NO_TOPICS]
    assert problems(start) == []
    assert states(start)[:2] == [State.WAITING] * 2
    later = replace(start, heard_at=NOW - 3, watched=replace(unseen, database_at=NOW - 3))
    assert waiting(later) == []
    assert len(problems(later)) == 2


def test_a_login_that_is_refused_after_main_has_made_it_is_a_problem() -> None:
    refused = replace(AGREEING, database_problem=NO_LOGIN, database_at=0.0)
    assert "another password than POSTGRES_STREAMLIT_APP_PASSWORD" in problems(view(refused))[0]
    assert problems(view(replace(refused, database_problem=NO_ELECTION))) == []


def test_silence_is_a_problem_with_the_figures_age() -> None:
    silent = view(heard_at=NOW - 40)
    assert kafka_problem(silent) == "silent for 40 s"
    assert problems(silent) == ["Kafka does not answer (silent for 40 s). Its figures are from 40 s ago."]
    lost = view(replace(AGREEING, looked_at=NOW - 100, database_at=NOW - 100))
    assert problems(lost) == ["PostgreSQL does not answer (silent for 2 min). Its figures are from 2 min ago."]
    assert problems(view()) == []


def test_delays_are_told_by_second() -> None:
    seen = delays(delayed((NOW - 2, 0.004), (NOW - 1.5, 0.008), (NOW - 1, 0.1)))
    assert list(seen["p50 ms"]) == [6, 100]


@pytest.mark.parametrize(("interval", "shown"), [(1, 0.75), (5, 3.75)])
def test_a_vote_is_shown_at_the_first_refresh_after_it_was_counted(interval: float, shown: float) -> None:
    assert shown_delay(delayed((NOW - 3.5, 0.25)), interval) == pytest.approx(shown)
