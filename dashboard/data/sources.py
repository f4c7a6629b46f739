"""What the page is made from, held once for all viewers; `look()` puts it together without waiting for anything."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import streamlit as st
from msgspec.structs import asdict

from dashboard.data.photos import Photos
from dashboard.data.watch import Watch
from dashboard.figures.outlines import middles, prepare_outlines
from dashboard.figures.palette import OTHER, Mark
from dashboard.figures.places import natural
from dashboard.figures.speed import WINDOW_SECONDS
from dashboard.figures.view import View, Watched, list_candidates
from election.model import topics
from election.model.definition import Election, load_election
from election.model.errors import DefinitionError
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
            if self._view is None or not 0 <= time.time() - self._view.now < SHARED_SECONDS:
                self._view = self._put_together(time.time())
            return self._view

    def _put_together(self, now: float) -> View:
        watched = self.watch.look()
        live = self.live
        with live.lock:
            board = live.board
            tallies = {topic: board.rows(topic) for topic in board.totals}
            delays = tuple(delay for delay in board.delays if delay[0] >= now - WINDOW_SECONDS)
            verdicts = dict(board.verdicts)
            rejected, examples = board.rejected_by_reason, tuple(board.examples)
        votes = {tally.candidate_id: tally.total_votes for tally in tallies[topics.VOTES_PER_CANDIDATE]}
        candidates = list_candidates(
            self.election.candidates if self.election else (),
            (*watched.candidates, *map(asdict, tallies[topics.VOTES_PER_CANDIDATE])),
            votes,
            self._marks,
        )
        self._marks = {one.candidate_id: one.mark for one in candidates if one.mark is not OTHER}
        return View(
            now=now,
            name=self._name(watched),
            candidates=candidates,
            locations=self.locations,
            tallies=tallies,
            changed_at=board.changed_at,
            delays=delays,
            verdict=verdicts.get(self._name(watched)),
            rejected=rejected,
            examples=examples,
            counting_problem=live.problem,
            heard_at=live.heard_at,
            watched=watched,
            **self._title(watched),
        )

    def _name(self, watched: Watched) -> str:
        """The election's name, as audits publish it."""
        return str(watched.election["name"]) if watched.election else self.election.name if self.election else ""

    def _title(self, watched: Watched) -> dict[str, Any]:
        """What the database says about the election; the folder's title until it does."""
        if watched.election:
            return {name: watched.election[name] for name in ("title", "registered", "votes_expected")}
        return {"title": self.election.title} if self.election else {}

    @cached_property
    def locations(self) -> dict[str, int | None]:
        """The registered voters of each place of the election, where they are known; by name, in natural order."""
        known = (
            {one.name: one.registered if one.registered_known else None for one in self.election.locations}
            if self.election
            else {}
        )
        return {name: known[name] for name in sorted(known, key=natural)}

    @property
    def places(self) -> tuple[str, ...]:
        """The names of all places of the election."""
        return tuple(self.locations)

    @cached_property
    def outlines(self) -> dict[str, Any] | None:
        """The places' outlines as the map wants them, or None when the election has none."""
        found = self.election.outlines if self.election else None
        return prepare_outlines(found.for_page().rings()) if found else None

    @cached_property
    def middles(self) -> dict[str, tuple[float, float]]:
        """Where each place's symbol goes on the map."""
        return middles(self.outlines) if self.outlines else {}


@st.cache_resource(show_spinner=False)
def open_sources() -> Sources:
    """The sources of this server, opened by its first viewer.

    Raises SettingError.
    """
    settings = load_settings(login="streamlit-app")
    try:
        election = load_election(settings.election, settings.voters)
    except DefinitionError as error:
        log.warning("%s: there is no map and no list of places", error)
        election = None
    live = LiveBoard(settings).start()
    return Sources(settings, live, Watch(settings, live).start(), Photos(), election)
