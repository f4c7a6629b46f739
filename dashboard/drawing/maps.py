"""The map of places: a Vega-Lite chart of their outlines, without tiles or projection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyarrow import Table

from dashboard.drawing.charts import SHOWN, Colours
from dashboard.drawing.markup import isolated
from dashboard.figures.palette import NOTHING
from dashboard.figures.places import Map, places
from dashboard.figures.view import View, once
from dashboard.figures.words import points

EDGE, CHOSEN_EDGE = 0.7, 4
CLICKED = "clicked"
# Shades of a lead, in points: (at least, how strong the colour is, words).
SHADES = (15, 0.95, "15 points or more"), (5, 0.68, "5 to 15"), (0, 0.42, "less than 5")
UNSHADED = 0.12


def shade(part: float, whole: float) -> float:
    """How strong a lead's colour is."""
    return next(strength for least, strength, _ in SHADES if 100 * part >= least * whole)


@dataclass(frozen=True)
class Chosen:
    """The place that is chosen on the page, and how many times one was, of them by a click on the map.

    With `times` among its data, no two clicks on the map are the same.
    """

    place: str | None = None
    times: int = 0
    clicks: int = 0


@once
def map_data(view: View, drawn: Map, chosen: Chosen) -> Table:
    """A row for each place with an outline: its fill and edge, and what its tooltip says."""
    rows: list[dict[str, Any]] = []
    for place in places(view):
        if place.name not in drawn.middles:
            continue
        leading = place.lead
        first = leading.alone if leading else None
        is_chosen = place.name == chosen.place
        rows.append(
            {
                "location": place.name,
                "x": drawn.middles[place.name][0],
                "y": drawn.middles[place.name][1],
                "edge": CHOSEN_EDGE if is_chosen else EDGE,
                "times": chosen.times,
                "said": f"{place.name}, chosen" if is_chosen else place.name,
                "fill": first.mark.colour if first else NOTHING,
                "strength": shade(leading.votes, leading.leaders[0].total) if leading else UNSHADED,
                "symbol": first.mark.symbol if first else "=" if leading else "",
                "leader": isolated(first.name) if first else "Tie" if leading else "No votes",
                "lead": points(leading.votes, leading.leaders[0].total) if leading else "–",
                "counted": f"{place.counted:,}" + (f" of {place.registered:,}" if place.registered else ""),
            }
        )
    return Table.from_pylist(rows)


def map_spec(outlines: Mapping[str, Any], places: Table, colours: Colours) -> dict[str, Any]:
    """Outlines filled by the place's row, with the leader's symbol in the middle; a place can be clicked."""
    said = {"location": "Place", "leader": "Leads", "lead": "Lead", "counted": "Counted"}
    tooltip = [{"field": name, "title": title} for name, title in said.items()]
    symbol = {"type": "text", "fontSize": 11, "fontWeight": 700, "color": colours.ink, "tooltip": None}
    halo = {"stroke": colours.paper, "strokeWidth": 3, "strokeJoin": "round"}
    where = {
        "longitude": {"field": "x", "type": "quantitative"},
        "latitude": {"field": "y", "type": "quantitative"},
        "text": {"field": "symbol"},
    }
    return {
        "projection": {"type": "identity", "reflectY": True},
        "layer": [
            {
                "data": {"values": outlines, "format": {"property": "features"}},
                "transform": [
                    {
                        "lookup": "properties.location",
                        "from": {
                            "data": {"name": "places"},
                            "key": "location",
                            "fields": [*said, "said", "fill", "strength", "edge", "times"],
                        },
                    }
                ],
                "params": [{"name": CLICKED, "select": {"type": "point", "fields": ["location", "times"]}}],
                "mark": {"type": "geoshape", "stroke": colours.ink, "strokeOpacity": 0.8, "cursor": "pointer"},
                "encoding": {
                    "strokeWidth": {"field": "edge", "type": "quantitative", "scale": None},
                    "fill": {"field": "fill", **SHOWN},
                    "fillOpacity": {"field": "strength", "type": "quantitative", "scale": None},
                    "tooltip": tooltip,
                    "description": {"field": "said"},
                },
            },
            {"data": {"name": "places"}, "mark": {**symbol, **halo}, "encoding": where},
            {"data": {"name": "places"}, "mark": symbol, "encoding": where},
        ],
        "datasets": {"places": places},
    }
