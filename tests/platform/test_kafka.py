"""Publishing while Kafka takes nothing."""

import pytest

from election.model.errors import Stopped
from election.platform.kafka import publish
from election.platform.runtime import Stop


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
