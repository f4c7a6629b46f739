"""Counts the election again, in plain Python and without Spark: from the record, and from votes_topic.

Each voter has a number on the register; a box holds one choice and one time per number. So a million voters cost one
dictionary of names and two small arrays per box, whatever is compared.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

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

# What each aggregated_* topic says, or must say: its keys and their totals.
Totals = dict[str, Counter[str]]
GROUPS = "state", "gender", "age_group"


class Register:
    """Who stands and who may vote, each with a number, and the groups that a voter belongs to, with a number too."""

    def __init__(self, candidates: list[Candidate]):
        self.candidates = candidates
        self.candidate_numbers = {candidate.candidate_id: number for number, candidate in enumerate(candidates)}
        self.voter_numbers: dict[str, int] = {}
        self.group_numbers: dict[tuple[str, ...], int] = {}
        self.group_of_voter = array("i")

    @classmethod
    def read(cls, connection: Connection) -> Self:
        register = cls(read_candidates(connection))
        for voter_id, *groups in streamed(connection, f"SELECT voter_id, {', '.join(GROUPS)} FROM roll"):
            register.add(voter_id, tuple(groups))
        return register

    def add(self, voter_id: str, groups: tuple[str, ...]) -> None:
        """Registers a voter who belongs to one of each of GROUPS."""
        self.voter_numbers[voter_id] = len(self.voter_numbers)
        self.group_of_voter.append(self.group_numbers.setdefault(groups, len(self.group_numbers)))


class Box:
    """One choice per voter: the number of the candidate, or NOBODY, and the time in microseconds since 1970."""

    def __init__(self, register: Register):
        self.register = register
        self.choices = np.full(len(register.voter_numbers), NOBODY, np.int32)
        self.times = np.zeros(len(register.voter_numbers), np.int64)

    def put(self, voter: int, candidate: int, time: int) -> None:
        self.choices[voter], self.times[voter] = candidate, time

    @property
    def voted(self) -> np.ndarray:
        """Whether each voter has a choice."""
        return self.choices != NOBODY

    def totals(self) -> Totals:
        """What every aggregated_* topic must say about these choices."""
        voted, groups = self.voted, np.frombuffer(self.register.group_of_voter, np.int32)
        alike = Counter(zip(groups[voted], self.choices[voted], self.times[voted] // MINUTE, strict=True))
        texts_of_group = [dict(zip(GROUPS, texts, strict=True)) for texts in self.register.group_numbers]
        totals: Totals = {topic.name: Counter() for topic in topics.AGGREGATED}
        for (group, choice, minute), votes in alike.items():
            candidate = self.register.candidates[choice]
            texts = {
                **texts_of_group[group],
                "candidate_id": candidate.candidate_id,
                "party_affiliation": candidate.party_affiliation,
                "minute": f"{EPOCH + timedelta(minutes=int(minute)):%Y-%m-%dT%H:%MZ}",
            }
            for topic in topics.AGGREGATED:
                totals[topic.name]["|".join(texts[name] for name in topic.key)] += votes
        return totals


def microseconds(time: datetime) -> int:
    """Since 1970."""
    return (time - EPOCH) // MICROSECOND


@dataclass
class Recount:
    """The votes on votes_topic by the rules of the election: well formed, known candidate, on the roll, voter's first.

    It takes messages in the order of their partition; what a voter sends after the first vote does not count, and is
    kept by name in `contested` when it is for somebody else.
    """

    register: Register
    rejected: Rejections = field(default_factory=Rejections)
    contested: set[str] = field(default_factory=set)
    repeats: int = 0

    def __post_init__(self) -> None:
        self.box = Box(self.register)

    def take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if reason := self.add(message.key(), message.value()):
                self.rejected.add(int(message.partition() or 0), int(message.offset() or 0), reason)

    def add(self, key: bytes | None, value: bytes | None) -> Reason | None:
        """Counts one message; the Reason when it is none that may count."""
        try:
            vote = parse_vote(key, value)
        except Malformed as error:
            return Reason(str(error))
        candidate = self.register.candidate_numbers.get(vote.candidate_id)
        if candidate is None:
            return Reason.UNKNOWN_CANDIDATE
        voter = self.register.voter_numbers.get(vote.voter_id)
        if voter is None:
            return Reason.UNREGISTERED
        held = self.box.choices[voter]
        if held == NOBODY:
            self.box.put(voter, candidate, microseconds(vote.voting_time))
        elif held == candidate:
            self.repeats += 1
        else:
            self.contested.add(vote.voter_id)
        return None
