"""Vega-Lite charts. A chart's spec stays the same while votes come in and only its data change, so nothing flickers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import streamlit as st
from pyarrow import Table

from dashboard.figures.race import Moment, spread
from dashboard.figures.speed import Delay
from dashboard.figures.view import Candidate
from dashboard.figures.words import count, percent

LABEL_SPREAD, SPARK_LABEL_SPREAD = 0.062, 0.14
LABEL_DX = 22
SPARK_HEIGHT, CHART_HEIGHT = 150, 300
# Vega makes room by itself for labels that stand out on the right.
RIGHT = 8
# Labels of two bars that are nearer than this part of the chart's width would lie on each other.
LABEL_DISTANCE = 0.15
# A short election has ticks between the minutes: they stay without a label, so that no time stands there twice.
WHOLE_MINUTES = "utcseconds(datum.value) === 0 ? utcFormat(datum.value, '%H:%M') : ''"
SHOWN = {"scale": None, "type": "nominal"}


@dataclass(frozen=True)
class Colours:
    """Ink and paper of the theme that the viewer uses."""

    ink: str
    paper: str


def theme_colours() -> Colours:
    return Colours("#eef1f4", "#12161c") if st.context.theme.type == "dark" else Colours("#16191d", "#ffffff")


def draw(
    spec: dict[str, Any],
    data: Table | None,
    alt: str,
    key: str,
    on_select: Callable[[], None] | None = None,
    height: Literal["content", "stretch"] = "content",
) -> None:
    """Shows a chart; `alt` tells those who don't see it what it shows. `on_select` is called after a click on a mark.

    A chart whose `alt` changes is drawn anew, with a flicker: what changes belongs into a table beside it.
    """
    st.vega_lite_chart(data, spec, width="stretch", height=height, key=key, alt=alt, on_select=on_select or "ignore")


def encode(data: pd.DataFrame) -> Table:
    """The data as they are sent: so every viewer's page need not do it again."""
    return Table.from_pandas(data, preserve_index=False)


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


def race_data(moments: Sequence[Moment], candidates: Sequence[Candidate], now: datetime) -> pd.DataFrame:
    """A row for each moment and candidate: the share at its end; the last ones carry labels that don't overlap."""
    shares = [
        [moment.totals.get(one.candidate_id, 0) / max(moment.total, 1) for one in candidates] for moment in moments
    ]
    top = max((share for row in shares for share in row), default=0)
    places = spread(shares[-1], LABEL_SPREAD * top, top) if shares else []
    return pd.DataFrame(
        {
            "at": max(moment.at, min(moment.until, now)),
            "candidate": one.candidate_id,
            "share": share,
            "colour": one.mark.colour,
            "label": f"{one.mark.symbol} {percent(moment.totals.get(one.candidate_id, 0), moment.total)}",
            "label_at": places[position] if moment is moments[-1] else None,
        }
        for moment, row in zip(moments, shares, strict=True)
        for position, (one, share) in enumerate(zip(candidates, row, strict=True))
    )


def race_spec(colours: Colours) -> dict[str, Any]:
    """Lines of each candidate's share of all votes so far, each joined with its label at the end."""
    time = _time(colours)
    share = {**_amount("share", colours, format="%", tickCount=5), "scale": {"zero": True, "nice": False}}
    colour = {"color": {"field": "colour", **SHOWN}}
    ends = [{"filter": "isValid(datum.label_at)"}]
    label_at = {**share, "field": "label_at"}
    text = {"type": "text", "align": "left", "dx": LABEL_DX, "fontSize": 13, "fontWeight": 600, "clip": False}
    return {
        "height": CHART_HEIGHT,
        "padding": {"left": 4, "top": 12, "right": RIGHT, "bottom": 4},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.5, "interpolate": "linear"},
                "encoding": {"x": time, "y": share, "detail": {"field": "candidate", "type": "nominal"}, **colour},
            },
            {
                "transform": ends,
                "mark": {"type": "rule", "strokeWidth": 1, "x2Offset": LABEL_DX - 3, "clip": False},
                "encoding": {"x": time, "x2": {"field": "at"}, "y": share, "y2": {"field": "label_at"}, **colour},
            },
            {
                "transform": ends,
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"x": time, "y": share, **colour},
            },
            {
                "transform": ends,
                "mark": {**text, "color": colours.ink, "baseline": "middle"},
                "encoding": {"x": time, "y": label_at, "text": {"field": "label"}},
            },
        ],
    }


