"""A thread that asks PostgreSQL and Kafka how things stand, for all viewers at once; it rests while nobody looks."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import psycopg2
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from psycopg2.extensions import connection as Connection

from dashboard.data.database import (
    LoginRefused,
    Unavailable,
    connect,
    count_roll,
    read_candidates,
    read_election,
    read_record,
)
from dashboard.figures.view import NO_ELECTION, NO_LOGIN, Group, Sample, Watched
from election.model import topics
from election.model.errors import first_line
from election.platform.kafka import make_admin
from election.platform.settings import Settings
from election.results.board import NO_TOPICS, LiveBoard

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 2.0
# Counting a million recorded votes takes a while: it is done at most a tenth of the time.
REST_PER_WORK = 9
IDLE_SECONDS = 60
KAFKA_SECONDS = 5
SAMPLES_KEPT = 60
GROUPS = {topics.VOTING_GROUP: topics.VOTERS, topics.MAIN_GROUP: topics.VOTES}


class Watch:
    """`look()` gives the newest figures without waiting, and keeps the thread going."""

    def __init__(self, settings: Settings, live: LiveBoard):
        self.settings, self.live = settings, live
        self._watched = Watched()
        self._connection: Connection | None = None
        self._admin: AdminClient = make_admin(settings)
        self._looked_at, self._awake_since, self._looked = 0.0, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> Watch:
        self._thread.start()
        return self

    def look(self) -> Watched:
        self._looked_at = time.monotonic()
        if not self._looked.is_set():
            self._awake_since = time.time()
            self._looked.set()
        return replace(self._watched, awake_since=self._awake_since)

    def _run(self) -> None:
        while True:
            if time.monotonic() - self._looked_at > IDLE_SECONDS:
                self._looked.clear()
                self._looked.wait()
            started = time.monotonic()
            try:
                self._watched = self.step(self._watched)
            except Exception:
                log.exception("the watch failed, and looks again in a moment")
            worked = time.monotonic() - started
            time.sleep(max(INTERVAL_SECONDS, REST_PER_WORK * worked) if worked < KAFKA_SECONDS else INTERVAL_SECONDS)

    def step(self, before: Watched) -> Watched:
        """One look at everything: tally first, then log, then record, so that only a real surplus shows as one."""
        with self.live.lock:
            tally = self.live.board.votes_per_candidate
        watched = compare(before, self._ask_database(self._ask_kafka(before), tally))
        return replace(watched, looked_at=time.time())

    def _ask_kafka(self, watched: Watched) -> Watched:
        try:
            known = self._admin.list_topics(timeout=KAFKA_SECONDS).topics
            if {topics.VOTES, topics.VOTERS} - known.keys():
                return replace(watched, kafka_problem=NO_TOPICS, kafka_at=time.time())
            ends = {name: self._offsets(name, list(known[name].partitions)) for name in (topics.VOTES, topics.VOTERS)}
            groups = {group: self._group(group, ends[topic]) for group, topic in GROUPS.items()}
        except KafkaException as error:
            self._admin = make_admin(self.settings)  # one that was asked while Kafka was away may not recover
            return replace(watched, kafka_problem=error.args[0].str())
        messages = sum(latest - earliest for earliest, latest in ends[topics.VOTES].values())
        return replace(watched, log_messages=messages, groups=groups, kafka_problem=None, kafka_at=time.time())

    def _offsets(self, topic: str, partitions: list[int]) -> dict[TopicPartition, tuple[int, int]]:
        """Where each partition begins and ends."""
        at = [TopicPartition(topic, partition) for partition in partitions]
        earliest, latest = (
            self._admin.list_offsets(dict.fromkeys(at, spec), request_timeout=KAFKA_SECONDS)
            for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
        )
        return {one: (earliest[one].result().offset, latest[one].result().offset) for one in at}

    def _group(self, group: str, ends: dict[TopicPartition, tuple[int, int]]) -> Group:
        described = self._admin.describe_consumer_groups([group], request_timeout=KAFKA_SECONDS)[group]
        asked = ConsumerGroupTopicPartitions(group, list(ends))
        answered = self._admin.list_consumer_group_offsets([asked], request_timeout=KAFKA_SECONDS)[group].result()
        committed = {(at.topic, at.partition): at.offset for at in answered.topic_partitions}
        lag = 0
        for at, (earliest, latest) in ends.items():
            read = committed.get((at.topic, at.partition), -1)
            lag += latest - (read if read >= 0 else earliest)
        try:
            members = len(described.result().members)
        except KafkaException:
            members = 0
        return Group(members, max(lag, 0))

    def _ask_database(self, watched: Watched, tally: dict[str, int]) -> Watched:
        try:
            self._connection = self._connection or connect(self.settings)
            election = read_election(self._connection)
            if election is None:
                return replace(watched, database_problem=NO_ELECTION)
            record = read_record(self._connection)
            return replace(
                watched,
                election=election,
                roll=watched.roll if record else count_roll(self._connection),
                candidates=tuple(read_candidates(self._connection)),
                record=record,
                tally=tally,
                database_problem=None,
                database_at=time.time(),
            )
        except (Unavailable, psycopg2.Error) as error:
            if self._connection:
                self._connection.close()
            self._connection = None
            return replace(watched, database_problem=NO_LOGIN if isinstance(error, LoginRefused) else first_line(error))


def compare(before: Watched, now: Watched) -> Watched:
    """`now` with when record, log or tally last moved, and with a sample of how far casting and counting are."""
    seen_at = max(now.database_at, now.kafka_at)
    moved = not before.moved_at or (before.record, before.log_messages, before.tally) != (
        *(now.record, now.log_messages, now.tally),
    )
    samples = before.samples
    if not now.database_problem and now.database_at > (samples[-1].at if samples else 0):
        samples = (*samples, Sample(now.database_at, now.recorded, sum(now.tally.values())))[-SAMPLES_KEPT:]
    return replace(now, samples=samples, moved_at=seen_at if moved else before.moved_at)
