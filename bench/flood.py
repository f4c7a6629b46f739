"""How fast good votes are counted while bad messages flood votes_topic, beside the same number of good votes alone.

One `spark-streaming.py` in real time counts both, one after the other. The bad messages are spread evenly among the
good ones, so the last good vote is counted only when nearly all the bad ones have been looked at.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import cycle, islice

from bench.cast import some_voters
from bench.harness import election, start_count, until
from election.model import topics
from election.model.messages import encode_vote
from election.platform.kafka import make_producer, publish
from election.platform.settings import Settings
from election.results.board import LiveBoard

BAD_PER_GOOD = 3
WARM_SHARE = 10
BAD = (
    b"nonsense",
    b"\xff\xfe",
    b'{"voter_id": "bad", "vote": 1}',
    b'{"voter_id": "bad", "candidate_id": "1", "voting_time": "2026-01-01T12:00:00Z", "vote": 2}',
    b'{"voter_id": "bad", "candidate_id": "1", "voting_time": "2026-01-01T12:00:00Z", "vote": 1}',
)
Value = tuple[str, bytes]


def among_bad(good: list[Value]) -> Iterator[Value]:
    bad = enumerate(cycle(BAD))
    for vote in good:
        yield vote
        for number, value in islice(bad, BAD_PER_GOOD):
            yield f"bad-{number}", value


def seconds_to_count(settings: Settings, live: LiveBoard, messages: Iterable[Value], good: int) -> float:
    """From the first message sent to the last of the good votes counted."""
    target, producer = live.board.counted + good, make_producer(settings)
    started = time.monotonic()
    for key, value in messages:
        publish(producer, topics.VOTES, key, value)
    producer.flush()
    until(lambda: live.board.counted >= target, "the good votes are counted")
    return time.monotonic() - started


def measure(voters: int) -> dict[str, float]:
    """Seconds for half of the votes alone, and for the other half in a flood that is rejected to the last."""
    with election(VOTERS=str(voters)) as (pipeline, settings):
        votes = [(vote.voter_id, encode_vote(vote)) for vote in some_voters(settings, voters)]
        warm, half = len(votes) // WARM_SHARE, len(votes) // 2
        spark = start_count(pipeline)
        with closing(LiveBoard(settings).start()) as live:
            seconds_to_count(settings, live, votes[:warm], warm)
            alone = seconds_to_count(settings, live, votes[warm:half], half - warm)
            flooded = seconds_to_count(settings, live, among_bad(votes[half : 2 * half - warm]), half - warm)
            bad = BAD_PER_GOOD * (half - warm)
            until(lambda: len(live.board.rejected) == bad, "every bad message is rejected")
        spark.stop()
    return {"good": half - warm, "bad": bad, "alone": alone, "flooded": flooded}
