"""Reads the count back, for the dashboard, `run.py` and the audit: aggregated_*, rejected_votes, audit_verdicts."""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from confluent_kafka import Consumer, KafkaException, Message

from election.model import topics
from election.model.errors import Malformed
from election.model.messages import Reason, Tally, Verdict, parse_tally, parse_verdict
from election.platform.kafka import good_messages, make_admin, make_reader
from election.platform.kafka_topics import read_to_end, topic_id
from election.platform.refusals import GONE
from election.platform.settings import Settings
from election.results.rejections import Rejections

log = logging.getLogger(__name__)

HOW_MANY = (topics.VOTES_PER_CANDIDATE,)
TOPICS = (*(topic.name for topic in topics.AGGREGATED), topics.REJECTED_VOTES, topics.AUDIT_VERDICTS)
READ_MESSAGES, READ_SECONDS = 5000, 0.05
EXAMPLES_KEPT = 20
# A minute, and more: a read that finds votes gives one.
DELAYS_KEPT = 2000
CHECK_TOPICS_SECONDS = 5
CONNECTING = "connecting to Kafka"
NO_TOPICS, TOPICS_GONE = "main.py has not created the topics yet", "its topics are gone: main.py creates them anew"
SKIPS_LOGGED = 10
KEYS = {topic.name: topic.key for topic in topics.AGGREGATED}


@dataclass(frozen=True)
class RejectedVote:
    """A message that did not count: why, where it stood on votes_topic, and how many bytes it had."""

    reason: str
    partition: int
    offset: int
    length: int


@dataclass
class Board:
    """The latest totals. They only grow: whatever is repeated or comes late, the largest total of a key stays."""

    totals: dict[str, dict[str, Tally]] = field(default_factory=lambda: {name: {} for name in KEYS})
    rejected: Rejections = field(default_factory=Rejections)
    examples: deque[RejectedVote] = field(default_factory=lambda: deque(maxlen=EXAMPLES_KEPT))
    # What an audit last published about an election, by the election's name.
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    malformed: int = 0
    changed_at: float = 0.0
    # When totals were read, and how long the newest vote in them had taken from cast to there, in seconds.
    delays: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=DELAYS_KEPT))

    def apply(self, topic: str, key: bytes | None, value: bytes | None, headers: Any, now: float) -> None:
        """Takes in one message, read at `now` (seconds since 1970). Malformed ones are counted and set aside."""
        try:
            if topic == topics.REJECTED_VOTES:
                self._reject(value, dict(headers or []), now)
            elif topic == topics.AUDIT_VERDICTS:
                self.verdicts[(key or b"").decode()] = parse_verdict(value)
            else:
                self._count(topic, (key or b"").decode(), parse_tally(value), now)
        except (Malformed, KeyError, TypeError, ValueError, AttributeError) as error:
            self.malformed += 1
            if self.malformed <= SKIPS_LOGGED or self.malformed % 1000 == 0:
                log.warning("skipped a malformed message on %s, %d so far: %.200s", topic, self.malformed, error)

    def _count(self, topic: str, key: str, tally: Tally, now: float) -> None:
        if key != "|".join(getattr(tally, name) for name in KEYS[topic]):
            raise Malformed("the key is not that of the value")
        if tally.minute:
            datetime.fromisoformat(tally.minute)  # raises ValueError for the 30th of February
        held = self.totals[topic].get(key)
        if held is None and len(self.totals[topic]) >= topics.MOST_KEYS:
            raise Malformed(f"more than {topics.MOST_KEYS:,} keys")
        if held is None or tally.total_votes > held.total_votes:
            self.totals[topic][key] = tally
            self.changed_at = now

    def _reject(self, value: bytes | None, headers: dict[str, bytes], now: float) -> None:
        position = int(headers["partition"]), int(headers["offset"])
        reason = Reason(headers["reason"].decode())
        if self.rejected.add(*position, reason):
            self.examples.append(RejectedVote(reason, *position, len(value or b"")))
            self.changed_at = now

    def rows(self, topic: str) -> list[Tally]:
        """The latest total of every key of the topic."""
        return list(self.totals[topic].values())

    @property
    def counted(self) -> int:
        """How many votes are counted so far."""
        return sum(tally.total_votes for tally in self.rows(topics.VOTES_PER_CANDIDATE))

    @property
    def counted_everywhere(self) -> int:
        """How many votes are in every aggregate: they come on topics of their own, a moment apart."""
        return min(sum(tally.total_votes for tally in self.rows(topic.name)) for topic in topics.AGGREGATED)

    @property
    def newest_vote_at(self) -> datetime | None:
        return max((tally.last_vote_at for tally in self.rows(topics.VOTES_PER_CANDIDATE)), default=None)

    @property
    def votes_per_candidate(self) -> dict[str, int]:
        return {row.candidate_id: row.total_votes for row in self.rows(topics.VOTES_PER_CANDIDATE)}

    @property
    def votes_by_location(self) -> dict[tuple[str, str], int]:
        """(location, candidate_id) to votes."""
        return {(row.state, row.candidate_id): row.total_votes for row in self.rows(topics.VOTES_BY_LOCATION)}

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        return {str(reason): count for reason, count in self.rejected.by_reason.items()}

    def copy(self) -> Self:
        """The board as it is now: what comes later does not change it."""
        totals = {topic: dict(tallies) for topic, tallies in self.totals.items()}
        kept = {name: copy(getattr(self, name)) for name in ("examples", "verdicts", "delays")}
        return replace(self, totals=totals, rejected=deepcopy(self.rejected), **kept)

    def take(self, messages: list[Message]) -> None:
        now, before = time.time(), self.newest_vote_at
        for message in messages:
            self.apply(str(message.topic()), message.key(), message.value(), message.headers(), now)
        newest = self.newest_vote_at
        if newest and newest != before:
            self.delays.append((now, now - newest.timestamp()))


