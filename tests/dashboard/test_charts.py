"""The data that the charts draw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.drawing.charts import Colours, delay_spec, pace_data, pace_spec, race_data, race_spec
from dashboard.figures.race import Moment
from dashboard.figures.view import list_candidates
from election.model.rows import Candidate

NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
CANDIDATES = list_candidates(
    [Candidate("a", ""), Candidate("b", "")],
    [{"candidate_id": "a", "candidate_name": "Ann Lee"}, {"candidate_id": "b", "candidate_name": "Bob Kay"}],
)


def moments(*votes: int) -> list[Moment]:
    """A minute each, from noon on; all votes are for a, but the last minute's are for b."""
    found, totals = [], {"a": 0, "b": 0}
    for number, cast in enumerate(votes):
        totals["b" if number == len(votes) - 1 else "a"] += cast
        at = NOON + timedelta(minutes=number)
        found.append(Moment(at, at + timedelta(minutes=1), cast, dict(totals)))
    return found


def test_a_share_stands_at_the_end_of_the_minute_whose_votes_it_has() -> None:
    data = race_data(moments(3, 1), CANDIDATES, NOON + timedelta(hours=1))
    assert list(data["at"]) == [NOON + timedelta(minutes=minute) for minute in (1, 1, 2, 2)]
    assert list(data["share"]) == [1.0, 0.0, 0.75, 0.25]


def test_a_share_of_an_unfinished_minute_stands_at_now() -> None:
    now = NOON + timedelta(seconds=75)
    assert race_data(moments(3, 1), CANDIDATES, now)["at"].max() == now


def test_the_ends_of_the_lines_have_the_candidates_symbol_and_share() -> None:
    data = race_data(moments(3, 1), CANDIDATES, NOON)
    assert list(data["label"])[-2:] == [
        f"{CANDIDATES[0].mark.symbol} 75.0%",
        f"{CANDIDATES[1].mark.symbol} 25.0%",
    ]


def test_a_minute_that_is_not_over_is_pale_and_says_so() -> None:
    data = pace_data(moments(30, 20, 10), NOON + timedelta(seconds=150))
    assert list(data["label"]) == ["30", "", "10 so far"]
    assert data["strength"].iloc[-1] < data["strength"].iloc[0]
    over = pace_data(moments(30, 20, 10), NOON + timedelta(minutes=3))
    assert list(over["label"]) == ["30", "", "10"]
    assert over["strength"].nunique() == 1


def test_two_labels_never_lie_on_each_other() -> None:
    data = pace_data(moments(*[1] * 98, 50, 10), NOON + timedelta(hours=9))
    assert [label for label in data["label"] if label] == ["10"]


@pytest.mark.parametrize("spec", [race_spec, pace_spec, delay_spec])
def test_every_axis_of_time_is_in_utc(spec: Any) -> None:
    axes = [layer["encoding"]["x"] for layer in spec(Colours("#000000", "#ffffff"))["layer"]]
    assert axes
    assert all(axis["scale"] == {"type": "utc"} for axis in axes)