def pace_data(moments: Sequence[Moment], now: datetime) -> pd.DataFrame:
    """A row for each moment: its votes; the newest, and the busiest if there is room, are labelled."""
    busiest = max(range(len(moments)), key=lambda index: moments[index].votes, default=0)
    newest = len(moments) - 1
    labelled = {newest} | ({busiest} if newest - busiest >= LABEL_DISTANCE * len(moments) else set())
    return pd.DataFrame(
        {
            "at": moment.at,
            "until": moment.until,
            "votes": moment.votes,
            "strength": 0.25 if now < moment.until else 0.6,
            "label": count(moment.votes) + (" so far" if now < moment.until else "") if index in labelled else "",
        }
        for index, moment in enumerate(moments)
    )


def pace_spec(colours: Colours) -> dict[str, Any]:
    """Bars of the votes in each stretch of time; one that is not over is pale."""
    time, votes = _time(colours), _amount("votes", colours, tickCount=4, format=",.0f")
    return {
        "height": 190,
        "padding": {"left": 4, "top": 18, "right": RIGHT, "bottom": 4},
        "layer": [
            {
                "mark": {"type": "bar", "orient": "vertical", "color": colours.ink}
                | {"stroke": colours.paper, "strokeWidth": 1},
                "encoding": {
                    "x": {**time, "bandPosition": 0},
                    "x2": {"field": "until"},
                    "y": votes,
                    "y2": {"datum": 0},
                    "fillOpacity": {"field": "strength", "type": "quantitative", "scale": None},
                },
            },
            {
                "transform": [{"calculate": "(time(datum.at) + time(datum.until)) / 2", "as": "middle"}],
                "mark": {"type": "text", "baseline": "bottom", "dy": -3, "fontWeight": 600, "color": colours.ink}
                | {"fontSize": 13},
                "encoding": {"x": {**time, "field": "middle"}, "y": votes, "text": {"field": "label"}},
            },
        ],
    }


def delay_data(delays: Sequence[Delay]) -> pd.DataFrame:
    """Two rows for each second: median and 99th percentile, in milliseconds; the last ones carry labels."""
    last, highest = delays[-1], max(delay.p99 for delay in delays)
    at_50, at_99 = spread((1000 * last.p50, 1000 * last.p99), SPARK_LABEL_SPREAD * 1000 * highest, 1000 * highest)
    return pd.DataFrame(
        {
            "at": pd.Timestamp(delay.at, unit="s", tz="UTC"),
            "kind": kind,
            "ms": 1000 * seconds,
            "label": f"{kind} {1000 * seconds:,.0f} ms" if delay is last else None,
            "label_at": label_at,
        }
        for delay in delays
        for kind, seconds, label_at in (("p50", delay.p50, at_50), ("p99", delay.p99, at_99))
    )


def delay_spec(colours: Colours) -> dict[str, Any]:
    """Two lines, one dashed, labelled at their ends."""
    time = _time(colours, format="%H:%M:%S", tickCount=4, grid=False)
    ms = _amount("ms", colours, tickCount=3)
    dash = {"field": "kind", "scale": {"domain": ["p50", "p99"], "range": [[1, 0], [4, 3]]}, "legend": None}
    return {
        "height": SPARK_HEIGHT,
        "padding": {"left": 4, "top": 8, "right": RIGHT, "bottom": 4},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2, "color": colours.ink},
                "encoding": {"x": time, "y": ms, "strokeDash": {**dash, "type": "nominal"}},
            },
            {
                "transform": [{"filter": "isValid(datum.label)"}],
                "mark": {"type": "text", "align": "left", "dx": 6, "fontWeight": 600, "color": colours.ink},
                "encoding": {"x": time, "y": {**ms, "field": "label_at"}, "text": {"field": "label"}},
            },
        ],
    }
