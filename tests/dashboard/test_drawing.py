"""The data and the axes of the charts and the map."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.drawing.charts import Colours, delay_spec, pace_data, pace_spec, race_data, race_spec, spread
from dashboard.figures.places import make_map
from dashboard.figures.view import View, list_candidates
from election.model import topics
from election.model.messages import Tally
from election.results.board import Board
from tests.dashboard.staged import staged_sources

NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
CANDIDATES = list_candidates([], [{"candidate_id": "a"}, {"candidate_id": "b"}], {}, {})


def view(seconds: float) -> View:
    """So many seconds after noon: three votes for a in the first minute, one for b in the second."""
    board = Board()
    for minute, one, votes in ((0, "a", 3), (1, "b", 1)):
        at = (NOON + timedelta(minutes=minute)).isoformat()
        board.totals[topics.VOTES_PER_MINUTE][f"{at}|{one}"] = Tally(votes, NOON, one, minute=at)
    return View(NOON.timestamp() + seconds, candidates=CANDIDATES, board=board)


@pytest.mark.parametrize(("now", "newest"), [(75, 75), (3600, 120)])
def test_a_share_stands_at_the_end_of_its_minute_or_at_now(now: float, newest: float) -> None:
    data = race_data(view(now)).to_pydict()
    assert data["value"] == [1.0, 0.75, 0.0, 0.25]
    assert [(at - NOON).total_seconds() for at in data["at"]] == [60, newest] * 2
    a, b = (one.mark.symbol for one in CANDIDATES)
    assert data["label"] == [None, f"{a} 75.0%", None, f"{b} 25.0%"]


def test_a_minute_that_is_not_over_is_pale() -> None:
    first, second = pace_data(view(90)).to_pydict()["strength"]
    assert second < first
    assert pace_data(view(120)).to_pydict()["strength"] == [first] * 2


@pytest.mark.parametrize("spec", [race_spec, pace_spec, delay_spec])
def test_every_axis_of_time_is_in_utc(spec: Any) -> None:
    assert spec(Colours("#000000", "#ffffff"))["encoding"]["x"]["scale"] == {"type": "utc"}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(0.001, 0.2))
def test_labels_keep_their_order_and_their_distance_and_stay_on_the_chart(values: list[float], distance: float) -> None:
    top = max(values)
    placed = spread(values, distance, top)
    distance = min(distance, top / max(len(values) - 1, 1))
    order = sorted(range(len(values)), key=lambda index: values[index])
    assert all(placed[upper] - placed[lower] >= distance - 1e-9 for lower, upper in pairwise(order))
    assert min(placed) >= -1e-9
    assert max(placed) <= top + 1e-9


def test_labels_that_have_room_stay_where_they_are() -> None:
    assert spread([0.1, 0.9], 0.2, 1) == [0.1, 0.9]


def test_a_place_of_several_parts_has_its_symbol_in_the_largest() -> None:
    small, large = (
        np.array([(x, 45.0), (x + size, 45.0), (x + size, 45.0 + size), (x, 45.0 + size), (x, 45.0)])
        for x, size in ((9, 0.1), (0, 1))
    )
    x, y = make_map({"North": [[small], [large]]}).middles["North"]
    assert (round(x, 2), round(y, 2)) == (0.35, 45.5)


def test_every_place_of_montreal_is_on_the_map() -> None:
    sources = staged_sources(0.0)
    assert sources.map
    assert set(sources.map.middles) == set(sources.locations)
