"""Lab 6: Kafka's disk is lost, with every topic on it."""

import shutil
from collections import Counter

from confluent_kafka import KafkaException

from election.model.messages import parse_vote
from local.labs.workbench import Workbench

ANSWER = "c"
HINT = "Where else does voting.py write each vote, and before Kafka? Who reads that at its start?"


def show(bench: Workbench) -> None:
    bench.start_election()
    bench.cast_all()
    before = Counter(parse_vote(message.key(), message.value()).candidate_id for message in bench.read("votes_topic"))
    bench.say(f"votes_topic has {bench.expected} votes: {dict(sorted(before.items()))}")
    kafka = bench.pipeline.kafka
    assert kafka.process
    kafka.process.kill()
    shutil.rmtree(kafka.folder)
    bench.say("killed Kafka and deleted its folder; starting an empty one")
    kafka.start()

    def votes() -> int:
        try:
            return len({message.key() for message in bench.read("votes_topic")})
        except KafkaException:
            return 0  # main.py has not made the topics yet

    bench.say("main.py finds its topics gone and starts from its top: topics, roll, votes")
    bench.wait(lambda: votes() >= bench.expected, "main.py publishes every vote again")
    once = {message.key(): message.value() for message in reversed(bench.read("votes_topic"))}
    after = Counter(parse_vote(key, value).candidate_id for key, value in once.items())
    bench.say(f"votes_topic has {len(once)} votes: {dict(sorted(after.items()))}")
    bench.check("every vote is back, for the same candidate", after == before)
