"""What the dashboard works out of tallies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import words
from dashboard.figures.figures import Lead, Stage, Standing, await_votes, lead, say_settled, stage, standings
from dashboard.figures.palette import DRAWN, MARKS, NOTHING, Mark, contrast
from dashboard.figures.places import natural
from dashboard.figures.race import race, spread
from dashboard.figures.view import Group, View, Watched, list_candidates
from election.model import topics
from election.model.messages import Tally
from election.model.rows import Candidate, Kind

ORDER = [Candidate("b", ""), Candidate("a", "")]
CANDIDATES = list_candidates(
    ORDER, [{"candidate_id": name, "candidate_name": name.upper(), "party_affiliation": "P"} for name in "ab"]
)


def ranked(**votes: int) -> list[Standing]:
    return standings(CANDIDATES, votes)


def view(counted: int, expected: int | None, **changes: Any) -> View:
    tally = Tally(counted, datetime.now(UTC).isoformat(), "a")
    return View(
        now=0.0,
        votes_expected=expected,
        tallies={topics.VOTES_PER_CANDIDATE: [tally] if counted else []},
        **{"watched": Watched(election={"title": "T"}), **changes},
    )


def test_candidates_stand_in_the_elections_order_and_unknown_ones_come_last() -> None:
    rows = [{"candidate_id": name} for name in ("x", "a", "b")]
    assert [one.candidate_id for one in list_candidates(ORDER, rows)] == ["b", "a", "x"]


def test_the_database_names_a_candidate_before_a_tally_does() -> None:
    named = list_candidates(ORDER, [{"candidate_id": "a", "candidate_name": "A"}, {"candidate_id": "a"}])
    assert [one.name for one in named] == ["A"]


def test_places_with_numbers_stand_as_people_count() -> None:
    names = ["102-b", "11-c", "101-a", "Kent", "9", "kent 2"]
    assert sorted(names, key=natural) == ["Kent", "kent 2", "9", "11-c", "101-a", "102-b"]


@given(st.lists(st.text()))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert len(sorted(names, key=natural)) == len(names)


def test_most_votes_come_first_and_equals_stay_in_the_elections_order() -> None:
    assert [one.candidate.candidate_id for one in ranked(a=2, b=1)] == ["a", "b"]
    assert [one.candidate.candidate_id for one in ranked(a=1, b=1)] == ["b", "a"]


def test_nobody_leads_before_the_first_vote() -> None:
    assert lead(ranked(), 10) is None
    assert lead([], 10) is None


def test_equal_votes_are_a_tie() -> None:
    found = lead(ranked(a=5, b=5), 0)
    assert found
    assert len(found.leaders) == 2
    assert "tie" in say_settled(found)


@pytest.mark.parametrize(("out", "settled"), [(2, True), (3, False), (4, False), (None, False)])
def test_a_lead_is_settled_only_when_it_exceeds_the_votes_still_out(out: int | None, settled: bool) -> None:
    found = lead(ranked(a=5, b=2), out)
    assert isinstance(found, Lead)
    assert found.votes == 3
    assert found.settled is settled
    assert ("can no longer be overtaken" in say_settled(found)) is settled


def test_all_is_counted_only_when_every_expected_vote_is() -> None:
    assert stage(view(9, 10)) is Stage.COUNTING
    assert stage(view(10, 10)) is Stage.COUNTED
    assert stage(view(10, None)) is Stage.COUNTING


def test_without_votes_it_is_before_voting_begun_or_unknown() -> None:
    assert stage(view(0, 10)) is Stage.BEFORE
    assert stage(view(0, 10, watched=Watched(election={"title": "T"}, record={"a": 1}))) is Stage.BEGUN
    assert stage(view(0, 10, watched=Watched())) is Stage.UNKNOWN
    assert stage(view(0, 10, counting_problem="no broker")) is Stage.UNKNOWN


def minute(at: str, candidate: str, votes: int) -> Tally:
    return Tally(votes, "2026-01-01T10:00:00Z", candidate, minute=at)


def test_the_race_adds_up_minute_by_minute_and_keeps_minutes_without_votes() -> None:
    step, moments = race(
        [minute("2026-01-01T10:00Z", "a", 1), minute("2026-01-01T10:02Z", "b", 2), minute("2026-01-01T10:02Z", "a", 3)]
    )
    assert step == 1
    assert [moment.votes for moment in moments] == [1, 0, 5]
    assert [moment.totals for moment in moments] == [{"a": 1}, {"a": 1}, {"a": 4, "b": 2}]


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40, unique=True), st.integers(2, 50))
def test_a_long_race_is_thinned_without_losing_a_vote(minutes: list[int], points: int) -> None:
    rows = [minute(datetime.fromtimestamp(60 * at, UTC).isoformat(), "a", 1) for at in minutes]
    _, moments = race(rows, points)
    assert len(moments) <= points
    assert moments[-1].total == len(minutes) == sum(moment.votes for moment in moments)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(0.001, 0.2))
def test_labels_keep_their_order_and_their_distance_and_stay_on_the_chart(values: list[float], distance: float) -> None:
    top = max(values)
    placed = spread(values, distance, top)
    distance = min(distance, top / max(len(values) - 1, 1))
    order = sorted(range(len(values)), key=lambda index: values[index])
    for lower, upper in pairwise(order):
        assert placed[upper] - placed[lower] >= distance - 1e-9
    assert min(placed) >= 0
    assert max(placed) <= top + 1e-9


def test_labels_that_have_room_stay_where_they_are() -> None:
    assert spread([0.1, 0.9], 0.2, 1) == [0.1, 0.9]


def many(number: int, votes: Any = None, before: Any = None) -> View:
    ids = [f"{one}" for one in range(number)]
    rows = [{"candidate_id": one, "candidate_name": one} for one in ids]
    return View(
        now=0.0, candidates=list_candidates([Candidate(one, one) for one in ids], rows, votes or {}, before or {})
    )


@pytest.mark.parametrize(("number", "drawn"), [(3, 3), (8, 8), (9, 9), (102, 9)])
def test_eight_are_told_apart_by_colour_and_symbol_and_the_others_are_one_in_grey(number: int, drawn: int) -> None:
    shown = many(number).drawn
    assert len({one.mark.colour for one in shown}) == len({one.mark.symbol for one in shown}) == drawn
    assert [one.name for one in shown if one.mark.colour == NOTHING] == ["and 1 other", "and 94 others"][
        number == 102 : (number > DRAWN) + (number == 102)
    ]


def test_the_eight_are_those_with_most_votes_and_keep_their_marks() -> None:
    first = many(20, {"19": 5})
    assert "19" in {one.candidate_id for one in first.drawn}
    marks = {one.candidate_id: one.mark for one in first.drawn[:DRAWN]}
    later = many(20, {"19": 5, "18": 9}, marks)
    kept = {one.candidate_id: one.mark for one in later.drawn[:DRAWN]}
    assert "18" in kept
    assert len(kept.keys() & marks.keys()) == DRAWN - 1
    assert all(kept[one] == marks[one] for one in kept.keys() & marks.keys())


@given(st.dictionaries(st.sampled_from([f"{one}" for one in range(20)]), st.integers(0, 9)))
def test_those_drawn_have_all_votes_for_candidates(votes: dict[str, int]) -> None:
    assert sum(many(20, votes).fold(votes).values()) == sum(votes.values())


def test_blank_votes_never_win() -> None:
    blank = list_candidates([Candidate("x", "Blank", kind=Kind.BLANK)], [{"candidate_id": "x"}, {"candidate_id": "a"}])
    assert [one.candidate.candidate_id for one in standings(blank, {"x": 9, "a": 1})] == ["a"]


def test_who_has_no_name_is_called_by_the_party() -> None:
    (one,) = list_candidates([], [{"candidate_id": "1", "candidate_name": "", "party_affiliation": "The List"}])
    assert one.name == "The List"


def test_at_the_start_the_page_says_what_it_waits_for() -> None:
    watched = Watched(election={"title": "T"}, database_problem=None, roll=20)
    assert "20 of 500 so far" in await_votes(view(0, 10, watched=watched, registered=500))
    registered = replace(watched, roll=500)
    assert "once the count is ready" in await_votes(view(0, 10, watched=registered, registered=500))
    opened = replace(registered, groups={"voting": Group(1, 0)})
    assert "The polls are open." in await_votes(view(0, 10, watched=opened, registered=500))
    cast = replace(opened, record={"a": 3})
    assert "3 votes cast so far. The count is starting" in await_votes(view(0, 10, watched=cast, registered=500))


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.colour)
def test_what_is_written_on_a_candidates_colour_can_be_read(mark: Mark) -> None:
    assert contrast(mark.ink, mark.colour) >= 4.5


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, "–"),
        (0, 5, "0.0%"),
        (5, 5, "100%"),
        (9999, 10000, "99.9%"),
        (99999, 100000, "99.9%"),
        (1, 1000000, "0.1%"),
        (1, 3, "33.3%"),
    ],
)
def test_a_share_never_says_all_or_nothing_unless_it_is(part: int, whole: int, said: str) -> None:
    assert words.percent(part, whole) == said


def test_numbers_and_ages_are_said_as_people_say_them() -> None:
    assert words.votes(1) == "1 vote"
    assert words.votes(12345) == "12,345 votes"
    assert [words.age(seconds) for seconds in (-3, 0.4, 5, 90, 7200, 200000)] == [
        *("now", "now", "5 s ago", "2 min ago", "2 h ago", "2 days ago"),
    ]
    assert [words.delay(seconds) for seconds in (0.006, 1.44, 12)] == ["6 ms", "1.4 s", "12 s"]
    assert [words.delay(seconds) for seconds in (0.9996, 9.97)] == ["1.0 s", "10 s"]
    assert [words.span(seconds) for seconds in (59.6, 3590, 86000)] == ["1 min", "1 h", "1 day"]
    assert [words.number(how_many, "message") for how_many in (0, 1, 1234)] == [
        *("0 messages", "1 message", "1,234 messages"),
    ]
    assert [words.points(1, whole) for whole in (10, 400_000)] == ["10.0 points", "0.1 points"]
