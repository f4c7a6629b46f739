"""The tab Results: the candidates, their parties, and how the race went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st
from pyarrow import Table

from dashboard.data.photos import Photos
from dashboard.drawing import charts, markup
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import Stage, overall, parties, stage
from dashboard.figures.race import race
from dashboard.figures.view import View
from dashboard.tabs.headline import status
from election.model import topics


def render(view: View, page: Page) -> None:
    """The tab."""
    show(view.once(_candidates, page.sources.photos))
    if view.candidates:
        _parties(view)
    _race(view)


def _candidates(view: View, photos: Photos) -> str:
    if not view.candidates:
        return markup.heading("Candidates") + markup.empty("The candidates show here once main.py has registered them.")
    return markup.heading("Candidates", status(view)) + markup.scoreboard(overall(view), photos)


def _parties(view: View) -> None:
    """The parties; folded away when they tell nothing that the candidates don't."""
    if all(len(party.candidates) == 1 for party in view.once(parties)):
        with st.expander("Parties: one candidate each"):
            show(view.once(_party_bars))
    else:
        show(markup.heading("Parties", "Votes of each party's candidates") + view.once(_party_bars))


def _party_bars(view: View) -> str:
    total = view.counted
    return markup.bars(
        (
            party.name,
            party.votes,
            total,
            f"{words.votes(party.votes)} · {words.percent(party.votes, total)}",
            party.candidates[0].mark,
        )
        for party in view.once(parties)
    )


def _race(view: View) -> None:
    race = view.once(_run_race)
    if race is None:
        show(markup.heading("The race over time") + markup.empty("It is drawn from the second minute of voting on."))
        return
    colours = charts.theme_colours()
    show(race.title)
    alt = "Lines of each candidate's share of all votes so far. The table below has the figures."
    charts.draw(charts.race_spec(colours), race.shares, alt, "race")
    pale = "" if stage(view) is Stage.COUNTED else "; a pale bar is not over yet"
    show(markup.heading(f"Votes cast in {race.each}", f"By the time of casting, in UTC{pale}"))
    alt = f"Bars of the votes cast in {race.each}. The table below has the figures."
    charts.draw(charts.pace_spec(colours), race.pace, alt, "pace")
    with st.expander("The race as a table"):
        show(race.table)


@dataclass(frozen=True)
class Race:
    """The race over time as it is shown: each candidate's share, the votes of each stretch, and both as a table."""

    each: str
    title: str
    shares: Table
    pace: Table
    table: str


def _run_race(view: View) -> Race | None:
    step, moments = race(view.rows(topics.VOTES_PER_MINUTE))
    if len(moments) < 2:
        return None
    # When all is counted no stretch gets more votes, however new it is.
    now = moments[-1].until if stage(view) is Stage.COUNTED else datetime.fromtimestamp(view.now, UTC)
    note = "Each candidate's share of all votes so far, by the time of casting, in UTC"
    rows = (
        [f"{moment.at:%H:%M} – {moment.until:%H:%M} UTC", words.count(moment.votes)]
        + [words.percent(moment.totals.get(one.candidate_id, 0), moment.total) for one in view.candidates]
        for moment in reversed(moments)
    )
    columns = ["Cast", "#Votes", *(f"#{one.name}" for one in view.candidates)]
    return Race(
        "each minute" if step == 1 else f"each {step} minutes",
        markup.heading("The race over time", note),
        charts.encode(charts.race_data(moments, view.candidates, now)),
        charts.encode(charts.pace_data(moments, now)),
        markup.table("Votes, and each candidate's share of all votes up to then, newest first", columns, rows),
    )
