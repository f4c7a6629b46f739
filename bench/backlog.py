"""How long a backlog takes: votes wait on votes_topic, `spark-streaming.py` starts, every total is exact.

Measured from the start of the process, JVM and all. And the whole: seeded, cast and counted by `run.py`.
"""

from __future__ import annotations

import time

from bench.harness import audited, count_rows, election, until
from election.definition import load_election
from election.results import read_board


def measure(voters: int) -> dict[str, float]:
    """Seconds to seed `voters`, to cast their votes, and to count all of them from a standing start."""
    with election(VOTERS=str(voters), RATE="0") as (pipeline, settings):
        outcome = load_election("simulated", voters)
        started = time.monotonic()
        voting = pipeline.start("voting")
        until(lambda: count_rows(settings, "votes") == outcome.ballots, "all votes are cast", 0.2)
        cast_seconds = time.monotonic() - started
        voting.stop()
        started = time.monotonic()
        spark = pipeline.start("spark-streaming")
        until(lambda: read_board(settings).votes_by_location == outcome.votes_by_location, "the count is exact", 0.5)
        count_seconds = time.monotonic() - started
        clean = audited(pipeline)
        spark.stop()
        return {
            "voters": voters,
            "votes": outcome.ballots,
            "seed": pipeline.seed_seconds,  # type: ignore[attr-defined]
            "cast": cast_seconds,
            "count": count_seconds,
            "audited": clean,
        }
