"""A count at any point, without services: the dashboard's sources with a board and a watch that are set by hand."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgspec.structs import asdict

from dashboard.data.sources import Sources
from dashboard.figures.view import Group, Sample, Watched
from election.model import topics
from election.model.definition import Election, load_election
from election.model.messages import Tally, Verdict
from election.platform.settings import Settings
from election.results.board import Board
from tests.support import ugly

AGE_GROUPS = "18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"
GENDERS = "female", "male"
UGLY = {"right-to-left": ugly.right_to_left, "no-parties": ugly.no_parties, "zeros": ugly.zeros}
NO_DATABASE = Settings(postgres_host="127.0.0.1", postgres_port=1)
NAMES = "Ann Lee", "דוד כהן", "محمد عبد الله", "山田太郎左衛門", "Bob Kay"
ROLL: list[dict[str, Any]] = [
    {"registration_number": f"012-{number:07}", "voter_name": NAMES[number % 5], "registered_age": 18 + number}
    | {"gender": "female", "address_city": "Here", "address_state": "There", "voted": number % 2 == 0}
    for number in range(25)
]
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> </td></table>\"'&amp; **bold** "
    "[x](javascript:alert(1)) $x$ :red[x] '; DROP TABLE votes;--"
)


def sources_of(
    board: Board, watched: Watched, election: Election | None, problem: str | None = None, heard_at: float | None = None
) -> Sources:
    """Sources that know just this."""
    live: Any = SimpleNamespace(board=board, problem=problem, lock=threading.Lock())
    live.heard_at = time.time() if heard_at is None else heard_at
    watch: Any = SimpleNamespace(look=lambda: watched)
    no_photos: Any = SimpleNamespace(get=lambda _: None)
    return Sources(NO_DATABASE, live, watch, no_photos, election)


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


def staged_board(election: Election, cast: Sequence[dict[str, Any]], now: float) -> Board:
    """The board after these ballots, the newest of them cast at `now`."""
    board, newest = Board(), datetime.fromtimestamp(now, UTC)
    candidates = {row["candidate_id"]: row for row in named_candidates(election)}
    registered = {location.name: location.registered for location in election.locations}
    registered |= dict.fromkeys(GENDERS, election.registered // 2) | dict.fromkeys(AGE_GROUPS, election.registered // 6)
    votes = []
    latest = max((one["at"] for one in cast), default=0)
    for one in cast:
        minute = f"{newest - timedelta(minutes=latest - one['at']):%Y-%m-%dT%H:%MZ}"
        votes.append({**one, "minute": minute, **candidates[one["candidate_id"]]})
    for topic in topics.AGGREGATED:
        counts = Counter(tuple(vote[name] for name in topic.key) for vote in votes)
        for key, total in counts.items():
            fields: dict[str, Any] = dict(zip(topic.key, key, strict=True))
            candidate = candidates.get(fields.get("candidate_id", ""), {})
            fields |= {name: candidate[name] for name in candidate if name in Tally.__struct_fields__}
            if topic.name in topics.TURNOUTS:
                fields["registered"] = registered.get(key[0], 1)
            board.totals[topic.name]["|".join(key)] = Tally(total, newest, **fields)
    return board


@cache
def _election(name: str, voters: int | None) -> Election:
    if name not in UGLY:
        return load_election(name, voters)
    with tempfile.TemporaryDirectory() as folder:
        return load_election(UGLY[name](Path(folder) / name))


@cache
def _board(name: str, voters: int | None, share: float) -> Board:
    election = _election(name, voters)
    return staged_board(election, ballots(election, share), time.time())


def named_candidates(election: Election) -> list[dict[str, str]]:
    """The candidates as the database has them: those of simulated elections have been given names."""
    names = ("Dafydd Pritchard-Hughes", "Abiola Okonkwo", "Mary-Jane O'Neill") * (not election.replayed)
    return [
        asdict(row) | ({"candidate_name": names[position % 3]} if names else {})
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
    if verdict:
        board.verdicts[election.name] = verdict
    seen: dict[str, Any] = {
        "database_at": now,
        "database_problem": None,
        "election": {
            "name": election.name,
            "title": election.title,
            "registered": election.registered,
            "votes_expected": election.ballots,
        },
        "candidates": named_candidates(election),
        "record": board.votes_per_candidate,
        "tally": board.votes_per_candidate,
        "moved_at": now,
        "kafka_at": now,
        "kafka_problem": None,
        "log_messages": board.counted,
        "groups": {"voting": Group(1, election.ballots - board.counted), "main": Group(1, 0)},
    }
    if board.counted and share < 1:
        slow = [0.004 * (step % 7 == 0) + 0.02 * (step % 97 == 0) for step in range(1200)]
        board.delays.extend((now - 60 + step / 20, 0.006 + delay) for step, delay in enumerate(slow))
        votes = [board.counted + 40 * step for step in range(6)]
        seen["samples"] = tuple(Sample(now - 10 + 2 * step, cast, cast) for step, cast in enumerate(votes))
    return sources_of(board, Watched(**(seen | watched)), election)
