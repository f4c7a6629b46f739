"""The tab Results: the candidates, their parties, and how the race went."""

from __future__ import annotations

import streamlit as st

from dashboard import charts, markup, words
from dashboard.figures import overall, parties, race
from dashboard.headline import status
from dashboard.page import Page, show
from dashboard.view import View
from election import topics


def render(view: View, page: Page) -> None:
    """The tab."""
    _candidates(view, page)
    _race(view)


def _candidates(view: View, page: Page) -> None:
    if not view.candidates:
        show(markup.heading("Candidates") + markup.empty("The candidates show here once main.py has registered them."))
        return
    show(markup.heading("Candidates", status(view)) + markup.scoreboard(overall(view), page.sources.photos))
    total = view.counted
    rows = (
        (
            party.name,
            party.votes,
            total,
            f"{words.votes(party.votes)} · {words.percent(party.votes, total)}",
            party.candidates[0].mark,
        )
        for party in parties(view)
    )
    show(markup.heading("Parties", "Votes of each party's candidates") + markup.bars(rows))


def _race(view: View) -> None:
    step, moments = race(view.rows(topics.VOTES_PER_MINUTE))
    names = markup.legend(view.candidates)
    if len(moments) < 2:
        show(markup.heading("The race over time") + markup.empty("It is drawn from the second minute of voting on."))
        return
    colours = charts.theme_colours()
    show(
        markup.heading("The race over time", "Each candidate's share of all votes so far, by the time of casting")
        + names
    )
    charts.draw(
        charts.race_spec(colours),
        charts.race_data(moments, view.candidates),
        "Lines of each candidate's share of all votes so far. The table below has the figures.",
        "race",
    )
    each = "each minute" if step == 1 else f"each {step} minutes"
    show(markup.heading(f"Votes cast in {each}", "By the time of casting; the busiest and the newest are labelled"))
    charts.draw(
        charts.pace_spec(colours),
        charts.pace_data(moments, step),
        f"Bars of the votes cast in {each}. The table below has the figures.",
        "pace",
    )
    with st.expander("The race as a table"):
        rows = (
            [f"{moment.at:%H:%M} UTC", words.count(moment.votes)]
            + [words.percent(moment.totals.get(one.candidate_id, 0), moment.total) for one in view.candidates]
            for moment in reversed(moments)
        )
        columns = ["From", "#Votes", *(f"#{one.name}" for one in view.candidates)]
        show(markup.table("Votes and each candidate's share of all votes so far, newest first", columns, rows))
