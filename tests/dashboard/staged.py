"""A count at any point, without services: the dashboard's sources with a board and a watch that are set by hand."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import simplejson
from msgspec.structs import asdict

from dashboard.data.photos import Photos
from dashboard.data.sources import Sources
from dashboard.figures.view import Group, Sample, Watched
from election.model import topics
from election.model.definition import Election, load_election
from election.model.messages import Verdict
from election.platform.settings import Settings
from election.results.board import Board
from tests.dashboard import ugly

AGE_GROUPS = "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"
GENDERS = "female", "male"


class NoPhotos(Photos):
    """Photos that can't be had."""

    def get(self, url: str) -> None:
        return None


@dataclass
class StagedLive:
    """Stands in for LiveBoard."""

    board: Board = field(default_factory=Board)
    problem: str | None = None
    heard_at: float = field(default_factory=time.time)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class StagedWatch:
    """Stands in for Watch."""

    watched: Watched

    def look(self) -> Watched:
        return self.watched


def ballots(election: Election, share: float) -> list[dict[str, Any]]:
    """The first `share` of every place's ballots, mixed, each with the groups of a made-up voter."""
    cast = []
    for place, location in enumerate(election.locations):
        for candidate, votes in location.votes.items():
            counted = round(votes * min(1, max(0.0, share + 0.3 * share * (1 - share) * ((place * 7) % 5 - 2))))
            for number in range(counted):
                scatter = (place * 31 + number * 17 + len(candidate)) % 97
                cast.append(
                    {
                        "candidate_id": candidate,
                        "state": location.name,
                        "gender": GENDERS[(number + place) % 2],
                        "age_group": AGE_GROUPS[(scatter * 3 + number) % 7],
                        "at": scatter / 97 + number / max(votes, 1) * 25,
                    }
                )
    return cast


def staged_board(election: Election, cast: Iterable[dict[str, Any]], now: float) -> Board:
    """The board after these ballots, the newest of them cast at `now`."""
    names = {row["candidate_id"]: row for row in named_candidates(election)}
    keys = {topic.name: topic.key for topic in topics.AGGREGATED}
    counts: dict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    cast = list(cast)
    latest = max((one["at"] for one in cast), default=0)
    for one in cast:
        at = datetime.fromtimestamp(now, UTC) - timedelta(minutes=latest - one["at"])
        groups = one | {"minute": f"{at:%Y-%m-%dT%H:%MZ}"}
        groups["party_affiliation"] = names[one["candidate_id"]]["party_affiliation"]
        for topic, own in keys.items():
            counts[topic, tuple(groups[name] for name in own)] += 1
    board = Board()
    registered = {location.name: location.registered for location in election.locations}
    for (topic, key), total in counts.items():
        tally: dict[str, Any] = dict(zip(keys[topic], key, strict=True))
        tally |= names.get(tally.get("candidate_id", ""), {})
        if topic == topics.TURNOUT_BY_LOCATION:
            tally["registered"] = registered.get(tally["state"], 1)
        elif topic == topics.TURNOUT_BY_GENDER:
            tally["registered"] = election.registered // 2
        elif topic == topics.TURNOUT_BY_AGE_GROUP:
            tally["registered"] = election.registered // 6
        tally |= {"total_votes": total, "last_vote_at": datetime.fromtimestamp(now, UTC).isoformat()}
        board.apply(topic, "|".join(key).encode(), simplejson.dumps(tally).encode(), None, now)
    board.delays.clear()
    return board


@cache
def _election(name: str, voters: int | None) -> Election:
    return ugly.ALL[name]() if name in ugly.ALL else load_election(name, voters)


@cache
def _board(name: str, voters: int | None, share: float) -> Board:
    election = _election(name, voters)
    return staged_board(election, ballots(election, share), time.time())


def named_candidates(election: Election) -> list[dict[str, str]]:
    """The candidates as the database has them: those of simulated elections have been given names."""
    names = "Dafydd Pritchard-Hughes", "Abiola Okonkwo", "Mary-Jane O'Neill"
    return [
        asdict(row) | {"candidate_name": row.candidate_name or names[position % 3]}
        for position, row in enumerate(election.candidates)
    ]


def staged_sources(
    share: float = 0.5,
    *,
    name: str = "montreal-2013",
    voters: int | None = None,
    verdict: Verdict | None = None,
    **watched: Any,
) -> Sources:
    """Sources of an election of which `share` is counted; `watched` changes what the watch saw."""
    election, now = _election(name, voters), time.time()
    board = deepcopy(_board(name, voters, share))
    board.changed_at = now
    if board.counted and share < 1:
        for step in range(1200):
            slow = 0.004 * (step % 7 == 0) + 0.02 * (step % 97 == 0)
            board.delays.append((now - 60 + step / 20, 0.006 + slow))
    seen: dict[str, Any] = {
        "database_at": now,
        "database_problem": None,
        "election": {
            "name": election.name,
            "title": election.title,
            "registered": election.registered,
            "votes_expected": election.ballots,
        },
        "candidates": tuple(named_candidates(election)),
        "record": board.votes_per_candidate,
        "tally": board.votes_per_candidate,
        "moved_at": now,
        "kafka_at": now,
        "kafka_problem": None,
        "log_messages": board.counted,
        "groups": {"voting": Group(1, election.ballots - board.counted), "main": Group(1, 0)},
        "samples": tuple(
            Sample(now - 10 + 2 * step, board.counted + 40 * step, board.counted + 40 * step) for step in range(6)
        )
        if share < 1
        else (),
    }
    live = StagedLive(board)
    if verdict:
        board.verdicts[election.name] = verdict
    return Sources(Settings(election=name), live, StagedWatch(Watched(**(seen | watched))), NoPhotos(), election)  # type: ignore[arg-type]
