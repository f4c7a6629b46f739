"""The tab Voters: turnout and votes by gender and age, and the roll. For whom somebody voted is never shown."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard.data.database import PAGE_SIZE, Search, search_roll
from dashboard.drawing.markup import parts
from dashboard.drawing.page import Page, show
from dashboard.drawing.tables import fold_away
from dashboard.figures import words
from dashboard.figures.figures import KINDS, VoterGroup, voter_groups
from dashboard.figures.health import waiting
from dashboard.figures.view import View, once
from dashboard.tabs.headline import status
from election.model.errors import CannotLook
from election.platform.settings import Settings

ANY = "All"
VOTED = {ANY: None, "Voted": True, "Not yet": False}
ROLL_SECONDS, SEARCHES_KEPT = 5, 100
ROLL_NOTE = "Everybody who may vote, and whether they have. For whom somebody voted is secret and not shown."
Answer = tuple[list[dict[str, Any]], bool]


def render(view: View, page: Page) -> None:
    for kind in KINDS:
        show(_groups(view, kind))
        if voter_groups(view, kind):
            fold_away(view, f"by-{kind}", f"Figures by {kind} as a table", group_rows, kind)
    show(parts.heading("The roll", ROLL_NOTE))
    if waiting(view):
        show(parts.empty("The roll shows here once main.py has registered the voters."))
    else:
        _roll(page)


@once
def _groups(view: View, kind: str) -> Markup:
    """Each group's turnout, if there is one, and how its votes are divided."""
    title, note = f"Turnout and votes by {kind}", "How each group's votes for candidates are divided"
    if view.one_voter_per_ballot:
        title = f"Votes by {kind}"
        note += ". The election has one voter per ballot, so that no turnout is shown"
    groups = voter_groups(view, kind)
    if not groups:
        return parts.heading(title, note) + parts.empty("No votes are counted yet.")
    rows = [(group.name, _say_turnout(view, group), group.standings) for group in groups]
    return parts.heading(title, f"{note}. {status(view)}") + parts.legend(view.drawn) + parts.stacked(rows)


def _say_turnout(view: View, group: VoterGroup) -> str:
    if view.one_voter_per_ballot or not group.registered:
        return words.votes(group.votes)
    share = words.percent(group.votes, group.registered)
    return f"Turnout {share} · {group.votes:,} of {group.registered:,}"


def group_rows(view: View, kind: str) -> pd.DataFrame:
    """A row for each group: its turnout, if there is one, and the votes of those drawn."""
    rows = []
    for group in voter_groups(view, kind):
        turnout = words.share(group.votes, group.registered or 0)
        whole = {} if view.one_voter_per_ballot else {"Registered": group.registered, "Turnout": turnout}
        votes = {one.candidate.name: one.votes for one in group.standings}
        rows.append({words.capital(kind): group.name, "Counted": group.votes, **whole, **votes})
    return pd.DataFrame(rows)


def _roll(page: Page) -> None:
    """The roll, a page at a time. `roll_pages` are the registration numbers after which the pages so far began."""
    name, where, voted = st.columns([3, 2, 2])
    search = Search(
        name.text_input("Name or registration number", key="roll_text", placeholder="Part of a name, or 012-0000345"),
        where.selectbox("Place", page.sources.locations, index=None, placeholder="All places", key="roll_place"),
        VOTED[voted.segmented_control("Has voted", VOTED, default=ANY, required=True, key="roll_voted")],
    )
    if st.session_state.get("roll_search") != search:
        st.session_state.roll_search, st.session_state.roll_pages = search, [""]
    pages: list[str] = st.session_state.roll_pages
    answer = ask(page.sources.settings, search, pages[-1])
    if answer == ([], False) and len(pages) > 1:  # who was there has voted meanwhile
        del pages[1:]
        answer = ask(page.sources.settings, search, pages[-1])
    if isinstance(answer, CannotLook):
        show(parts.notice([f"The roll can't be searched now: {answer}"]))
        return
    found, more = answer
    if not found:
        show(parts.empty("Nobody on the roll matches." if search != Search() else "The roll is empty so far."))
        return
    show(roll_table(found, len(pages)))
    turn = st.session_state.update
    before, after = {"roll_pages": pages[:-1]}, {"roll_pages": [*pages, found[-1]["registration_number"]]}
    back, on, _ = st.columns([1, 1, 4])
    back.button("Previous", on_click=turn, args=(before,), disabled=len(pages) == 1, width="stretch")
    on.button("Next", on_click=turn, args=(after,), disabled=not more, width="stretch")


@st.cache_resource(ttl=ROLL_SECONDS, max_entries=SEARCHES_KEPT, show_spinner=False)
def ask(_settings: Settings, search: Search, after: str) -> Answer | CannotLook:
    """A page of the roll as PostgreSQL gave it some seconds ago at most, to whichever viewer asked first."""
    try:
        return search_roll(_settings, search, after)
    except CannotLook as error:
        return error


def roll_table(found: Sequence[Mapping[str, Any]], number: int) -> Markup:
    """A page of the roll as a table."""
    first = (number - 1) * PAGE_SIZE + 1
    rows = []
    for row in found:
        place = dict.fromkeys((row["address_city"], row["address_state"]))
        voter = row["registration_number"], row["voter_name"], row["registered_age"], words.capital(row["gender"])
        rows.append((*voter, ", ".join(place), "✓ voted" if row["voted"] else "○ not yet"))
    caption = f"Voters {first:,} to {first + len(found) - 1:,}, by registration number"
    return parts.table(caption, ("Registration", "Name", "#Age", "Gender", "Place", "Vote"), rows)
