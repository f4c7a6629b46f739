"""Kafka clients that wait for their broker, retry, and stay quiet while it is away."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from election.model import topics
from election.platform.refusals import DENIED, GONE, kafka_failure
from election.platform.runtime import Stop, Waiting
from election.platform.settings import Settings

log = logging.getLogger(__name__)

FLUSH_SLICE_SECONDS = 1.0
KAFKA_TAKES = "Kafka to take the messages"

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
client_log = logging.getLogger("kafka")
client_log.setLevel(logging.CRITICAL)


def client_config(settings: Settings) -> dict[str, Any]:
    """What every client is given."""
    config: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "security.protocol": settings.kafka_security_protocol,
        **QUIET,
    }
    if settings.kafka_sasl:
        config |= {
            "sasl.mechanism": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_sasl_username,
            "sasl.password": settings.kafka_sasl_password,
        }
    if settings.kafka_ssl_ca_location:
        config["ssl.ca.location"] = settings.kafka_ssl_ca_location
    return config


def spark_kafka_options(settings: Settings) -> dict[str, str]:
    """What Spark's source and sink are given. The certificate travels along, so that no executor needs the file."""
    options = {
        "kafka.bootstrap.servers": settings.kafka_bootstrap_servers,
        "kafka.security.protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_sasl:
        scram = settings.kafka_sasl_mechanism.startswith("SCRAM")
        module = "scram.ScramLoginModule" if scram else "plain.PlainLoginModule"
        login = settings.kafka_sasl_username, settings.kafka_sasl_password
        # JSON quotes a text as JAAS does.
        user, password = (json.dumps(text, ensure_ascii=False) for text in login)
        options["kafka.sasl.mechanism"] = settings.kafka_sasl_mechanism
        options["kafka.sasl.jaas.config"] = (
            f"org.apache.kafka.common.security.{module} required username={user} password={password};"
        )
    if settings.kafka_ssl_ca_location:
        options["kafka.ssl.truststore.type"] = "PEM"
        options["kafka.ssl.truststore.certificates"] = Path(settings.kafka_ssl_ca_location).read_text()
    return options


def make_admin(settings: Settings) -> AdminClient:
    return AdminClient(client_config(settings), logger=client_log)


def make_producer(settings: Settings) -> Producer:
    """A producer that neither loses nor reorders nor repeats what it was given, whatever the broker does.

    Messages that can't be delivered stay in its buffer (bounded, 64 MB) and are sent when the broker is back. When the
    broker refuses one for good, `publish` or `flush` raise what `kafka_failure` makes of it.
    """
    config = {
        **client_config(settings),
        "enable.idempotence": True,
        "delivery.timeout.ms": 2147483647,
        # `flush` does not wait for it; without one, the roll would go out in requests of a few voters each.
        "linger.ms": 100,
        "compression.type": "lz4",
        "queue.buffering.max.kbytes": 65536,
        "on_delivery": _raise_if_refused,
        "delivery.report.only.error": True,
    }
    return Producer(config, logger=client_log)


def _raise_if_refused(error: KafkaError | None, _message: Message) -> None:
    if error:
        raise kafka_failure(error)


def make_reader(settings: Settings, topic_names: Iterable[str]) -> Consumer:
    """A consumer of no group, at the beginning of every partition. Raises KafkaException when a topic isn't there."""
    reader = Consumer({**client_config(settings), **READING, "group.id": topics.READER}, logger=client_log)
    known = reader.list_topics(timeout=10).topics
    starts = []
    for name in topic_names:
        if name not in known or known[name].error:
            reader.close()
            raise KafkaException(KafkaError(KafkaError._UNKNOWN_TOPIC, f"the topic {name} isn't there"))
        starts += [TopicPartition(name, partition, 0) for partition in known[name].partitions]
    reader.assign(starts)
    return reader


def good_messages(messages: list[Message]) -> list[Message]:
    """The messages without the client's errors. Those that pass are logged: librdkafka retries by itself.

    Raises KafkaException when Kafka refuses, and when the topic is gone.
    """
    for message in messages:
        if error := message.error():
            if error.code() in DENIED or error.code() in GONE:
                raise KafkaException(error)
            log.warning("Kafka: %s", error.str())
    return [message for message in messages if not message.error()]


def publish(producer: Producer, topic: str, key: str, value: bytes, stop: Stop | None = None) -> None:
    """Hands a message to the producer; waits while its buffer is full. Raises Stopped when told to stop meanwhile."""
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


def flush(producer: Producer, stop: Stop) -> None:
    """Waits until the broker has everything. Raises Stopped when told to stop before that."""
    waiting = Waiting(KAFKA_TAKES)
    while producer.flush(FLUSH_SLICE_SECONDS):
        stop.check()
        waiting.note(f"{len(producer)} are left")
