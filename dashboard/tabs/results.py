"""The tab Results: the candidates, their parties, and how the race went."""

from collections import Counter

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard.drawing import charts
from dashboard.drawing.markup import parts, scoreboard
from dashboard.drawing.page import Page, show
from dashboard.drawing.tables import fold_away
from dashboard.figures import words
from dashboard.figures.figures import fold, overall, unranked
from dashboard.figures.over_time import MINUTE, race
from dashboard.figures.view import View, once
from dashboard.tabs.headline import status
from election.model import topics


def render(view: View, _page: Page) -> None:
    show(_candidates(view))
    if not view.candidates:
        return
    fold_away(view, "candidates", f"All {words.number(len(view.ranked), 'candidate')} as a table", candidate_rows)
    if len(rows := party_rows(view)):
        fold_away(view, "parties", "Parties as a table", party_rows, open_at_first=bool(max(rows.Candidates) > 1))
    _race(view)


@once
def _candidates(view: View) -> Markup:
    if not view.candidates:
        return parts.heading("Candidates") + parts.empty("They show here once main.py has registered them.")
    beside = unranked(view.candidates, view.board.votes_per_candidate)
    note = status(view) + (". Shares are of the votes for candidates" if beside else "")
    return parts.heading("Candidates", note) + scoreboard(overall(view), beside)


def candidate_rows(view: View) -> pd.DataFrame:
    """A row for everybody who stands, and for blank and invalid votes."""
    return pd.DataFrame(
        {
            "Candidate": one.candidate.name,
            "Party": one.candidate.party,
            "Kind": str(one.candidate.kind),
            "Votes": one.votes,
            "Percent": words.share(one.votes, one.total),
        }
        for one in (*overall(view), *unranked(view.candidates, view.board.votes_per_candidate))
    )


@once
def party_rows(view: View) -> pd.DataFrame:
    """A row for each party that has a name, most votes first."""
    votes = {tally.party_affiliation: tally.total_votes for tally in view.board.rows(topics.VOTES_PER_PARTY)}
    candidates = Counter(one.party for one in view.ranked if one.party)
    total = sum(one.votes for one in overall(view))
    return pd.DataFrame(
        {
            "Party": party,
            "Candidates": candidates[party],
            "Votes": votes.get(party, 0),
            "Percent": words.share(votes.get(party, 0), total),
        }
        for party in sorted(candidates, key=lambda party: -votes.get(party, 0))
    )


def _race(view: View) -> None:
    moments = race(view)
    if len(moments) < 2:
        show(parts.heading("The race over time") + parts.empty("It is drawn from the second minute of voting on."))
        return
    colours = charts.theme_colours()
    note = "Each candidate's share of the votes for candidates so far, by the time of casting, in UTC"
    show(parts.heading("The race over time", note) + parts.legend(view.drawn))
    alt = "Lines of each candidate's share of all votes so far. The table below has the figures."
    st.vega_lite_chart(charts.race_data(view), charts.race_spec(colours), width="stretch", key="race", alt=alt)
    step = (moments[0].until - moments[0].at) // MINUTE
    each = "each minute" if step == 1 else f"each {step} minutes"
    show(parts.heading(f"Votes cast in {each}", "By the time of casting, in UTC; a pale bar is not over yet"))
    alt = f"Bars of the votes cast in {each}. The table below has the figures."
    st.vega_lite_chart(charts.pace_data(view), charts.pace_spec(colours), width="stretch", key="pace", alt=alt)
    fold_away(view, "race", "The race as a table, newest first", race_rows)


def race_rows(view: View) -> pd.DataFrame:
    """A row for each stretch of time: its votes, and everybody's share up to its end."""
    return pd.DataFrame(
        {
            "From": moment.at,
            "Until": moment.until,
            "Votes": moment.votes,
            **{one.candidate.name: words.share(one.votes, one.total) for one in fold(view, moment.totals)},
        }
        for moment in reversed(race(view))
    )
