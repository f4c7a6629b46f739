"""The map of places."""

from __future__ import annotations

from dashboard.drawing.maps import say_counted
from dashboard.figures.outlines import middles, prepare_outlines
from dashboard.figures.places import Place
from tests.dashboard.staged import staged_sources


def test_a_place_of_several_parts_has_its_symbol_in_the_largest() -> None:
    small, large = (
        [(x, 45.0), (x + size, 45.0), (x + size, 45.0 + size), (x, 45.0 + size), (x, 45.0)]
        for x, size in ((9, 0.1), (0, 1))
    )
    outlines = prepare_outlines({"North": [[small], [large]]})
    assert outlines
    x, y = middles(outlines)["North"]
    assert (round(x, 2), round(y, 2)) == (0.35, 45.5)


def test_no_outlines_make_no_map() -> None:
    assert prepare_outlines({}) is None


def test_every_place_of_montreal_has_an_outline() -> None:
    sources = staged_sources(0.0)
    assert set(sources.middles) == set(sources.places)


def test_a_place_whose_voters_are_not_known_tells_its_votes_only() -> None:
    assert say_counted(Place("North", {"a": 1}, None)) == "1"
    assert say_counted(Place("North", {"a": 1}, 0)) == "1"
    assert say_counted(Place("North", {"a": 1}, 2000)) == "1 of 2,000"
    assert say_counted(None) == "0"
