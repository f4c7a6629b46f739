"""How long a backlog takes: votes wait on votes_topic, the count starts, every total is exact.

Measured from the start of the process, JVM and all; beside it Apache Flink, which batches too (mini-batches).
"""

import time
from collections.abc import Sequence

from bench.flink import MINI_BATCHES, key_prefix, start_flink
from bench.harness import audited, election, message_count, until, until_counted
from bench.latency import FLINK
from election.model import topics
from election.model.definition import load_election
from election.model.topics import Topic
from election.results.board import read_board

SPARK = "spark-streaming.py"
LOOK_SECONDS = 0.2


def measure(
    voters: int, flink: bool = False, aggregates: Sequence[Topic] = topics.AGGREGATED, **environment: str
) -> dict[str, float]:
    """Seconds to seed `voters`, to cast their votes, and to count all of them from a standing start, by each way.

    The clock stops when the totals of all `aggregates` are complete; whether they are exact is looked into after that.
    """
    with election(**{"VOTERS": str(voters), "RATE": "0", **environment}) as (pipeline, settings):
        outcome = load_election(settings.election, voters)
        found: dict[str, float] = {"voters": voters, "votes": outcome.ballots, "seed": pipeline.seed_seconds}
        started = time.monotonic()
        voting = pipeline.start("voting")
        with message_count(settings, topics.VOTES) as on_the_log:
            until(lambda: on_the_log() == outcome.ballots, "all votes are cast", LOOK_SECONDS)
        found["cast"] = time.monotonic() - started
        voting.stop()
        started = time.monotonic()
        spark = pipeline.start("spark-streaming")
        until_counted(settings, [(topic.name, b"") for topic in aggregates], outcome.ballots)
        found[SPARK] = time.monotonic() - started
        exact = read_board(settings).votes_by_location == outcome.votes_by_location
        found["audited"] = exact and audited(pipeline)
        spark.stop()
        if flink:
            started = time.monotonic()
            peer = start_flink(pipeline, settings, MINI_BATCHES)
            until_counted(settings, [(FLINK.topic, key_prefix(topic.name)) for topic in aggregates], outcome.ballots)
            found[FLINK.name] = time.monotonic() - started
            found["flink exact"] = set(FLINK.counted(settings)) == {outcome.ballots}
            peer.stop()
        return found
