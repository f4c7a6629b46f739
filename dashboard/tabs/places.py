"""The tab Places: the map, every place in a table, and one place that was asked for."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st
from pyarrow import Table

from dashboard.data.photos import Photos
from dashboard.data.sources import Sources
from dashboard.drawing import charts, maps, markup
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import Place, closest, places
from dashboard.figures.palette import Mark
from dashboard.figures.view import View
from dashboard.tabs.headline import final, status

CLOSEST_SHOWN = 5
LEAD, COUNTED = "Who leads", "How much is counted"
TURNOUT, SHARE_COUNTED = "Turnout", "Share counted"
CHOSEN, EVERYWHERE = "chosen", "All places"


def render(view: View, page: Page) -> None:
    """The tab."""
    if page.sources.outlines:
        left, right = st.columns([3, 2], gap="large")
        with left:
            shading = st.segmented_control(
                "Shade the map by", (LEAD, COUNTED), default=LEAD, required=True, key="shade"
            )
            _map(view, page, shading == COUNTED, _chosen(page))
    else:
        right = st.container()
    with right:
        _search(page, _chosen(page))
        show(view.once(_place, page.sources.photos, _chosen(page).place))
    _table(view)


def _chosen(page: Page) -> maps.Chosen:
    """The place that this viewer chose last, by the map or by the search; at first, what the address asks for."""
    if CHOSEN not in st.session_state:
        asked = st.query_params.get("place")
        st.session_state[CHOSEN] = maps.Chosen(asked if asked in page.sources.places else None)
    chosen: maps.Chosen = st.session_state[CHOSEN]
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
    options = EVERYWHERE, *page.sources.places
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


def _map(view: View, page: Page, by_counted: bool, chosen: maps.Chosen) -> None:
    if by_counted:
        of = "its ballots are" if view.one_voter_per_ballot else "its registered voters have a vote that is"
        title, note = "How much is counted in each place", f"Stronger: more of {of} counted"
        legend = markup.scale(maps.LEAST_COUNTED, maps.MOST_COUNTED)
    else:
        title, note = "Who leads in each place", "Colour and symbol show who leads"
        legend = markup.map_legend(view.candidates, [(strength, said) for _, strength, said in reversed(maps.SHADES)])
    show(markup.heading(title, f"{note}. Click a place to see its result") + legend)
    colours = charts.theme_colours()
    spec = maps.map_spec(page.sources.outlines or {}, colours)
    spec["datasets"] = {"places": view.once(_map_data, page.sources, by_counted, colours.ink, chosen)}
    with st.container(key="map-frame"):
        charts.draw(
            spec, None, f"Map: {title.lower()}. The table below has the same figures.", "map", _click, "stretch"
        )


def _map_data(view: View, sources: Sources, by_counted: bool, ink: str, chosen: maps.Chosen) -> Table:
    return charts.encode(maps.map_data(view.once(places), sources.middles, by_counted, ink, chosen))


def _place(view: View, photos: Photos, chosen: str | None) -> str:
    counted = view.once(places)
    if chosen is None:
        return _led(view, counted) + _closest(counted)
    place = next((place for place in counted if place.name == chosen), None)
    if place is None:
        return markup.heading(chosen) + markup.empty("No votes from here are counted yet.")
    said = f"{words.votes(place.counted)} counted"
    if place.registered:
        of = words.count(place.registered) + ("" if view.one_voter_per_ballot else " registered")
        said += f" of {of}: {words.percent(place.counted, place.registered)}"
    return markup.heading(place.name, status(view)) + markup.scoreboard(place.standings, photos, said, 44)


def _led(view: View, counted: list[Place]) -> str:
    """In how many places each candidate leads, most first, and how many are tied; together they are all places."""
    over = final(view)
    title = f"Places that each candidate {'has won' if over else 'leads'}"
    if not counted:
        return markup.heading(title, status(view)) + markup.empty("No votes are counted yet.")
    number = Counter(_leads(place) for place in counted)
    ranked = sorted(view.candidates, key=lambda one: -number[one.candidate_id])
    rows: list[tuple[str, float, float, str, Mark | None]] = [
        (one.name, number[one.candidate_id], len(counted), words.count(number[one.candidate_id]), one.mark)
        for one in ranked
    ]
    if number[None]:
        rows.append(("Tied", number[None], len(counted), words.count(number[None]), None))
    among = f"Of {words.number(len(counted), 'place')}" + ("" if over else " with votes so far")
    return markup.heading(title, f"{among}. {status(view)}") + markup.bars(rows)


def _closest(counted: list[Place]) -> str:
    if not counted:
        return ""
    rows = (
        (
            place.name,
            _leaders(place),
            f"{words.votes(place.lead.votes)} · {words.points(place.lead.votes, place.counted)}",
        )
        for place in closest(counted, CLOSEST_SHOWN)
        if place.lead
    )
    return markup.heading("Where it is closest") + markup.table("Smallest leads", ("Place", "Leads", "#Lead"), rows)


def _leaders(place: Place) -> str:
    """'● Denis Coderre'; those who are tied with = between them; a dash before the first vote."""
    found = place.lead
    return " = ".join(f"{one.candidate.mark.symbol} {one.candidate.name}" for one in found.leaders) if found else "–"


def _leads(place: Place) -> str | None:
    """The id of the candidate who alone leads here."""
    leaders = place.lead.leaders if place.lead else ()
    return leaders[0].candidate.candidate_id if len(leaders) == 1 else None


def _table(view: View) -> None:
    counted = view.once(places)
    show(markup.heading("Every place", "Sort by clicking a column's name; search with the loupe above the table"))
    if not counted:
        show(markup.empty("No votes are counted yet."))
        return
    st.dataframe(
        view.once(table_data),
        hide_index=True,
        height=min(len(counted) + 1, 14) * 35 + 3,
        key="places",
        alt="Votes, leader, lead and how much is counted of every place",
        column_config={
            "Lead": st.column_config.NumberColumn(format="%.1f points"),
            **{
                name: st.column_config.ProgressColumn(format="%.1f%%", min_value=0, max_value=100)
                for name in (TURNOUT, SHARE_COUNTED)
            },
            "Counted": st.column_config.NumberColumn(format="localized"),
            "Registered": st.column_config.NumberColumn(format="localized"),
            **{
                f"{one.mark.symbol} {one.name}": st.column_config.NumberColumn(format="localized")
                for one in view.candidates
            },
        },
    )


def table_data(view: View) -> Table:
    """A row for each place: who leads, by how much, each candidate's votes, and the turnout where there is one."""
    return charts.encode(pd.DataFrame([_row(place, view) for place in view.once(places)]))


def _row(place: Place, view: View) -> dict[str, object]:
    found = place.lead
    votes = {standing.candidate.candidate_id: standing.votes for standing in place.standings}
    reached = words.share(place.counted, place.registered) if place.registered else None
    return {
        "Place": place.name,
        "Leads": _leaders(place),
        "Lead": words.share(found.votes, place.counted) if found else 0.0,
        SHARE_COUNTED if view.one_voter_per_ballot else TURNOUT: reached,
        "Counted": place.counted,
        **({} if view.one_voter_per_ballot else {"Registered": place.registered}),
        **{f"{one.mark.symbol} {one.name}": votes[one.candidate_id] for one in view.candidates},
    }
