"""What the page is made from, held once for all viewers; `look()` puts it together without waiting for anything."""

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from functools import cached_property

import streamlit as st
from confluent_kafka import KafkaException
from msgspec.structs import asdict

from dashboard.data.photos import Photos
from dashboard.data.watch import Watch
from dashboard.figures.palette import OTHER, Mark
from dashboard.figures.places import Map, make_map, natural
from dashboard.figures.view import View, list_candidates
from election.model import topics
from election.model.definition import Election, load_election
from election.model.errors import DefinitionError
from election.platform.refusals import kafka_failure
from election.platform.settings import Settings, load_settings
from election.results.board import LiveBoard

log = logging.getLogger(__name__)

SHARED_SECONDS = 0.25


@dataclass(eq=False)
class Sources:
    """The live board, the watch, the photos, and the election as its folder has it (None: the folder can't be used)."""

    settings: Settings
    live: LiveBoard
    watch: Watch
    photos: Photos
    election: Election | None
    _view: View | None = field(default=None, init=False, repr=False)
    _marks: dict[str, Mark] = field(default_factory=dict, init=False, repr=False)
    _looking: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def look(self) -> View:
        """Everything that is known now. Viewers who look within a moment get the same View, and share its work."""
        with self._looking:
            now = time.time()
            if self._view is None or not 0 <= now - self._view.now < SHARED_SECONDS:
                self._view = self._put_together(now)
            return self._view

    def _put_together(self, now: float) -> View:
        watched, live, election = self.watch.look(), self.live, self.election
        known = watched.election or ({"name": election.name, "title": election.title} if election else {})
        with live.lock:
            board = live.board.copy()
        named = (*watched.candidates, *map(asdict, board.rows(topics.VOTES_PER_CANDIDATE)))
        order = election.candidates if election else ()
        candidates = list_candidates(order, named, board.votes_per_candidate, self._marks)
        self._marks = {one.candidate_id: one.mark for one in candidates if one.mark is not OTHER}
        return View(
            now=now,
            **known,
            candidates=tuple(replace(one, picture=self.photos.get(one.photo_url)) for one in candidates),
            locations=self.locations,
            board=board,
            counting_problem=live.problem,
            heard_at=live.heard_at,
            watched=watched,
        )

    @cached_property
    def locations(self) -> dict[str, int | None]:
        """The registered voters of each place of the election, where they are known; by name, in natural order."""
        places = sorted(self.election.locations if self.election else (), key=lambda place: natural(place.name))
        return {place.name: place.registered if place.registered_known else None for place in places}

    @cached_property
    def map(self) -> Map | None:
        """The map of the places, or None when the election has none."""
        outlines = self.election.outlines if self.election else None
        return make_map(outlines.for_page().shapes) if outlines and outlines.shapes else None


@st.cache_resource(show_spinner=False)
def open_sources() -> Sources:
    """The sources of this server, opened by its first viewer.

    Raises SettingError, and CannotRun when no client of Kafka can be made of the settings.
    """
    settings = load_settings(login="streamlit-app")
    try:
        election = load_election(settings.election, settings.voters)
    except DefinitionError as error:
        log.warning("%s: there is no map and no list of places", error)
        election = None
    live = LiveBoard(settings)
    try:
        watch = Watch(settings, live)
    except KafkaException as error:
        raise kafka_failure(error.args[0]) from None
    return Sources(settings, live.start(), watch.start(), Photos(), election)
