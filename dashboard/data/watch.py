"""A thread that asks PostgreSQL and Kafka every few seconds how things stand, for all viewers at once."""

import logging
import threading
import time
from dataclasses import replace
from typing import Self

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from dashboard.data.database import read_database
from dashboard.figures.view import Group, Sample, Watched
from election.model import topics
from election.model.errors import CannotLook
from election.platform.kafka import make_admin
from election.platform.settings import Settings
from election.results.board import NO_TOPICS, LiveBoard

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 2.0
# Counting a million recorded votes takes a while: the watch rests nine times as long, but not for ever.
REST_PER_WORK, LONGEST_REST_SECONDS = 9, 10
IDLE_SECONDS = 60
KAFKA_SECONDS = 5
SAMPLES_KEPT = 60
GROUPS = {topics.VOTING_GROUP: topics.VOTERS, topics.MAIN_GROUP: topics.VOTES}
# Where each partition of a topic ends: how many messages it has taken.
Ends = dict[TopicPartition, int]


class Watch:
    """`look()` gives the newest figures without waiting. While nobody looks, nothing is asked."""

    def __init__(self, settings: Settings, live: LiveBoard):
        self.settings, self.live = settings, live
        self._watched = Watched()
        self._admin = make_admin(settings)
        self._looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> Self:
        self._thread.start()
        return self

    def look(self) -> Watched:
        self._looked_at = time.monotonic()
        return self._watched

    def _run(self) -> None:
        while True:
            started = time.monotonic()
            try:
                if started - self._looked_at < IDLE_SECONDS:
                    self._watched = self.step(self._watched)
                self._watched = replace(self._watched, looked_at=time.time())
            except Exception:
                log.exception("the watch failed, and looks again in a moment")
            worked = time.monotonic() - started
            time.sleep(min(max(INTERVAL_SECONDS, REST_PER_WORK * worked), LONGEST_REST_SECONDS))

    def step(self, before: Watched) -> Watched:
        """One look at everything: tally first, then log, then record, so that only a real surplus shows as one."""
        with self.live.lock:
            tally = self.live.board.votes_per_candidate
        return compare(before, self._ask_database(self._ask_kafka(before), tally))

    def _ask_kafka(self, watched: Watched) -> Watched:
        try:
            known = self._admin.list_topics(timeout=KAFKA_SECONDS).topics
            if {topics.VOTES, topics.VOTERS} - known.keys():
                return replace(watched, kafka_problem=NO_TOPICS, kafka_at=time.time())
            ends = {name: self._ends(name, list(known[name].partitions)) for name in (topics.VOTES, topics.VOTERS)}
            groups = {group: self._group(group, ends[topic]) for group, topic in GROUPS.items()}
        except KafkaException as error:
            self._admin = make_admin(self.settings)  # one that was asked while Kafka was away may not recover
            return replace(watched, kafka_problem=error.args[0].str())
        messages = sum(ends[topics.VOTES].values())
        return replace(watched, log_messages=messages, groups=groups, kafka_problem=None, kafka_at=time.time())

    def _ends(self, topic: str, partitions: list[int]) -> Ends:
        asked = {TopicPartition(topic, partition): OffsetSpec.latest() for partition in partitions}
        answered = self._admin.list_offsets(asked, request_timeout=KAFKA_SECONDS)
        return {at: answered[at].result().offset for at in asked}

    def _group(self, group: str, ends: Ends) -> Group:
        described = self._admin.describe_consumer_groups([group], request_timeout=KAFKA_SECONDS)[group]
        asked = ConsumerGroupTopicPartitions(group, list(ends))
        answered = self._admin.list_consumer_group_offsets([asked], request_timeout=KAFKA_SECONDS)[group].result()
        # A partition that the group has read nothing of has a negative offset.
        lag = sum(ends[at] - max(at.offset, 0) for at in answered.topic_partitions)
        try:
            members = len(described.result().members)
        except KafkaException:
            members = 0
        return Group(members, max(lag, 0))

    def _ask_database(self, watched: Watched, tally: dict[str, int]) -> Watched:
        try:
            found = read_database(self.settings)
        except CannotLook as error:
            return replace(watched, database_problem=str(error))
        return replace(watched, **found, tally=tally, database_problem=None, database_at=time.time())


def compare(before: Watched, now: Watched) -> Watched:
    """`now` with when record, log or tally last moved, and with a sample of how far casting and counting are."""
    seen_at = max(now.database_at, now.kafka_at)
    moved = (before.record, before.log_messages, before.tally) != (now.record, now.log_messages, now.tally)
    samples = now.samples
    if now.database_at > before.database_at:
        samples = (*samples, Sample(now.database_at, now.recorded, sum(now.tally.values())))[-SAMPLES_KEPT:]
    return replace(now, samples=samples, moved_at=seen_at if moved or not before.moved_at else before.moved_at)