def read_board(settings: Settings) -> Board:
    """The totals as they are on the topics now. Raises KafkaException when Kafka or a topic isn't there."""
    with closing(make_reader(settings, TOPICS)) as reader:
        return _read_to_end(reader)


def _read_to_end(reader: Consumer) -> Board:
    board = Board()
    for messages in read_to_end(reader):
        board.take(messages)
    return board


class LiveBoard:
    """A board that a background thread keeps up to date; one serves any number of readers.

    `board` is replaced, not changed, when the topics were made anew. `problem` says why nothing comes, or is None.
    Each vote changes a total on nine topics. One of them, HOW_MANY, tells how many votes are counted.
    """

    def __init__(self, settings: Settings, names: Sequence[str] = TOPICS):
        self.settings, self.names = settings, names
        self.board, self.heard_at = Board(), 0.0
        self.problem: str | None = CONNECTING
        self.lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="results", daemon=True)

    def start(self) -> Self:
        self._thread.start()
        return self

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except KafkaException as error:
                missing = TOPICS_GONE if self.heard_at else NO_TOPICS
                self.problem = missing if error.args[0].code() in GONE else error.args[0].str()
                self._stop.wait(1)

    def _follow(self) -> None:
        """Reads the topics from their beginning until they are gone or made anew."""
        admin = make_admin(self.settings)
        made = topic_id(admin, topics.VOTES_PER_CANDIDATE)
        with closing(make_reader(self.settings, self.names)) as reader:
            board = _read_to_end(reader)
            # What was read back tells how old the totals are, not how fast the count is, nor that it is going on.
            board.delays.clear()
            board.changed_at = 0.0
            self.board, self.problem = board, None
            check_at = 0.0
            while not self._stop.is_set():
                if messages := good_messages(reader.consume(READ_MESSAGES, READ_SECONDS)):
                    with self.lock:
                        board.take(messages)
                if time.monotonic() > check_at:
                    if topic_id(admin, topics.VOTES_PER_CANDIDATE) != made:
                        return
                    self.heard_at, check_at = time.time(), time.monotonic() + CHECK_TOPICS_SECONDS
