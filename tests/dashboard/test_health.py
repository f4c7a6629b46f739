"""What the dashboard says about the system itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.data.watch import compare
from dashboard.figures.health import Agreement, State, check, kafka_problem, parts, problems, waiting
from dashboard.figures.speed import delays, overall_delay, rates, shown_delay
from dashboard.figures.view import NO_ELECTION, NO_LOGIN, Group, Sample, View, Watched
from election.results.board import NO_TOPICS

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


def view(watched: Watched = AGREEING, **changes: Any) -> View:
    return View(now=NOW, watched=watched, **{"heard_at": NOW, "changed_at": NOW, **changes})


def agreement(**changes: Any) -> Agreement:
    return check(replace(AGREEING, **changes), NOW).agreement


def test_equal_sums_for_every_candidate_are_in_agreement() -> None:
    assert agreement() is Agreement.AGREES


def test_a_tally_that_lags_is_under_way_and_no_difference() -> None:
    assert agreement(tally={"a": 4, "b": 3}) is Agreement.UNDER_WAY
    assert agreement(log_messages=7) is Agreement.UNDER_WAY


@pytest.mark.parametrize("tally", [{"a": 6, "b": 2}, {"a": 6, "b": 3}, {"a": 5, "b": 3, "nobody": 1}])
def test_a_tally_above_the_record_differs_whatever_the_sum(tally: dict[str, int]) -> None:
    assert agreement(tally=tally) is Agreement.DIFFERS


def test_a_lag_that_does_not_move_for_half_a_minute_is_a_difference() -> None:
    lagging: dict[str, Any] = {"tally": {"a": 4, "b": 3}}
    assert agreement(**lagging, moved_at=NOW - 29) is Agreement.UNDER_WAY
    assert agreement(**lagging, moved_at=NOW - 30) is Agreement.DIFFERS
    assert "the tally lacks 1 vote" in check(replace(AGREEING, **lagging, moved_at=NOW - 30), NOW).words


def test_nothing_is_claimed_while_a_part_is_down_or_was_never_seen() -> None:
    assert agreement(database_problem="gone") is Agreement.UNKNOWN
    assert agreement(kafka_problem="gone") is Agreement.UNKNOWN
    assert check(Watched(), NOW).agreement is Agreement.UNKNOWN


def test_movement_is_noted_and_standstill_keeps_its_time() -> None:
    first = compare(Watched(), AGREEING)
    later = replace(AGREEING, database_at=NOW + 5, kafka_at=NOW + 5)
    assert first.moved_at == NOW
    assert compare(first, later).moved_at == NOW
    assert compare(first, replace(later, record={"a": 6, "b": 3})).moved_at == NOW + 5


def test_rates_are_taken_over_about_ten_seconds() -> None:
    samples = tuple(Sample(NOW + 2 * step, 100 * step, 80 * step) for step in range(20))
    assert rates(Watched(samples=samples)) == (50, 40)
    assert rates(Watched(samples=samples[:1])) is None
    assert rates(Watched(samples=(Sample(NOW, 0, 0), Sample(NOW + 100, 100, 50)))) == (1, 0.5)


def test_each_part_says_what_is_seen_of_it() -> None:
    states = {part.name: part.state for part in parts(view())}
    assert states == {
        "Kafka": State.UP,
        "PostgreSQL": State.UP,
        "main.py": State.DOWN,
        "voting.py": State.UP,
        "spark-streaming.py": State.UP,
    }


def test_a_count_that_stands_still_with_messages_waiting_is_down() -> None:
    behind = replace(AGREEING, log_messages=9, record={"a": 6, "b": 3})
    counting = parts(view(behind, changed_at=NOW - 60))[-1]
    assert counting.state is State.DOWN
    assert counting.words == "1 message waits and nothing is counted"


def test_a_count_with_nothing_to_count_is_idle() -> None:
    repeated = replace(AGREEING, log_messages=9)
    assert parts(view(repeated, changed_at=NOW - 60))[-1].state is State.IDLE


def test_without_kafka_nothing_is_said_of_the_parts_behind_it() -> None:
    gone = view(replace(AGREEING, kafka_problem="refused"), heard_at=NOW - 9)
    states = {part.name: part.state for part in parts(gone)}
    assert states == {
        "Kafka": State.DOWN,
        "PostgreSQL": State.UP,
        "main.py": State.UNKNOWN,
        "voting.py": State.UNKNOWN,
        "spark-streaming.py": State.UNKNOWN,
    }


def test_topics_that_are_missing_are_waited_for_at_the_start_and_a_problem_later() -> None:
    start = view(replace(AGREEING, kafka_problem=NO_TOPICS), heard_at=0.0, counting_problem=NO_TOPICS)
    assert waiting(start) == [NO_TOPICS]
    assert problems(start) == []
    assert parts(start)[0].state is State.WAITING
    later = replace(start, heard_at=NOW - 3)
    assert waiting(later) == []
    assert len(problems(later)) == 1


@pytest.mark.parametrize("trouble", [NO_LOGIN, NO_ELECTION])
def test_an_election_that_is_not_prepared_is_waited_for_at_the_start_and_a_problem_later(trouble: str) -> None:
    unseen = replace(AGREEING, database_problem=trouble, database_at=0.0)
    start = view(unseen, heard_at=0.0, counting_problem=NO_TOPICS)
    assert waiting(start) == [trouble, NO_TOPICS]
    assert problems(start) == []
    later = view(replace(AGREEING, database_problem=trouble))
    assert waiting(later) == []
    assert len(problems(later)) == 1


def test_a_login_that_is_refused_after_main_has_made_it_is_a_problem() -> None:
    refused = replace(AGREEING, database_problem=NO_LOGIN, database_at=0.0)
    assert "another password than POSTGRES_STREAMLIT_APP_PASSWORD" in problems(view(refused))[0]
    seeding = view(replace(refused, database_problem=NO_ELECTION))
    assert problems(seeding) == []


def test_a_watch_that_does_not_come_back_is_reported_and_claims_nothing() -> None:
    lost = replace(AGREEING, awake_since=NOW - 900, looked_at=NOW - 100)
    assert "For 2 min the dashboard has not come to look at PostgreSQL and Kafka" in problems(view(lost))[0]
    assert check(lost, NOW).agreement is Agreement.UNKNOWN
    never = Watched(awake_since=NOW - 100)
    assert problems(view(never))


def test_a_watch_that_was_only_just_woken_is_not_late() -> None:
    woken = replace(AGREEING, awake_since=NOW - 1, looked_at=NOW - 9000)
    assert problems(view(woken)) == []


def test_silence_of_kafka_is_a_problem_with_the_figures_age() -> None:
    silent = view(heard_at=NOW - 40)
    assert kafka_problem(silent) == "silent for 40 s"
    assert problems(silent) == ["Kafka does not answer (silent for 40 s). The figures are from 40 s ago."]
    assert problems(view()) == []


def test_delays_are_those_of_the_last_minute() -> None:
    seen = [(NOW - 100, 9.0), (NOW - 2, 0.004), (NOW - 2, 0.008), (NOW - 1, 0.1)]
    assert [round(one.p50, 3) for one in delays(seen, NOW)] == [0.006, 0.1]
    overall = overall_delay(seen, NOW)
    assert overall
    assert overall.p50 == 0.008
    assert overall_delay(seen[:1], NOW) is None


def test_a_vote_is_shown_at_the_first_refresh_after_it_was_counted() -> None:
    assert shown_delay([(NOW - 3.5, 0.25)], NOW, 1) == pytest.approx(0.75)
    assert shown_delay([(NOW - 3.5, 0.25)], NOW, 5) == pytest.approx(3.75)
    assert shown_delay([(NOW - 100, 0.25)], NOW, 1) is None
