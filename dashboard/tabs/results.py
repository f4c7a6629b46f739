"""The tab Results: the candidates, their parties, and how the race went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st
from markupsafe import Markup
from pyarrow import Table

from dashboard.data.photos import Photos
from dashboard.drawing import charts
from dashboard.drawing.downloads import offer
from dashboard.drawing.markup import Bar, parts, scoreboard
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import (
    Party,
    Stage,
    Standing,
    candidate_votes,
    overall,
    parties,
    stage,
    unranked,
)
from dashboard.figures.palette import DRAWN, OTHER, Mark
from dashboard.figures.race import Moment, race
from dashboard.figures.view import Candidate, View
from dashboard.tabs.headline import status
from election.model import topics


def render(view: View, page: Page) -> None:
    """The tab."""
    show(view.once(_candidates, page.sources.photos))
    if not view.candidates:
        return
    with st.expander(f"All {words.number(len(view.ranked), 'candidate')} as a table"):
        show(view.once(_candidate_table))
    offer(view, "candidates", candidate_rows)
    if view.once(parties):
        _parties(view)
    _race(view)


def _candidates(view: View, photos: Photos) -> Markup:
    if not view.candidates:
        said = "The candidates show here once main.py has registered them."
        return parts.heading("Candidates") + parts.empty(said)
    beside = unranked(view.candidates, candidate_votes(view))
    note = status(view) + (". Shares are of the votes for candidates" if beside else "")
    return parts.heading("Candidates", note) + scoreboard(overall(view), beside, photos)


def _everybody(view: View) -> Sequence[Standing]:
    return [*overall(view), *unranked(view.candidates, candidate_votes(view))]


def _candidate_table(view: View) -> Markup:
    rows = [
        (one.candidate.name, one.candidate.party or "–", words.count(one.votes), words.percent(one.votes, one.total))
        for one in _everybody(view)
    ]
    return parts.table("Votes of everybody who stands", ("Candidate", "Party", "#Votes", "#Share"), rows)


def candidate_rows(view: View) -> pd.DataFrame:
    """A row for each candidate, to take along."""
    return pd.DataFrame(
        {
            "candidate": one.candidate.name,
            "party": one.candidate.party,
            "kind": str(one.candidate.kind),
            "votes": one.votes,
            "percent": words.share(one.votes, one.total) if one.total else None,
        }
        for one in _everybody(view)
    )


def _parties(view: View) -> None:
    """The parties; folded away when they tell nothing that the candidates don't."""
    if all(len(party.candidates) == 1 for party in view.once(parties)):
        with st.expander("Parties: one candidate each"):
            show(view.once(_party_bars))
    else:
        show(parts.heading("Parties", "Votes of each party's candidates") + view.once(_party_bars))
    offer(view, "parties", party_rows)


def _party_bars(view: View) -> Markup:
    found = view.once(parties)
    total = sum(one.votes for one in view.once(overall))
    shown, others = found[:DRAWN], found[DRAWN:]
    if others:
        name = f"and {words.number(len(others), 'other')}"
        shown = [*shown, Party(name, sum(party.votes for party in others), ())]
    return parts.bars(
        Bar(
            party.name,
            party.votes,
            total,
            f"{words.votes(party.votes)} · {words.percent(party.votes, total)}",
            _mark(party.candidates),
        )
        for party in shown
    )


def _mark(candidates: Sequence[Candidate]) -> Mark:
    """The mark of the first of a party's candidates who has one."""
    return next((one.mark for one in candidates if one.mark is not OTHER), OTHER)


def party_rows(view: View) -> pd.DataFrame:
    """A row for each party, to take along."""
    return pd.DataFrame(
        {"party": party.name, "candidates": len(party.candidates), "votes": party.votes} for party in view.once(parties)
    )


def _race(view: View) -> None:
    race = view.once(_run_race)
    if race is None:
        said = "It is drawn from the second minute of voting on."
        show(parts.heading("The race over time") + parts.empty(said))
        return
    colours = charts.theme_colours()
    show(race.title)
    alt = "Lines of each candidate's share of all votes so far. The table below has the figures."
    charts.draw(charts.race_spec(colours), race.shares, alt, "race")
    pale = "" if stage(view) is Stage.COUNTED else "; a pale bar is not over yet"
    show(parts.heading(f"Votes cast in {race.each}", f"By the time of casting, in UTC{pale}"))
    alt = f"Bars of the votes cast in {race.each}. The table below has the figures."
    charts.draw(charts.pace_spec(colours), race.pace, alt, "pace")
    with st.expander("The race as a table"):
        show(race.table)
    offer(view, "race", race_rows)


@dataclass(frozen=True)
class Race:
    """The race over time as it is shown: each candidate's share, the votes of each stretch, and both as a table."""

    each: str
    title: Markup
    shares: Table
    pace: Table
    table: Markup


def _moments(view: View) -> tuple[int, list[Moment]]:
    """Minutes per moment, and the moments with the votes of those who are drawn."""
    step, moments = race(view.rows(topics.VOTES_PER_MINUTE))
    return step, [replace(moment, totals=view.fold(moment.totals)) for moment in moments]


def _run_race(view: View) -> Race | None:
    step, moments = view.once(_moments)
    if len(moments) < 2:
        return None
    # When all is counted no stretch gets more votes, however new it is.
    now = moments[-1].until if stage(view) is Stage.COUNTED else datetime.fromtimestamp(view.now, UTC)
    note = "Each candidate's share of the votes for candidates so far, by the time of casting, in UTC"
    rows = (
        [f"{moment.at:%H:%M} – {moment.until:%H:%M} UTC", words.count(moment.votes)]
        + [words.percent(moment.totals[one.candidate_id], moment.total) for one in view.drawn]
        for moment in reversed(moments)
    )
    columns = ["Cast", "#Votes", *(f"#{one.name}" for one in view.drawn)]
    return Race(
        "each minute" if step == 1 else f"each {step} minutes",
        parts.heading("The race over time", note) + parts.legend(view.drawn),
        charts.encode(charts.race_data(moments, view.drawn, now)),
        charts.encode(charts.pace_data(moments, now)),
        parts.table("Votes, and each candidate's share up to then, newest first", columns, rows),
    )


def race_rows(view: View) -> pd.DataFrame:
    """A row for each stretch of time: its votes, and everybody's votes up to its end; to take along."""
    _, moments = race(view.rows(topics.VOTES_PER_MINUTE))
    return pd.DataFrame(
        {
            "from": moment.at.isoformat(),
            "until": moment.until.isoformat(),
            "votes": moment.votes,
            **{one.name: moment.totals.get(one.candidate_id, 0) for one in view.candidates},
        }
        for moment in moments
    )
