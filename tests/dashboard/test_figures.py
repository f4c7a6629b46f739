"""What the dashboard works out of tallies."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dashboard.figures import words
from dashboard.figures.figures import Lead, Stage, Standing, await_votes, fold, lead, say_settled, stage, standings
from dashboard.figures.over_time import divide
from dashboard.figures.palette import DRAWN, MARKS, NOTHING, Mark
from dashboard.figures.places import Place, natural, places
from dashboard.figures.view import Group, View, Watched, list_candidates
from election.model import topics
from election.model.messages import Tally
from election.model.rows import Candidate, Kind
from election.results.board import Board

ORDER = [Candidate("b", ""), Candidate("a", "")]
CANDIDATES = list_candidates(ORDER, [{"candidate_id": "a"}, {"candidate_id": "b"}], {}, {})
PREPARED = Watched(election={"title": "T"}, database_problem=None)


def ranked(**votes: int) -> list[Standing]:
    return standings(CANDIDATES, votes)


def view(counted: int, expected: int | None, watched: Watched = PREPARED, **changes: Any) -> View:
    board = Board()
    if counted:
        board.totals[topics.VOTES_PER_CANDIDATE]["a"] = Tally(counted, datetime.now(UTC), "a")
    return View(0.0, votes_expected=expected, board=board, watched=watched, **changes)


def test_candidates_stand_in_the_elections_order_unknown_ones_last_named_by_the_first_who_knows() -> None:
    rows = [{"candidate_id": "x", "party_affiliation": "The List"}, {"candidate_id": "a", "candidate_name": "A"}]
    listed = list_candidates(ORDER, [*rows, {"candidate_id": "a"}, {"candidate_id": "b"}], {}, {})
    assert [(one.candidate_id, one.name) for one in listed] == [("b", "b"), ("a", "A"), ("x", "The List")]


def test_candidates_of_the_same_name_are_told_apart() -> None:
    rows = [{"candidate_id": one, "candidate_name": "Ann Lee"} for one in "ab"]
    assert [one.name for one in list_candidates([], rows, {}, {})] == ["Ann Lee (a)", "Ann Lee (b)"]


def test_places_with_numbers_stand_as_people_count() -> None:
    names = ["102-b", "11-c", "101-a", "Kent", "9", "kent 2"]
    assert sorted(names, key=natural) == ["Kent", "kent 2", "9", "11-c", "101-a", "102-b"]


@pytest.mark.parametrize(("registered", "turned_out"), [(25, False), (20, True)])
def test_a_place_whose_registered_voters_are_not_known_has_no_turnout(registered: int, turned_out: bool) -> None:
    """Its roll is as long as its votes; where no place has a number, the page says one voter per ballot."""
    board = Board()
    tally = Tally(15, datetime.now(UTC), state="North", registered=15)
    board.totals[topics.TURNOUT_BY_LOCATION]["North"] = tally
    board.totals[topics.VOTES_BY_LOCATION]["North|a"] = structs.replace(tally, candidate_id="a")
    locations = {"North": None, "South": registered - 15}
    seen = View(0.0, registered=registered, votes_expected=20, locations=locations, board=board)
    north, south = places(seen)
    assert (north.registered is not None, north.turned_out) == (turned_out, turned_out)
    assert south.registered == (registered - 15 if registered == 25 else None)


def test_most_votes_come_first_and_equals_stay_in_the_elections_order() -> None:
    assert [one.candidate.candidate_id for one in ranked(a=2, b=1)] == ["a", "b"]
    assert [one.candidate.candidate_id for one in ranked(a=1, b=1)] == ["b", "a"]


@pytest.mark.parametrize(("out", "settled"), [(2, True), (3, False), (4, False), (None, False)])
def test_a_lead_is_settled_only_when_it_exceeds_the_votes_still_out(out: int | None, settled: bool) -> None:
    found = lead(ranked(a=5, b=2))
    assert isinstance(found, Lead)
    assert found.votes == 3
    assert ("can no longer be overtaken" in say_settled(found, out)) is settled


@pytest.mark.parametrize(
    ("counted", "expected", "watched", "reached"),
    [
        (9, 10, PREPARED, Stage.COUNTING),
        (10, 10, PREPARED, Stage.COUNTED),
        (10, None, PREPARED, Stage.COUNTING),
        (0, 10, PREPARED, Stage.BEFORE),
        (0, 10, replace(PREPARED, record={"a": 1}), Stage.BEGUN),
        (0, 10, Watched(), Stage.UNKNOWN),
    ],
)
def test_all_is_counted_only_when_every_expected_vote_is(
    counted: int, expected: int | None, watched: Watched, reached: Stage
) -> None:
    assert stage(view(counted, expected, watched)) is reached


def minute(at: str, candidate: str, votes: int) -> Tally:
    return Tally(votes, "2026-01-01T10:00:00Z", candidate, minute=at)


def test_the_race_adds_up_minute_by_minute_and_keeps_minutes_without_votes() -> None:
    rows = [("2026-01-01T10:00Z", "a", 1), ("2026-01-01T10:02Z", "b", 2), ("2026-01-01T10:02Z", "a", 3)]
    moments = divide([minute(*row) for row in rows], 120)
    assert [moment.votes for moment in moments] == [1, 0, 5]
    assert [moment.totals for moment in moments] == [{"a": 1}, {"a": 1}, {"a": 4, "b": 2}]


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40, unique=True), st.integers(2, 50))
def test_a_long_race_is_thinned_without_losing_a_vote(minutes: list[int], points: int) -> None:
    moments = divide([minute(datetime.fromtimestamp(60 * at, UTC).isoformat(), "a", 1) for at in minutes], points)
    assert len(moments) <= points
    assert moments[-1].totals["a"] == len(minutes) == sum(moment.votes for moment in moments)


def many(number: int, votes: Any = None, before: Any = None) -> View:
    rows = [{"candidate_id": f"{one}"} for one in range(number)]
    order = [Candidate(row["candidate_id"], "") for row in rows]
    return View(0.0, candidates=list_candidates(order, rows, votes or {}, before or {}))


@pytest.mark.parametrize(("number", "others"), [(8, []), (9, ["and 1 other"]), (102, ["and 94 others"])])
def test_eight_are_told_apart_by_colour_and_symbol_and_the_others_are_one_in_grey(
    number: int, others: list[str]
) -> None:
    shown = many(number).drawn
    assert len({one.mark.colour for one in shown}) == len({one.mark.symbol for one in shown}) == DRAWN + len(others)
    assert [one.name for one in shown if one.mark.colour == NOTHING] == others


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
    assert sum(one.votes for one in fold(many(20, votes), votes)) == sum(votes.values())


def test_blank_votes_never_win() -> None:
    order = [Candidate("x", "Blank", kind=Kind.BLANK)]
    blank = list_candidates(order, [{"candidate_id": "x"}, {"candidate_id": "a"}], {}, {})
    assert [one.candidate.candidate_id for one in standings(blank, {"x": 9, "a": 1})] == ["a"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"roll": 20}, "20 of 500 so far"),
        ({"roll": 500}, "once the count is ready"),
        ({"roll": 500, "groups": {"voting": Group(1, 0)}}, "The polls are open."),
        ({"record": {"a": 3}}, "3 votes cast so far. The count is starting"),
    ],
)
def test_at_the_start_the_page_says_what_it_waits_for(changes: dict[str, Any], said: str) -> None:
    assert said in await_votes(view(0, 10, replace(PREPARED, **changes), registered=500))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, of '#rrggbb'."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.colour)
def test_what_is_written_on_a_candidates_colour_can_be_read(mark: Mark) -> None:
    darker, lighter = sorted((luminance(mark.ink), luminance(mark.colour)))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "–"), (0, 5, "0.0%"), (5, 5, "100%"), (99999, 100000, "99.9%"), (1, 1000000, "0.1%"), (1, 3, "33.3%")],
)
def test_a_share_never_says_all_or_nothing_unless_it_is(part: int, whole: int, said: str) -> None:
    assert words.percent(part, whole) == said


@pytest.mark.parametrize(
    ("say", "numbers", "said"),
    [
        (words.votes, (0, 1, 12345), ["0 votes", "1 vote", "12,345 votes"]),
        (words.age, (-3, 0.4, 5, 90, 7200), ["now", "now", "5 s ago", "2 min ago", "2 h ago"]),
        (words.delay, (0.006, 1.44, 12, 0.9996, 9.97), ["6 ms", "1.4 s", "12 s", "1.0 s", "10 s"]),
        (words.span, (59.6, 3590, 86000), ["1 min", "1 h", "1 day"]),
        (words.rate, (0, 0.41, 213, 1234), ["0", "0.4", "213", "1,234"]),
    ],
)
def test_numbers_and_ages_are_said_as_people_say_them(say: Any, numbers: tuple[float, ...], said: list[str]) -> None:
    assert [say(one) for one in numbers] == said


@pytest.mark.parametrize(("registered", "told"), [(20, True), (15, True), (9, False), (None, False)])
def test_a_place_with_more_votes_than_voters_has_no_turnout(registered: int | None, told: bool) -> None:
    assert Place("North", {"1": 15}, registered).turned_out is told
