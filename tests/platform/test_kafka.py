"""Publishing while Kafka takes nothing."""

import pytest

from election.model.errors import Stopped
from election.platform.kafka import publish
from election.platform.runtime import Stop


class FullProducer:
    """Its buffer has room after as many polls as `delivers` has entries; each says how many messages left in one."""

    def __init__(self, *delivers, then=lambda: None):
        self.delivers, self.then = list(delivers), then
        self.produced = []

    def __len__(self):
        return 7

    def produce(self, topic, value, key):
        if self.delivers:
            raise BufferError
        self.produced.append((topic, key, value))

    def poll(self, _seconds):
        self.then()
        return self.delivers.pop(0)


@pytest.fixture(autouse=True)
def at_info(caplog):
    caplog.set_level("INFO")


def test_a_message_waits_until_the_buffer_has_room(caplog):
    producer = FullProducer(3, 2)
    publish(producer, "topic", "key", b"value", Stop())
    assert producer.produced == [("topic", "key", b"value")]
    assert not caplog.text


def test_a_buffer_that_nothing_leaves_is_told_once(caplog):
    publish(FullProducer(0, 0, 0), "topic", "key", b"value", Stop())
    assert caplog.text.count("waiting for Kafka to take the messages: 7 are left") == 1


def test_waiting_for_room_ends_when_told_to_stop():
    stop = Stop()
    producer = FullProducer(0, 0, then=stop.set)
    with pytest.raises(Stopped):
        publish(producer, "topic", "key", b"value", stop)
    assert not producer.produced
