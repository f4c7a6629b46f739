"""The tab Voters: turnout and votes by gender and age, and the roll. For whom somebody voted is never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from dashboard.data.database import NOT_YET, PAGE_SIZE, VOTED, Search, Unavailable, search_roll
from dashboard.drawing.downloads import offer
from dashboard.drawing.markup import Bar, parts
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import Standing, Turnout, by_group, turnout
from dashboard.figures.health import waiting
from dashboard.figures.view import View
from dashboard.tabs.headline import status
from election.model import topics
from election.platform.settings import Settings

ANY = "All"
ONE_VOTER_PER_BALLOT = "The election has one voter per ballot, so that no turnout is shown."
ROLL_SECONDS, SEARCHES_KEPT = 5, 100
ROLL_NOTE = "Everybody who may vote, and whether they have. For whom somebody voted is secret and not shown."
Answer = tuple[list[Mapping[str, Any]], bool]
NONE_COUNTED = "No votes are counted yet."
# By the name of each kind of group: the topics of its turnout and of its votes, and its field there.
KINDS = {
    "gender": (topics.TURNOUT_BY_GENDER, topics.VOTES_BY_GENDER, "gender"),
    "age": (topics.TURNOUT_BY_AGE_GROUP, topics.VOTES_BY_AGE_GROUP, "age_group"),
}


def render(view: View, page: Page) -> None:
    """The tab."""
    _groups(view)
    show(parts.heading("The roll", ROLL_NOTE))
    if waiting(view):
        show(parts.empty("The roll shows here once main.py has registered the voters."))
    else:
        _roll(page)


@dataclass(frozen=True)
class Groups:
    """One kind of group as it is shown: its turnout, how its votes are divided, and both as a table."""

    name: str
    reached: Markup
    divided: Markup
    table: Markup | None


def _groups(view: View) -> None:
    for groups in view.once(_count_groups):
        if view.one_voter_per_ballot:
            show(groups.divided)
        else:
            left, right = st.columns(2, gap="large")
            with left:
                show(groups.reached)
            with right:
                show(groups.divided)
        if groups.table:
            with st.expander(f"Figures by {groups.name} as a table"):
                show(groups.table)
            offer(view, f"by-{groups.name}", group_rows, groups.name)


def _count_groups(view: View) -> list[Groups]:
    found = []
    for name, (turnout_topic, votes_topic, field) in KINDS.items():
        groups = turnout(view.rows(turnout_topic), field)
        choices = by_group(view, votes_topic, field)
        note = f" {ONE_VOTER_PER_BALLOT}" if view.one_voter_per_ballot else ""
        title = parts.heading(f"Votes by {name}", f"How each group's votes for candidates are divided.{note}")
        divided = parts.legend(view.drawn) + parts.stacked(choices) if choices else parts.empty(NONE_COUNTED)
        reached = parts.heading(f"Turnout by {name}", status(view)) + _turnout(groups)
        found.append(Groups(name, reached, title + divided, _table(name, groups, choices, view) if groups else None))
    return found


def _turnout(groups: Sequence[Turnout]) -> Markup:
    if not groups:
        return parts.empty(NONE_COUNTED)
    return parts.bars(
        Bar(
            group.group,
            group.votes,
            group.registered or 0,
            f"{words.percent(group.votes, group.registered)} · {words.count(group.votes)}"
            f" of {words.count(group.registered)}"
            if group.registered
            else words.votes(group.votes),
        )
        for group in groups
    )


def _table(name: str, groups: Sequence[Turnout], choices: Sequence[tuple[str, list[Standing]]], view: View) -> Markup:
    divided = dict(choices)
    whole = view.one_voter_per_ballot
    columns = ["#Counted"] if whole else ["#Registered", "#Counted", "#Turnout"]
    columns = [words.capital(name), *columns, *(f"#{one.name}" for one in view.drawn)]
    rows = []
    for group in groups:
        standings = divided.get(group.group, [])
        shares = [words.percent(one.votes, one.total) for one in standings] or ["–"] * len(view.drawn)
        registered = words.count(group.registered) if group.registered is not None else "–"
        reached = words.percent(group.votes, group.registered or 0)
        counted = [words.count(group.votes)] if whole else [registered, words.count(group.votes), reached]
        rows.append([group.group, *counted, *shares])
    return parts.table(f"{'Votes' if whole else 'Turnout and votes'} by {name}", columns, rows)


def group_rows(view: View, name: str) -> pd.DataFrame:
    """A row for each group and candidate, to take along."""
    turnout_topic, votes_topic, field = KINDS[name]
    names = {one.candidate_id: one.name for one in view.candidates}
    registered = {getattr(row, field): row.registered for row in view.rows(turnout_topic)}
    return pd.DataFrame(
        {
            name: getattr(row, field),
            "registered": registered.get(getattr(row, field)),
            "candidate": names.get(row.candidate_id, row.candidate_id),
            "votes": row.total_votes,
        }
        for row in view.rows(votes_topic)
    )


def _roll(page: Page) -> None:
    """The roll, a page at a time. `roll_pages` are the registration numbers after which the pages so far began."""
    name, where, voted = st.columns([3, 2, 2])
    search = Search(
        name.text_input("Name or registration number", key="roll_text", placeholder="Part of a name, or 012-0000345"),
        where.selectbox("Place", page.sources.places, index=None, placeholder="All places", key="roll_place"),
        voted.segmented_control("Has voted", (ANY, VOTED, NOT_YET), default=ANY, required=True, key="roll_voted"),
    )
    if st.session_state.get("roll_search") != search:
        st.session_state.roll_search, st.session_state.roll_pages = search, [""]
    pages: list[str] = st.session_state.roll_pages
    answer = ask(page.sources.settings, search, pages[-1])
    if isinstance(answer, Unavailable):
        show(parts.notice([f"The roll can't be searched now: PostgreSQL says {answer}"]))
        return
    found, more = answer
    if not found:
        show(parts.empty("Nobody on the roll matches." if search != Search(voted=ANY) else "The roll is empty so far."))
        return
    show(roll_table(found, len(pages)))
    last = found[-1]["registration_number"]
    back, on, _ = st.columns([1, 1, 4])
    back.button("Previous", on_click=_turn, args=(pages[:-1],), disabled=len(pages) == 1, width="stretch")
    on.button("Next", on_click=_turn, args=([*pages, last],), disabled=not more, width="stretch")


def _turn(pages: list[str]) -> None:
    st.session_state.roll_pages = pages


@st.cache_resource(ttl=ROLL_SECONDS, max_entries=SEARCHES_KEPT, show_spinner=False)
def ask(_settings: Settings, search: Search, after: str) -> Answer | Unavailable:
    """A page of the roll as PostgreSQL gave it some seconds ago at most, to whichever viewer asked first."""
    try:
        return search_roll(_settings, search, after)
    except Unavailable as error:
        return error


def roll_table(found: Sequence[Mapping[str, Any]], number: int) -> Markup:
    """A page of the roll as a table."""
    first = (number - 1) * PAGE_SIZE + 1
    rows = (
        (
            row["registration_number"],
            row["voter_name"],
            row["registered_age"],
            words.capital(row["gender"]),
            f"{row['address_city']}, {row['address_state']}"
            if row["address_city"] != row["address_state"]
            else row["address_state"],
            "✓ voted" if row["voted"] else "○ not yet",
        )
        for row in found
    )
    caption = f"Voters {words.count(first)} to {words.count(first + len(found) - 1)}, by registration number"
    return parts.table(caption, ("Registration", "Name", "#Age", "Gender", "Place", "Vote"), rows)
