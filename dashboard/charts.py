"""Vega-Lite charts. A chart's spec stays the same while votes come in and only its data change, so nothing flickers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import streamlit as st
from pyarrow import Table

from dashboard.figures import Moment, spread
from dashboard.speed import Delay
from dashboard.view import Candidate
from dashboard.words import count, percent

LABEL_SPREAD, SPARK_LABEL_SPREAD = 0.075, 0.14
SPARK_HEIGHT, CHART_HEIGHT = 150, 300
# A short election has ticks between the minutes: they stay without a label, so that no time stands there twice.
WHOLE_MINUTES = "seconds(datum.value) === 0 ? timeFormat(datum.value, '%H:%M') : ''"
TIME = {
    "field": "at",
    "type": "temporal",
    "title": None,
    "axis": {"labelExpr": WHOLE_MINUTES, "labelOverlap": True, "tickCount": 6},
}
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


def race_data(moments: Sequence[Moment], candidates: Sequence[Candidate]) -> pd.DataFrame:
    """A row for each moment and candidate: the share so far; the last ones carry labels that don't overlap."""
    shares = [
        [moment.totals.get(one.candidate_id, 0) / max(moment.total, 1) for one in candidates] for moment in moments
    ]
    every = [share for row in shares for share in row]
    places = spread(shares[-1], LABEL_SPREAD * max(max(every) - min(every), 0.02)) if shares else []
    return pd.DataFrame(
        {
            "at": moment.at,
            "candidate": one.candidate_id,
            "name": one.name,
            "share": share,
            "colour": one.mark.colour,
            "label": f"{one.mark.symbol} {percent(moment.totals.get(one.candidate_id, 0), moment.total)}",
            "label_at": places[position] if moment is moments[-1] else None,
        }
        for moment, row in zip(moments, shares, strict=True)
        for position, (one, share) in enumerate(zip(candidates, row, strict=True))
    )


def race_spec(colours: Colours) -> dict[str, Any]:
    """Lines of each candidate's share of all votes so far, labelled at their ends."""
    share = {"type": "quantitative", "title": None, "axis": {"format": "%", "tickCount": 5}, "scale": {"zero": False}}
    return {
        "height": CHART_HEIGHT,
        "padding": {"left": 4, "top": 12, "right": 74, "bottom": 4},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.5, "interpolate": "monotone"},
                "encoding": {
                    "x": TIME,
                    "y": {"field": "share", **share},
                    "detail": {"field": "candidate", "type": "nominal"},
                    "color": {"field": "colour", **SHOWN},
                },
            },
            {
                "transform": [{"filter": "isValid(datum.label_at)"}],
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"x": TIME, "y": {"field": "share", **share}, "color": {"field": "colour", **SHOWN}},
            },
            {
                "transform": [{"filter": "isValid(datum.label_at)"}],
                "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 14, "fontWeight": 600, "clip": False}
                | {"color": colours.ink, "baseline": "middle"},
                "encoding": {"x": TIME, "y": {"field": "label_at", **share}, "text": {"field": "label"}},
            },
        ],
    }


def pace_data(moments: Sequence[Moment], step: int) -> pd.DataFrame:
    """A row for each moment: its votes; the busiest and the newest are labelled."""
    busiest = max(moments, key=lambda moment: moment.votes, default=None)
    return pd.DataFrame(
        {
            "at": moment.at,
            "until": moment.at + pd.Timedelta(minutes=step),
            "votes": moment.votes,
            "label": count(moment.votes) if moment in (busiest, moments[-1]) else "",
        }
        for moment in moments
    )


def pace_spec(colours: Colours) -> dict[str, Any]:
    """Bars of the votes in each stretch of time."""
    votes = {"field": "votes", "type": "quantitative", "title": None, "axis": {"tickCount": 4, "format": ",.0f"}}
    return {
        "height": 190,
        "padding": {"left": 4, "top": 18, "right": 24, "bottom": 4},
        "layer": [
            {
                "mark": {"type": "bar", "orient": "vertical", "color": colours.ink, "opacity": 0.6},
                "encoding": {
                    "x": {**TIME, "bandPosition": 0},
                    "x2": {"field": "until"},
                    "y": votes,
                    "y2": {"datum": 0},
                },
            },
            {
                "transform": [{"calculate": "(time(datum.at) + time(datum.until)) / 2", "as": "middle"}],
                "mark": {"type": "text", "baseline": "bottom", "dy": -3, "fontWeight": 600, "color": colours.ink}
                | {"fontSize": 13},
                "encoding": {"x": {**TIME, "field": "middle"}, "y": votes, "text": {"field": "label"}},
            },
        ],
    }


def delay_data(delays: Sequence[Delay]) -> pd.DataFrame:
    """Two rows for each second: median and 99th percentile, in milliseconds; the last ones carry labels."""
    last, highest = delays[-1], max(delay.p99 for delay in delays)
    at_50, at_99 = spread((1000 * last.p50, 1000 * last.p99), SPARK_LABEL_SPREAD * 1000 * highest)
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
    time = {**TIME, "axis": {"format": "%H:%M:%S", "tickCount": 4, "grid": False}}
    ms = {"field": "ms", "type": "quantitative", "title": None, "axis": {"tickCount": 3}}
    dash = {"field": "kind", "scale": {"domain": ["p50", "p99"], "range": [[1, 0], [4, 3]]}, "legend": None}
    return {
        "height": SPARK_HEIGHT,
        "padding": {"left": 4, "top": 8, "right": 90, "bottom": 4},
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
