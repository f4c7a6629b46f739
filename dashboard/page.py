"""The frame of the page: its style, the sidebar, and the fragments that refresh by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard import markup
from dashboard.sources import Sources, open_sources
from dashboard.view import View
from election.config import SettingError

HERE = Path(__file__).parent
TABS = "Results", "Places", "Voters", "Integrity"
INTERVALS = (0.5, 1, 2, 5, 10)
# Charts and tables cost more than figures and change less: they refresh at most this often.
CHART_SECONDS = 2.0


@dataclass(frozen=True)
class Page:
    """One viewer's page: where its figures come from, and how often it refreshes (None: paused)."""

    sources: Sources
    interval_seconds: float | None

    def live(self, render: Callable[[View], None], at_most_every: float = 0.0) -> None:
        """Renders now and again every interval, without the rest of the page."""
        interval = None if self.interval_seconds is None else max(self.interval_seconds, at_most_every)

        @st.fragment(run_every=interval)
        def refresh() -> None:
            render(self.sources.look())

        refresh()

    def live_chart(self, render: Callable[[View], None]) -> None:
        self.live(render, CHART_SECONDS)


def show(html: str) -> None:
    """Puts HTML on the page."""
    st.html(f'<div class="e-page">{html}</div>')


def open_page() -> Page:
    """Sets up the page and its sidebar; a setting that can't be used is said instead of a page."""
    st.set_page_config("Election results", str(HERE / "icon.svg"), "wide", initial_sidebar_state="collapsed")
    st.html(HERE / "style.css")
    try:
        sources = open_sources()
    except SettingError as error:
        show(markup.notice([f"The dashboard can't start: {error}"]))
        st.stop()
    return Page(sources, _refresh_controls())


def _refresh_controls() -> float | None:
    with st.sidebar:
        st.markdown("### This page")
        paused = st.toggle("Pause", help="Figures stay as they are until you go on.", key="paused")
        interval = st.selectbox(
            "Refresh every", INTERVALS, format_func=lambda seconds: f"{seconds:g} s", key="refresh", disabled=paused
        )
        st.caption(
            "Figures come from the count's topics on Kafka; the roll and the record from PostgreSQL."
            " Every figure before “All votes counted” is a partial one."
        )
    return None if paused else interval


def open_tabs() -> list:
    """The tabs; the open one is in the address (?tab=Places), and only that one is worked out."""
    return list(st.tabs(TABS, key="tab", bind="query-params"))
