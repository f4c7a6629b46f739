"""Kafka while it takes nothing: messages wait, and so does who makes topics."""

from types import SimpleNamespace

import pytest

from election.model.errors import Stopped
from election.platform import kafka_topics
from election.platform.kafka import publish
from election.platform.runtime import Stop
from election.platform.settings import Settings


class FullProducer:
    """Its buffer has room after as many polls as `delivers` has entries; each says how many messages left in one."""

    def __init__(self, *delivers):
        self.delivers, self.produced = list(delivers), []

    def __len__(self):
        return 7

    def produce(self, topic, value, key):
        if self.delivers:
            raise BufferError
        self.produced.append((topic, key, value))

    def poll(self, _seconds):
        return self.delivers.pop(0)


@pytest.mark.parametrize(("delivers", "said"), [((3, 2), 0), ((0, 0, 0), 1)], ids=["moves", "stands still"])
def test_a_message_waits_for_room_and_a_buffer_that_nothing_leaves_is_told_once(caplog, delivers, said):
    caplog.set_level("INFO")
    producer = FullProducer(*delivers)
    publish(producer, "topic", "key", b"value", Stop())
    assert producer.produced == [("topic", "key", b"value")]
    assert caplog.text.count("waiting for Kafka to take the messages: 7 are left") == said


def test_waiting_for_room_ends_when_told_to_stop():
    stop, producer = Stop(), FullProducer(0)
    stop.set()
    with pytest.raises(Stopped):
        publish(producer, "topic", "key", b"value", stop)
    assert not producer.produced


def test_a_kafka_without_a_controller_is_waited_for(monkeypatch, caplog):
    caplog.set_level("INFO")
    answers = [SimpleNamespace(controller_id=number, topics={}) for number in (-1, -1, 1)]
    admin = SimpleNamespace(list_topics=lambda **_: answers.pop(0))
    monkeypatch.setattr(kafka_topics, "AdminClient", lambda *_, **__: admin)
    assert kafka_topics.wait_for_topics(Settings(), Stop(), []) is admin
    assert not answers
    assert caplog.text.count("waiting for Kafka at localhost:9092: it has no controller yet") == 1
