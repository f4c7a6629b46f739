"""The tab Places: the map, every place in a table, and one place that was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup
from pyarrow import Table

from dashboard.data.photos import Photos
from dashboard.data.sources import Sources
from dashboard.drawing import charts, maps
from dashboard.drawing.markup import Bar, parts, scoreboard
from dashboard.drawing.page import Page, show
from dashboard.figures import words
from dashboard.figures.figures import Stage, stage, standings, unranked
from dashboard.figures.palette import Mark
from dashboard.figures.places import Place, closest, places
from dashboard.figures.view import OTHERS, View
from dashboard.tabs import place_table
from dashboard.tabs.headline import final, status

CLOSEST_SHOWN = 5
LEAD, COUNTED = "Who leads", "How much is counted"
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
    place_table.render(view)


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
        steps = [maps.LEAST_COUNTED + (maps.MOST_COUNTED - maps.LEAST_COUNTED) * step / 4 for step in range(5)]
        legend = parts.scale(steps)
    else:
        title, note = "Who leads in each place", "Colour and symbol show who leads"
        strengths = [strength for _, strength, _ in reversed(maps.SHADES)]
        shades = ", ".join(said for _, _, said in reversed(maps.SHADES))
        legend = parts.legend(view.drawn, strengths) + parts.note(f"Pale to strong, the lead: {shades}. = a tie")
    show(parts.heading(title, f"{note}. Click a place to see its result") + legend)
    colours = charts.theme_colours()
    spec = maps.map_spec(page.sources.outlines or {}, colours)
    spec["datasets"] = {"places": view.once(_map_data, page.sources, by_counted, colours.ink, chosen)}
    with st.container(key="map-frame"):
        charts.draw(
            spec, None, f"Map: {title.lower()}. The table below has the same figures.", "map", _click, "stretch"
        )


def _map_data(view: View, sources: Sources, by_counted: bool, ink: str, chosen: maps.Chosen) -> Table:
    return charts.encode(maps.map_data(view.once(places), sources.middles, by_counted, ink, chosen))


def _place(view: View, photos: Photos, chosen: str | None) -> Markup:
    found = view.once(places)
    if chosen is None:
        return _led(view, found) + _closest(found)
    place = next((place for place in found if place.name == chosen), Place(chosen, {}, None))
    if not place.counted:
        said = "0 votes: nobody voted here." if stage(view) is Stage.COUNTED else "No votes from here are counted yet."
        return parts.heading(chosen, status(view)) + parts.empty(said)
    said = f"{words.votes(place.counted)} counted"
    if place.registered:
        said += f" of {words.count(place.registered)}{'' if view.one_voter_per_ballot else ' registered'}"
        said += f": {words.percent(place.counted, place.registered)}" if place.turned_out else ""
    ranked, beside = standings(view.candidates, place.votes), unranked(view.candidates, place.votes)
    return parts.heading(place.name, status(view)) + scoreboard(ranked, beside, photos, said, 44)


def _led(view: View, found: Sequence[Place]) -> Markup:
    """In how many places each candidate leads, most first, and how many are tied; together they are all places."""
    over = final(view)
    title = f"Places that each candidate {'has won' if over else 'leads'}"
    led = [place for place in found if place.lead]
    if not led:
        return parts.heading(title, status(view)) + parts.empty("No votes are counted yet.")
    number = Counter(place.lead.alone.candidate_id for place in led if place.lead and place.lead.alone)
    folded = view.fold(number)
    ranked = sorted(view.drawn, key=lambda one: (one.candidate_id == OTHERS, -folded[one.candidate_id]))
    rows: list[tuple[str, int, Mark | None]] = [(one.name, folded[one.candidate_id], one.mark) for one in ranked]
    rows += [
        (said, places_so, None)
        for said, places_so in (
            ("Tied", len(led) - number.total()),
            ("No votes" if stage(view) is Stage.COUNTED else "Nothing counted yet", len(found) - len(led)),
        )
        if places_so
    ]
    note = f"Of {words.number(len(found), 'place')}. {status(view)}"
    bars = [Bar(said, places_so, len(found), words.count(places_so), mark) for said, places_so, mark in rows]
    return parts.heading(title, note) + parts.bars(bars)


def _closest(found: Sequence[Place]) -> Markup:
    rows = [
        (
            place.name,
            parts.leading(lead.leaders, place_table.TIED_SHOWN),
            f"{words.votes(lead.votes)} · {words.points(lead.votes, lead.leaders[0].total)}",
        )
        for place, lead in closest(found, CLOSEST_SHOWN)
    ]
    if not rows:
        return Markup("")
    return parts.heading("Where it is closest") + parts.table("Smallest leads", ("Place", "Leads", "#Lead"), rows)
