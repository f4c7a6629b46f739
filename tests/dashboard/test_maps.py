"""The map of places."""

from __future__ import annotations

from typing import Any

from dashboard.drawing.maps import say_counted
from dashboard.figures.outlines import middles, prepare_outlines
from dashboard.figures.places import Place
from tests.dashboard.staged import staged_sources


def feature(name: str, west: float = 0.0) -> dict[str, Any]:
    square = [[west, 45.0], [west + 1, 45.0], [west + 1, 46.0], [west, 46.0], [west, 45.0]]
    return {"properties": {"location": name}, "geometry": {"type": "Polygon", "coordinates": [square]}}


def test_an_outline_of_no_place_of_the_election_can_not_be_clicked() -> None:
    outlines = prepare_outlines({"features": [feature("North"), feature("Atlantis", 5.0)]}, ("North", "South"))
    assert outlines
    assert list(middles(outlines)) == ["North"]


def test_outlines_of_another_election_make_no_map() -> None:
    assert prepare_outlines({"features": [feature("Atlantis")]}, ("North",)) is None
    assert prepare_outlines({}, ("North",)) is None


def test_every_place_of_montreal_has_an_outline() -> None:
    sources = staged_sources(0.0)
    assert set(sources.middles) == set(sources.places)


def test_a_place_whose_voters_are_not_known_tells_its_votes_only() -> None:
    assert say_counted(Place("North", {"a": 1}, None)) == "1"
    assert say_counted(Place("North", {"a": 1}, 0)) == "1"
    assert say_counted(Place("North", {"a": 1}, 2000)) == "1 of 2,000"
    assert say_counted(None) == "0"
