"""Vega-Lite charts. A chart's spec stays the same while votes come in and only its data change, so nothing flickers.

So does what is said of it to those who don't see it (`alt`): what changes belongs into a table below the chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import streamlit as st
from pyarrow import Table

from dashboard.figures import words
from dashboard.figures.figures import fold
from dashboard.figures.over_time import delays, race
from dashboard.figures.view import View, once

LABEL_DX = 22
# Vega makes room by itself for labels that stand out on the right.
PADDING = {"left": 4, "top": 18, "right": 8, "bottom": 4}
# A short election has ticks between the minutes: they stay without a label, so that no time stands there twice. A long
# one has the day at midnight.
DAY_OR_TIME = "utchours(datum.value) + utcminutes(datum.value) ? '%H:%M' : '%b %d'"
WHOLE_MINUTES = f"utcseconds(datum.value) === 0 ? utcFormat(datum.value, {DAY_OR_TIME}) : ''"
SHOWN = {"scale": None, "type": "nominal"}


@dataclass(frozen=True)
class Colours:
    """Ink and paper of the theme that the viewer uses."""

    ink: str
    paper: str


def theme_colours() -> Colours:
    return Colours("#eef1f4", "#12161c") if st.context.theme.type == "dark" else Colours("#16191d", "#ffffff")


def _time(colours: Colours, **axis: Any) -> dict[str, Any]:
    """The axis of time, in UTC whatever the viewer's clock says."""
    minutes = {"labelExpr": WHOLE_MINUTES, "labelOverlap": True, "tickCount": 6}
    return {
        "field": "at",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc"},
        "axis": {**(axis or minutes), "labelFlush": False, "labelColor": colours.ink},
    }


def _amount(name: str, colours: Colours, **axis: Any) -> dict[str, Any]:
    return {"field": name, "type": "quantitative", "title": None, "axis": {**axis, "labelColor": colours.ink}}


@dataclass(frozen=True)
class Line:
    """A line of a chart: its points, and the label at its end."""

    name: str
    colour: str
    label: str
    points: Sequence[tuple[datetime, float]]


def line_data(lines: Sequence[Line], label_distance: float) -> Table:
    """A row for each point; the last of a line has its label, at least this part of the chart from the others."""
    top = max((value for line in lines for _, value in line.points), default=0)
    places = spread([line.points[-1][1] for line in lines], label_distance * top, top)
    rows: list[dict[str, Any]] = []
    for line, place in zip(lines, places, strict=True):
        for at, value in line.points:
            point = {"line": line.name, "colour": line.colour, "at": at, "value": value}
            rows.append({**point, "label": None, "label_at": None})
        rows[-1] |= {"label": line.label, "label_at": place}
    return Table.from_pylist(rows)


def spread(values: Sequence[float], distance: float, top: float) -> list[float]:
    """Where labels for these values go: none nearer than `distance` to the next, none outside 0 to `top`.

    When there is no room for so many, they stand nearer.
    """
    distance = min(distance, top / max(len(values) - 1, 1))
    order = sorted(range(len(values)), key=values.__getitem__)
    placed = list(values)
    lowest, highest = 0.0, top
    for index in order:
        placed[index] = max(placed[index], lowest)
        lowest = placed[index] + distance
    for index in reversed(order):
        placed[index] = min(placed[index], highest)
        highest = placed[index] - distance
    return placed


def line_spec(
    colours: Colours, height: int, time: dict[str, Any], value: dict[str, Any], told_apart: dict[str, Any]
) -> dict[str, Any]:
    """Lines that are told apart by this encoding, each joined with its label at the end."""
    ends = [{"filter": "isValid(datum.label_at)"}]
    text = {"type": "text", "align": "left", "dx": LABEL_DX, "fontSize": 13, "fontWeight": 600, "clip": False}
    return {
        "height": height,
        "padding": PADDING,
        "encoding": {"x": time, "y": value, "detail": {"field": "line", "type": "nominal"}, **told_apart},
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2.5, "color": colours.ink}},
            {
                "transform": ends,
                "mark": {"type": "rule", "x2Offset": LABEL_DX - 3, "clip": False, "color": colours.ink},
                "encoding": {"x2": {"field": "at"}, "y2": {"field": "label_at"}},
            },
            {
                "transform": ends,
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": colours.ink},
            },
            {
                "transform": ends,
                "mark": {**text, "baseline": "middle"},
                "encoding": {
                    "y": {**value, "field": "label_at"},
                    "text": {"field": "label"},
                    "color": {"value": colours.ink},
                },
            },
        ],
    }


@once
def race_data(view: View) -> Table:
    """A line for each who is drawn: at the end of each moment, the share of all votes for candidates up to then."""
    now = datetime.fromtimestamp(view.now, UTC)
    ends = [max(moment.at, min(moment.until, now)) for moment in race(view)]
    standings = [fold(view, moment.totals) for moment in race(view)]
    lines = []
    for position, one in enumerate(view.drawn):
        so_far = [standing[position] for standing in standings]
        shares = [standing.votes / max(standing.total, 1) for standing in so_far]
        label = f"{one.mark.symbol} {words.percent(so_far[-1].votes, so_far[-1].total)}"
        lines.append(Line(one.candidate_id, one.mark.colour, label, list(zip(ends, shares, strict=True))))
    return line_data(lines, 0.062)


def race_spec(colours: Colours) -> dict[str, Any]:
    share = {**_amount("value", colours, format="%", tickCount=5), "scale": {"zero": True, "nice": False}}
    return line_spec(colours, 300, _time(colours), share, {"color": {"field": "colour", **SHOWN}})


@once
def delay_data(view: View) -> Table:
    """Two lines: the median and the 99th percentile of each second, in milliseconds."""
    seen, lines = delays(view), []
    for name in ("p50", "p99"):
        points = list(zip(seen.Second, seen[f"{name} ms"], strict=True))
        lines.append(Line(name, "", f"{name} {points[-1][1]:,} ms", points))
    return line_data(lines, 0.14)


def delay_spec(colours: Colours) -> dict[str, Any]:
    time = _time(colours, format="%H:%M:%S", tickCount=4, grid=False)
    dash = {"field": "line", "scale": {"domain": ["p50", "p99"], "range": [[1, 0], [4, 3]]}, "legend": None}
    told_apart = {"strokeDash": {**dash, "type": "nominal"}}
    return line_spec(colours, 150, time, _amount("value", colours, tickCount=3), told_apart)


@once
def pace_data(view: View) -> Table:
    """A row for each moment: its votes; one that is not over is pale."""
    rows = []
    for moment in race(view):
        strength = 0.6 if moment.until.timestamp() <= view.now else 0.25
        rows.append({"at": moment.at, "until": moment.until, "votes": moment.votes, "strength": strength})
    return Table.from_pylist(rows)


def pace_spec(colours: Colours) -> dict[str, Any]:
    return {
        "height": 190,
        "padding": PADDING,
        "mark": {"type": "bar", "orient": "vertical", "color": colours.ink, "stroke": colours.paper, "strokeWidth": 1},
        "encoding": {
            "x": {**_time(colours), "bandPosition": 0},
            "x2": {"field": "until"},
            "y": _amount("votes", colours, tickCount=4, format=",.0f"),
            "y2": {"datum": 0},
            "fillOpacity": {"field": "strength", "type": "quantitative", "scale": None},
        },
    }
