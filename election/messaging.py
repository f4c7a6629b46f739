"""Kafka clients that wait for their broker, retry, and stay quiet while it is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from election.config import Settings
from election.connecting import librdkafka_security
from election.stages import DENIED, CannotRun, Stop, Waiting, kafka_failure
from election.watching import GONE, WatchingConsumer

log = logging.getLogger(__name__)

FLUSH_SLICE_SECONDS = 1.0
READ_MESSAGES, READ_SECONDS = 10_000, 0.2
STALLED_SECONDS = 30
KAFKA_TAKES = "Kafka to take the messages"
READER = "reader"

# librdkafka logs a line per connection attempt and partition: slower attempts, and its own log only when it matters.
QUIET = {
    "reconnect.backoff.ms": 200,
    "reconnect.backoff.max.ms": 5000,
    "log_level": 3,
    "log.connection.close": False,
    "socket.connection.setup.timeout.ms": 10000,
}
# What every consumer is given. Its buffer is bounded; when it was full, librdkafka's own pause before the next fetch, a
# second, would let nobody read more than one buffer a second.
READING = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "queued.max.messages.kbytes": 16384,
    "fetch.queue.backoff.ms": 10,
    "fetch.wait.max.ms": 100,
}
_client_log = logging.getLogger("kafka")
_client_log.setLevel(logging.CRITICAL)


def client_config(settings: Settings) -> dict[str, Any]:
    """What every client is given."""
    return {"bootstrap.servers": settings.kafka_bootstrap_servers, **librdkafka_security(settings), **QUIET}


def make_admin(settings: Settings) -> AdminClient:
    return AdminClient(client_config(settings), logger=_client_log)


def make_producer(settings: Settings) -> Producer:
    """A producer that neither loses nor reorders nor repeats what it was given, whatever the broker does.

    Messages that can't be delivered stay in its buffer (bounded, 64 MB) and are sent when the broker is back. When the
    broker refuses one for good, `publish` or `flush` raise what `kafka_failure` makes of it.
    """
    config = {
        **client_config(settings),
        "enable.idempotence": True,
        "delivery.timeout.ms": 2147483647,
        "linger.ms": 2,
        "compression.type": "lz4",
        "queue.buffering.max.kbytes": 65536,
        "on_delivery": _raise_if_refused,
        "delivery.report.only.error": True,
    }
    return Producer(config, logger=_client_log)


def _raise_if_refused(error: KafkaError | None, _message: Message) -> None:
    if error:
        raise kafka_failure(error)


def make_consumer(settings: Settings, group: str, topics: Iterable[str]) -> WatchingConsumer:
    """A member of the consumer group `group` that starts at the beginning and commits only when told to.

    Raises KafkaException when a topic isn't there.
    """
    config = {
        **client_config(settings),
        **READING,
        "group.id": group,
        # A killed member's voters go to the others after this long, and its successor waits no longer.
        "session.timeout.ms": 10000,
        "partition.assignment.strategy": "range",
    }
    return WatchingConsumer(config, make_admin(settings), topics, _client_log)


def make_reader(settings: Settings, topic_names: Iterable[str]) -> Consumer:
    """A consumer outside any group that reads every partition of the topics from the beginning.

    Raises KafkaException when a topic isn't there.
    """
    reader = Consumer({**client_config(settings), **READING, "group.id": READER}, logger=_client_log)
    known = reader.list_topics(timeout=10).topics
    starts = []
    for name in topic_names:
        if name not in known or known[name].error:
            reader.close()
            raise KafkaException(KafkaError(KafkaError._UNKNOWN_TOPIC, f"the topic {name} isn't there"))
        starts += [TopicPartition(name, partition, 0) for partition in known[name].partitions]
    reader.assign(starts)
    return reader


def read_to_end(reader: Consumer, names: Iterable[str]) -> Iterator[list[Message]]:
    """Batches (some empty) of what is on the topics now, from where the reader stands; ends when all of it was read.

    Raises KafkaException, also when nothing comes for half a minute.
    """
    left = {(name, partition): end for name in names for partition, end in end_offsets(reader, name).items()}
    heard_at = time.monotonic()
    while left := {place: end for place, end in left.items() if _position(reader, *place) < end}:
        messages = good_messages(reader.consume(READ_MESSAGES, READ_SECONDS))
        if messages:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > STALLED_SECONDS:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"no message for {STALLED_SECONDS} s"))
        yield messages


def _position(reader: Consumer, topic: str, partition: int) -> int:
    """The offset of the next message."""
    return max(reader.position([TopicPartition(topic, partition)])[0].offset, 0)


def end_offsets(consumer: Consumer, topic: str) -> dict[int, int]:
    """Where each partition of the topic ends now.

    Raises KafkaException, also when the topic isn't there.
    """
    known = consumer.list_topics(topic, timeout=10).topics[topic]
    if known.error:
        raise KafkaException(known.error)
    return {
        partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
        for partition in known.partitions
    }


def good_messages(messages: list[Message]) -> list[Message]:
    """The messages without the client's errors. Those that pass are logged: librdkafka retries by itself.

    Raises KafkaException when Kafka refuses, and when the topic is gone.
    """
    for message in messages:
        if error := message.error():
            if error.code() in DENIED | GONE:
                raise KafkaException(error)
            log.warning("Kafka: %s", error.str())
    return [message for message in messages if not message.error()]


def publish(producer: Producer, topic: str, key: str, value: bytes, stop: Stop | None = None) -> None:
    """Hands a message to the producer; waits while its buffer is full, and says so when nothing leaves it.

    Raises Stopped when told to stop meanwhile.
    """
    waiting: Waiting | None = None
    while True:
        try:
            producer.produce(topic, value, key)
            return
        except BufferError:
            if stop:
                stop.check()
            if not producer.poll(FLUSH_SLICE_SECONDS):
                waiting = waiting or Waiting(KAFKA_TAKES)
                waiting.note(f"{len(producer)} are left, and more wait")


def flush(producer: Producer, stop: Stop) -> bool:
    """Waits until the broker has everything. False when the stage was told to stop before that."""
    waiting = Waiting(KAFKA_TAKES)
    while producer.flush(FLUSH_SLICE_SECONDS):
        if stop.is_set():
            return False
        waiting.note(f"{len(producer)} are left")
    return True


def commit(consumer: WatchingConsumer, topic: str, read_up_to: Mapping[int, int]) -> None:
    """Commits these offsets, by partition; a partition that is another member's by now is left to it.

    Work that can't be committed will be done again, which is harmless.
    """
    own = {place.partition for place in consumer.assignment()}
    offsets = [TopicPartition(topic, partition, offset) for partition, offset in read_up_to.items() if partition in own]
    if offsets:
        consumer.commit_offsets(offsets)


def next_offsets(messages: Iterable[Message]) -> dict[int, int]:
    """Where reading goes on after these messages of one topic, by partition."""
    return {int(message.partition() or 0): int(message.offset() or 0) + 1 for message in messages}


def cluster_id(admin: AdminClient) -> str:
    return str(admin.list_topics(timeout=30).cluster_id)


def wait_for_topics(settings: Settings, stop: Stop, names: Iterable[str]) -> AdminClient:
    """Returns an admin client once Kafka answers and all the topics are there.

    Raises Stopped, and CannotRun when Kafka refuses the user.
    """
    problems: list[KafkaError] = []
    config: dict[str, Any] = {**client_config(settings), "error_cb": problems.append}
    admin = AdminClient(config, logger=_client_log)
    waiting = Waiting(f"Kafka at {settings.kafka_bootstrap_servers}")
    while True:
        stop.check()
        try:
            missing = sorted(set(names) - admin.list_topics(timeout=5).topics.keys())
        except KafkaException as error:
            admin.poll(0)
            waiting.note(_reason(settings, error.args[0], problems))
            problems.clear()
        else:
            if not missing:
                waiting.done()
                return admin
            waiting.note(f"main.py creates {', '.join(missing)}")
        stop.wait(0.5)


def _reason(settings: Settings, error: KafkaError, problems: list[KafkaError]) -> str:
    """Why Kafka can't be asked: what TLS says, if it says something, tells more than that nobody answers.

    Raises CannotRun when Kafka refused the user.
    """
    said = {problem.code(): problem for problem in problems}
    if refused := said.get(KafkaError._AUTHENTICATION):
        raise CannotRun(
            f"Kafka refused KAFKA_SASL_USERNAME={settings.kafka_sasl_username} with KAFKA_SASL_PASSWORD:"
            f" set them to the broker's ({refused.str()})"
        ) from None
    return str(said.get(KafkaError._SSL, error).str())
