"""Lab 2: what order Kafka keeps: that of a partition, and so that of a key."""

from collections import defaultdict

from confluent_kafka import Message

from local.labs.workbench import Workbench

ANSWER = "b"
HINT = (
    "Kafka hashes the key to choose the partition, and orders what is on one partition. What do two partitions share?"
)
KEYS = "ann", "bob", "cy"


def show(bench: Workbench) -> None:
    bench.start_election(KAFKA_PARTITIONS="4")
    bench.say("sending 1 to 12 to votes_topic, in turn under ann, bob, cy")
    bench.send((KEYS[number % 3], b"%d" % (number + 1)) for number in range(12))
    messages = bench.read("votes_topic")
    print_partitions(messages)
    bench.say(f"a reader got {' '.join(text(message) for message in messages)}")
    places, numbers = defaultdict(set), defaultdict(list)
    for message in messages:
        places[message.key()].add(message.partition())
        numbers[message.key()].append(int(message.value() or b""))
    bench.check("all messages of a key are on one partition", all(len(found) == 1 for found in places.values()))
    bench.check("the messages of each key are in order", all(found == sorted(found) for found in numbers.values()))

    bench.say("sending 12 more without a key")
    bench.send((None, b"%d" % number) for number in range(101, 113))
    without = [message for message in bench.read("votes_topic") if message.key() is None]
    print_partitions(without)
    bench.check("without a key they are spread over partitions", len({message.partition() for message in without}) > 1)


def print_partitions(messages: list[Message]) -> None:
    for partition in range(4):
        here = [text(message) for message in messages if message.partition() == partition]
        print(f"    partition {partition}: {' '.join(here) or '-'}")


def text(message: Message) -> str:
    key, value = message.key(), (message.value() or b"").decode()
    return f"{key.decode()}:{value}" if key else value
