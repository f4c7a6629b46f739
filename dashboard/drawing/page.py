"""The frame of the page: its style, the sidebar, and the fragment that refreshes by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.data.sources import Sources, open_sources
from dashboard.drawing.markup import parts
from dashboard.figures.view import View
from election.model.errors import ElectionError

HERE = Path(__file__).parent
TABS = "Results", "Places", "Voters", "Integrity"
INTERVALS, INTERVAL, PAUSE = (0.5, 1, 2, 5, 10), 1, 0
PAUSED = "paused"


@dataclass(frozen=True)
class Page:
    """One viewer's page: where its figures come from, and how often it refreshes (None: paused)."""

    sources: Sources
    interval_seconds: float | None

    def live(self, render: Callable[[View], None]) -> None:
        """Renders now and again every interval, all of it from one look at the count; paused, from the same one.

        The fragment is alone in its container: a late server can drop it, and whatever stood below would take its
        place, which ends the page.
        """

        @st.fragment(run_every=self.interval_seconds)
        def refresh() -> None:
            view = self.sources.look()
            if self.interval_seconds is None:
                view = st.session_state.setdefault(PAUSED, view)
            else:
                st.session_state.pop(PAUSED, None)
            render(view)

        with st.container():
            refresh()


def show(html: str) -> None:
    """Puts HTML on the page."""
    st.html(f'<div class="e-page">{html}</div>')


def open_page() -> Page:
    """Sets up the page and its sidebar; why there can be none is said instead."""
    st.set_page_config("Election results", str(HERE / "icon.svg"), "wide", initial_sidebar_state="collapsed")
    st.html(HERE / "style.css")
    try:
        sources = open_sources()
    except ElectionError as error:
        show(parts.notice([f"The dashboard can't start: {error}"]))
        st.stop()
    with st.sidebar:
        interval = st.selectbox(
            "Refresh every",
            (*INTERVALS, PAUSE),
            INTERVALS.index(INTERVAL),
            format_func=lambda seconds: f"{seconds:g} s" if seconds else "Pause: figures stay as they are",
            key="refresh",
        )
    return Page(sources, interval or None)


def open_tabs() -> list:
    """The tabs; the open one is in the address (?tab=Places), and only that one is worked out."""
    return list(st.tabs(TABS, key="tab", bind="query-params"))
