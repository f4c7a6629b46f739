"""The map of places: a Vega-Lite chart of their outlines, without tiles or projection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.drawing.charts import SHOWN, Colours
from dashboard.drawing.markup import isolated
from dashboard.figures.palette import NOTHING
from dashboard.figures.places import Place
from dashboard.figures.words import count, points

EDGE, CHOSEN_EDGE = 0.7, 4
CLICKED = "clicked"
# Shades of a lead, in points: (at least, how strong the colour is, words).
SHADES = (15, 0.95, "15 points or more"), (5, 0.68, "5 to 15"), (0, 0.42, "less than 5")
LEAST_COUNTED, MOST_COUNTED = 0.06, 0.7


def shade(part: float, whole: float) -> float:
    """How strong a lead's colour is."""
    in_points = 100 * part / whole if whole else 0
    return next(strength for least, strength, _ in SHADES if in_points >= least)


@dataclass(frozen=True)
class Chosen:
    """The place that is chosen on the page, and how many times one was, of them by a click on the map.

    With `times` among its data, no two clicks on the map are the same.
    """

    place: str | None = None
    times: int = 0
    clicks: int = 0


def say_counted(place: Place | None) -> str:
    """How many votes are counted, of how many voters if that is known."""
    if place is None:
        return "0"
    return f"{count(place.counted)} of {count(place.registered)}" if place.registered else count(place.counted)


def map_data(
    places: Sequence[Place], at: Mapping[str, tuple[float, float]], by_counted: bool, ink: str, chosen: Chosen
) -> pd.DataFrame:
    """A row for each place with an outline: its fill and edge, and what its tooltip says."""
    counts = {place.name: place for place in places}
    rows = []
    for name, (x, y) in at.items():
        place = counts.get(name)
        leading = place.lead if place else None
        first = leading.alone if leading else None
        done = min(place.counted / place.registered, 1) if place and place.registered else 0
        strength = shade(leading.votes, leading.leaders[0].total) if leading else 0.12
        rows.append(
            {
                "location": name,
                "x": x,
                "y": y,
                "fill": ink if by_counted else first.mark.colour if first else NOTHING,
                "edge": CHOSEN_EDGE if name == chosen.place else EDGE,
                "times": chosen.times,
                "said": f"{name}, chosen" if name == chosen.place else name,
                "strength": LEAST_COUNTED + (MOST_COUNTED - LEAST_COUNTED) * done if by_counted else strength,
                "symbol": (first.mark.symbol if first else "=" if leading else "") if not by_counted else "",
                "leader": isolated(first.name) if first else "Tie" if leading else "No votes",
                "lead": points(leading.votes, leading.leaders[0].total) if leading else "–",
                "counted": say_counted(place),
            }
        )
    return pd.DataFrame(rows)


def map_spec(outlines: Mapping[str, Any], colours: Colours) -> dict[str, Any]:
    """Outlines filled by the place's row, with the leader's symbol in the middle; a place can be clicked."""
    said = {"location": "Place", "leader": "Leads", "lead": "Lead", "counted": "Counted"}
    tooltip = [{"field": name, "title": title} for name, title in said.items()]
    symbol = {"type": "text", "fontSize": 11, "fontWeight": 700}
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
            {
                "data": {"name": "places"},
                "mark": {
                    **symbol,
                    "color": colours.ink,
                    "stroke": colours.paper,
                    "strokeWidth": 3,
                    "strokeJoin": "round",
                }
                | {"tooltip": None},
                "encoding": where,
            },
            {"data": {"name": "places"}, "mark": {**symbol, "color": colours.ink, "tooltip": None}, "encoding": where},
        ],
    }
