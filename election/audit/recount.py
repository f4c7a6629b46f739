"""Counts the election again, in plain Python and without Spark: from the record, and from votes_topic.

Each voter has a number on the register; a box holds one choice and one time per number. So a million voters cost one
dictionary of names and two small arrays per box, whatever is compared.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from confluent_kafka import Message
from psycopg2.extensions import connection as Connection

from election.model import topics
from election.model.errors import Malformed
from election.model.messages import Reason, parse_vote
from election.model.rows import Candidate
from election.platform.postgres import streamed
from election.results.look import read_candidates
from election.results.rejections import Rejections

NOBODY = -1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000

Totals = dict[str, dict[str, int]]
ROLL_QUERY = "SELECT voter_id, state, gender, age_group FROM roll"


@dataclass
class Register:
    """Who may vote and who stands, each with a number, and the group that each voter belongs to."""

    candidates: list[Candidate]
    numbers: dict[str, int] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, array] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection) -> Register:
        register = cls(read_candidates(connection))
        names = "state", "gender", "age_group"
        seen: dict[str, dict[str, int]] = {name: {} for name in names}
        register.groups = {name: array("i") for name in names}
        for number, (voter_id, *own) in enumerate(streamed(connection, ROLL_QUERY)):
            register.numbers[voter_id] = number
            for name, label in zip(names, own, strict=True):
                register.groups[name].append(seen[name].setdefault(label, len(seen[name])))
        register.labels = {name: list(labels) for name, labels in seen.items()}
        return register

    @property
    def candidate_numbers(self) -> dict[str, int]:
        return {candidate.candidate_id: number for number, candidate in enumerate(self.candidates)}

    def voters(self, numbers: Iterable[int]) -> list[str]:
        """The voter_id of each number, in the register's order."""
        wanted = set(numbers)
        return [voter_id for voter_id, number in self.numbers.items() if number in wanted] if wanted else []


class Box:
    """One choice per voter: the number of the candidate, or NOBODY, and the time in microseconds since 1970."""

    def __init__(self, register: Register):
        self.register = register
        self._choice = array("h", [NOBODY]) * len(register.numbers)
        self._time = array("q", [0]) * len(register.numbers)

    def get(self, voter: int) -> int:
        return self._choice[voter]

    def put(self, voter: int, candidate: int, time: int) -> None:
        self._choice[voter], self._time[voter] = candidate, time

    @property
    def choices(self) -> np.ndarray:
        return np.frombuffer(self._choice, dtype=np.int16)

    @property
    def times(self) -> np.ndarray:
        return np.frombuffer(self._time, dtype=np.int64)

    def __len__(self) -> int:
        return int(np.count_nonzero(self.choices != NOBODY))

    def totals(self) -> Totals:
        """What every aggregated_* topic must say about these choices: topic to key to total, without the zeros."""
        voted = self.choices != NOBODY
        choices, ids = self.choices[voted], [candidate.candidate_id for candidate in self.register.candidates]
        groups = {name: np.frombuffer(group, np.int32)[voted] for name, group in self.register.groups.items()}
        labels = self.register.labels
        per_candidate = _count(choices, ids)
        parties: Counter[str] = Counter()
        for candidate in self.register.candidates:
            parties[candidate.party_affiliation] += per_candidate.get(candidate.candidate_id, 0)
        minutes, minute = np.unique(self.times[voted] // MINUTE, return_inverse=True)
        starts = [f"{EPOCH + timedelta(minutes=int(start)):%Y-%m-%dT%H:%MZ}" for start in minutes]
        return {
            topics.VOTES_PER_CANDIDATE: per_candidate,
            topics.VOTES_PER_PARTY: {party: votes for party, votes in parties.items() if votes},
            topics.TURNOUT_BY_LOCATION: _count(groups["state"], labels["state"]),
            topics.VOTES_BY_LOCATION: _count_pairs(groups["state"], labels["state"], choices, ids),
            topics.TURNOUT_BY_GENDER: _count(groups["gender"], labels["gender"]),
            topics.TURNOUT_BY_AGE_GROUP: _count(groups["age_group"], labels["age_group"]),
            topics.VOTES_BY_GENDER: _count_pairs(groups["gender"], labels["gender"], choices, ids),
            topics.VOTES_BY_AGE_GROUP: _count_pairs(groups["age_group"], labels["age_group"], choices, ids),
            topics.VOTES_PER_MINUTE: _count_pairs(minute, starts, choices, ids),
        }


def _count(codes: np.ndarray, labels: list[str]) -> dict[str, int]:
    counts = np.bincount(codes, minlength=len(labels)).tolist()
    return {label: count for label, count in zip(labels, counts, strict=True) if count}


def _count_pairs(first: np.ndarray, labels: list[str], second: np.ndarray, ids: list[str]) -> dict[str, int]:
    pairs = [f"{label}|{candidate_id}" for label in labels for candidate_id in ids]
    return _count(first.astype(np.int64) * len(ids) + second, pairs)


def microseconds(time: datetime) -> int:
    """Since 1970."""
    return (time - EPOCH) // MICROSECOND


class Recount:
    """The votes on votes_topic by the rules of the election: well formed, known candidate, on the roll, voter's first.

    It takes messages in the order of their partition; what a voter sends after the first vote does not count, and is
    kept by name in `contested` when it is for somebody else.
    """

    def __init__(self, register: Register):
        self.register, self.box = register, Box(register)
        self._candidates = register.candidate_numbers
        self.rejected = Rejections()
        self.contested: dict[str, set[str]] = {}
        self.repeats = 0

    def take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            reason = self.add(message.key(), message.value())
            if reason:
                self.rejected.add(int(message.partition() or 0), int(message.offset() or 0), reason)

    def add(self, key: bytes | None, value: bytes | None) -> Reason | None:
        """Counts one message; the Reason when it is none that may count."""
        try:
            vote = parse_vote(key, value)
        except Malformed as error:
            return Reason(str(error))
        candidate = self._candidates.get(vote.candidate_id)
        if candidate is None:
            return Reason.UNKNOWN_CANDIDATE
        voter = self.register.numbers.get(vote.voter_id)
        if voter is None:
            return Reason.UNREGISTERED
        held = self.box.get(voter)
        if held == NOBODY:
            self.box.put(voter, candidate, microseconds(vote.voting_time))
        elif held == candidate:
            self.repeats += 1
        else:
            self.contested.setdefault(vote.voter_id, set()).add(vote.candidate_id)
        return None
