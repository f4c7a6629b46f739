"""Every place in a table, below the map on the tab Places."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from pyarrow import Table

from dashboard.drawing import charts
from dashboard.drawing.downloads import offer
from dashboard.drawing.markup import isolated, parts
from dashboard.drawing.page import show
from dashboard.figures import words
from dashboard.figures.figures import Lead
from dashboard.figures.places import Place, places
from dashboard.figures.view import Candidate, View

TIED_SHOWN = 3
TURNOUT, SHARE_COUNTED = "Turnout", "Share counted"


def render(view: View) -> None:
    """The table."""
    found = view.once(places)
    show(parts.heading("Every place", "Sort by clicking a column's name; search with the loupe above the table"))
    if not found:
        show(parts.empty("No votes are counted yet."))
        return
    st.dataframe(
        view.once(table_data),
        hide_index=True,
        height=min(len(found) + 1, 14) * 35 + 3,
        key="places",
        placeholder="–",
        alt="Votes, leader, lead and how much is counted of every place",
        column_config={
            "Lead": st.column_config.NumberColumn(format="%.1f points"),
            **{
                name: st.column_config.ProgressColumn(format="%.1f%%", min_value=0, max_value=100)
                for name in (TURNOUT, SHARE_COUNTED)
            },
            **{
                name: st.column_config.NumberColumn(format="localized")
                for name in ("Counted", "Registered", *map(_column, view.drawn))
            },
        },
    )
    offer(view, "places", place_rows)


def _column(candidate: Candidate) -> str:
    return f"{candidate.mark.symbol} {isolated(candidate.name)}"


def table_data(view: View) -> Table:
    """A row for each place: who leads, by how much, the votes of those drawn, and the turnout where there is one."""
    return charts.encode(pd.DataFrame([_row(place, view) for place in view.once(places)]))


def _row(place: Place, view: View) -> dict[str, object]:
    found, votes = place.lead, view.fold(place.votes)
    return {
        "Place": place.name,
        "Leads": say_leaders(found),
        "Lead": words.share(found.votes, found.leaders[0].total) if found else None,
        SHARE_COUNTED if view.one_voter_per_ballot else TURNOUT: words.share(place.counted, place.registered)
        if place.registered and place.turned_out
        else None,
        "Counted": place.counted,
        **({} if view.one_voter_per_ballot else {"Registered": place.registered}),
        **{_column(one): votes[one.candidate_id] for one in view.drawn},
    }


def place_rows(view: View) -> pd.DataFrame:
    """A row for each place with everybody's votes, to take along."""
    return pd.DataFrame(
        {
            "place": place.name,
            "registered": place.registered,
            "counted": place.counted,
            **{one.name: place.votes.get(one.candidate_id, 0) for one in view.candidates},
        }
        for place in view.once(places)
    )


def say_leaders(lead: Lead | None) -> str:
    """'● Denis Coderre'; those who are tied with = between them; a dash before the first vote."""
    if lead is None:
        return "–"
    named = [f"{one.candidate.mark.symbol} {isolated(one.candidate.name)}" for one in lead.leaders[:TIED_SHOWN]]
    more = len(lead.leaders) - TIED_SHOWN
    return " = ".join(named) + (f" = {words.number(more, 'other')}" if more > 0 else "")
