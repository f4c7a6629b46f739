"""The tab Places: the map, one place that was asked for, and every place in a table."""

from collections import Counter

import pandas as pd
import streamlit as st
from markupsafe import Markup
from pyarrow import Table

from dashboard.drawing import charts, maps
from dashboard.drawing.markup import Bar, isolated, parts, plain, scoreboard
from dashboard.drawing.page import Page, show
from dashboard.drawing.tables import offer
from dashboard.figures import words
from dashboard.figures.figures import Stage, fold, stage, standings, unranked
from dashboard.figures.palette import OTHER
from dashboard.figures.places import Map, Place, places
from dashboard.figures.view import View, once
from dashboard.tabs.headline import final, status

TIED_SHOWN = 3
CHOSEN, EVERYWHERE = "chosen", "All places"


def render(view: View, page: Page) -> None:
    chosen = _chosen(page)
    if page.sources.map:
        left, right = st.columns([3, 2], gap="large")
        with left:
            _map(view, page.sources.map, chosen)
    else:
        right = st.container()
    with right:
        _search(page, chosen)
        show(_place(view, chosen.place))
    _table(view)


def _chosen(page: Page) -> maps.Chosen:
    """The place that this viewer chose last, by the map or by the search; at first, what the address asks for."""
    asked = st.query_params.get("place")
    at_first = maps.Chosen(asked if asked in page.sources.locations else None)
    chosen: maps.Chosen = st.session_state.setdefault(CHOSEN, at_first)
    return chosen


def _choose(place: str, *, clicked: bool) -> None:
    before: maps.Chosen = st.session_state[CHOSEN]
    chosen = place if place != EVERYWHERE else None
    st.session_state[CHOSEN] = maps.Chosen(chosen, before.times + 1, before.clicks + clicked)
    if chosen:
        st.query_params["place"] = chosen
    else:
        st.query_params.pop("place", None)


def _click() -> None:
    """Chooses the place that was clicked on the map; a click on the chosen one goes back to all."""
    for clicked in st.session_state.map.selection[maps.CLICKED]:
        place = clicked["location"]
        _choose(place if place != st.session_state[CHOSEN].place else EVERYWHERE, clicked=True)


def _search(page: Page, chosen: maps.Chosen) -> None:
    """The search box. After a click on the map it is another one, with that place in it from the start.

    To give the same box another value would be one message, and a page that refreshes meanwhile may never get it.
    """
    options = EVERYWHERE, *page.sources.locations
    st.selectbox(
        "Find a place",
        options,
        index=options.index(chosen.place or EVERYWHERE),
        key=f"place-{chosen.clicks}",
        on_change=_find,
        args=(chosen.clicks,),
    )


def _find(clicks: int) -> None:
    """Chooses what the search box says. A page that is late may speak of a box that a click on the map has replaced."""
    if clicks == st.session_state[CHOSEN].clicks:
        _choose(st.session_state[f"place-{clicks}"], clicked=False)


def _map(view: View, drawn: Map, chosen: maps.Chosen) -> None:
    note = "Colour and symbol show who leads. Click a place to see its result"
    weak_to_strong = maps.SHADES[::-1]
    shades = ", ".join(said for _, _, said in weak_to_strong)
    legend = parts.legend(view.drawn, [strength for _, strength, _ in weak_to_strong])
    legend += parts.note(f"Pale to strong, the lead: {shades}. = a tie")
    show(parts.heading("Who leads in each place", note) + legend)
    spec = maps.map_spec(drawn.outlines, maps.map_data(view, drawn, chosen), charts.theme_colours())
    alt = "Map: who leads in each place. The table below has the same figures."
    with st.container(key="map-frame"):
        st.vega_lite_chart(None, spec, width="stretch", height="stretch", key="map", alt=alt, on_select=_click)


@once
def _place(view: View, chosen: str | None) -> Markup:
    if chosen is None:
        return _led(view)
    place = next((place for place in places(view) if place.name == chosen), Place(chosen, {}, None))
    if not place.counted:
        said = "0 votes: nobody voted here." if stage(view) is Stage.COUNTED else "No votes from here are counted yet."
        return parts.heading(chosen, status(view)) + parts.empty(said)
    said = f"{words.votes(place.counted)} counted"
    if place.registered:
        said += f" of {place.registered:,}{'' if view.one_voter_per_ballot else ' registered'}"
        said += f": {words.percent(place.counted, place.registered)}" if place.turned_out else ""
    ranked, beside = standings(view.candidates, place.votes), unranked(view.candidates, place.votes)
    return parts.heading(place.name, status(view)) + scoreboard(ranked, beside, said, 44)


def _led(view: View) -> Markup:
    """In how many places each candidate leads, most first, and how many are tied; together they are all places."""
    found = places(view)
    title = f"Places that each candidate {'has won' if final(view) else 'leads'}"
    leads = [place.lead for place in found if place.lead]
    if not leads:
        return parts.heading(title, status(view)) + parts.empty("No votes are counted yet.")
    won = fold(view, Counter(lead.alone.candidate_id for lead in leads if lead.alone))
    won.sort(key=lambda one: (one.candidate.mark is OTHER, -one.votes))
    tied, silent = len(leads) - sum(one.votes for one in won), len(found) - len(leads)
    beside = ("Tied", tied), ("No votes" if stage(view) is Stage.COUNTED else "Nothing counted yet", silent)
    bars = [Bar(one.candidate.name, one.votes, len(found), f"{one.votes:,}", one.candidate.mark) for one in won]
    bars += [Bar(name, number, len(found), f"{number:,}") for name, number in beside if number]
    return parts.heading(title, f"Of {words.number(len(found), 'place')}. {status(view)}") + parts.bars(bars)


def _table(view: View) -> None:
    note = "Sort by clicking a column's name; the closest come first by Lead. Search with the loupe above the table"
    show(parts.heading("Every place", note))
    if not places(view):
        show(parts.empty("No votes are counted yet."))
        return
    number = st.column_config.NumberColumn
    st.dataframe(
        _encoded_rows(view),
        hide_index=True,
        height=min(len(places(view)) + 1, 14) * 35 + 3,
        key="places",
        placeholder="–",
        alt="Votes, leader, lead and how much is counted of every place",
        column_config={
            "Leads": st.column_config.TextColumn(width="medium"),
            "Lead": number(format="%.1f points"),
            "Turnout": st.column_config.ProgressColumn(format="%.1f%%", min_value=0, max_value=100),
            **dict.fromkeys(("Counted", "Registered"), number(format="localized")),
            **{one.name: number(f"{one.mark.symbol} {isolated(one.name)}", format="localized") for one in view.drawn},
        },
    )
    offer(view, "places", place_rows)


@once
def _encoded_rows(view: View) -> Table:
    """As they are sent, so that every viewer's page need not do it again."""
    return Table.from_pandas(place_rows(view), preserve_index=False)


@once
def place_rows(view: View) -> pd.DataFrame:
    """A row for each place: who leads, by how much, the turnout where there is one, and the votes of those drawn."""
    rows = []
    for place in places(view):
        lead = place.lead
        leaders = [f"{one.candidate.mark.symbol} {plain(one.candidate.name)}" for one in lead.leaders] if lead else []
        if more := leaders[TIED_SHOWN:]:
            leaders = [*leaders[:TIED_SHOWN], words.number(len(more), "other")]
        share = words.share(place.counted, place.registered or 0) if place.turned_out else None
        registered = {} if view.one_voter_per_ballot else {"Registered": place.registered, "Turnout": share}
        rows.append(
            {
                "Place": place.name,
                "Leads": " = ".join(leaders) or "–",
                "Lead": words.share(lead.votes, lead.leaders[0].total) if lead else None,
                "Counted": place.counted,
                **registered,
                **{one.candidate.name: one.votes for one in fold(view, place.votes)},
            }
        )
    return pd.DataFrame(rows)
