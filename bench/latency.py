"""How soon a vote is in the tally: produced on votes_topic until its updated total is read by another consumer.

Every aggregate is computed, the roll is joined, checkpoints fall inside the window: the same for each way of counting.
The load and the reader are processes of their own; the reader polls message by message and takes the delay of the
newest vote in each total per candidate.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing.synchronize import Event

import psycopg2

from bench.flink import TOTALS, key_prefix, read_flink, start_flink
from bench.harness import election, until
from election import topics
from election.config import Settings
from election.events import Vote, encode_vote, parse_tally
from election.messaging import make_producer, make_reader
from election.results import read_board
from embedded.pipeline import Pipeline
from embedded.processes import Process

# The JVM compiles what it runs: at full speed on two slow cores that takes the first minutes of a count.
WARM_SECONDS = 180


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a vote to its total, over one window; `exact`: every vote sent was counted, once.

    `pause` is the median of each minute's longest: a checkpoint falls into every minute.
    """

    p50: float
    p99: float
    pause: float
    worst: float
    updates: int
    exact: bool


@dataclass(frozen=True)
class Way:
    """A way of counting: how it is started, and what it has counted, which is one number for each aggregate.

    `topic` has its totals; those per candidate have keys that begin with `prefix`.
    """

    name: str
    start: Callable[[Pipeline, Settings], Process]
    counted: Callable[[Settings], list[int]]
    topic: str = topics.VOTES_PER_CANDIDATE
    prefix: bytes = b""


def start_spark(trigger: str, pipeline: Pipeline, _settings: Settings) -> Process:
    """`spark-streaming.py`, once it has the roll and counts."""
    spark = pipeline.start("spark-streaming", SPARK_TRIGGER=trigger)
    until(lambda: "counting in" in spark.log.read_text(), "the count starts", 0.2)
    return spark


def read_spark(settings: Settings) -> list[int]:
    """How many votes are in each aggregate; none, when any was rejected."""
    board = read_board(settings)
    return [
        0 if board.rejected else sum(tally["total_votes"] for tally in board.rows(topic.name))
        for topic in topics.AGGREGATED
    ]


REAL_TIME = Way("real time", partial(start_spark, "real-time"), read_spark)
MICRO_BATCHES = Way("micro-batches", partial(start_spark, "0 seconds"), read_spark)
FLINK = Way("Flink", start_flink, read_flink, TOTALS, key_prefix(topics.VOTES_PER_CANDIDATE))
WAYS = {way.name: way for way in (REAL_TIME, FLINK, MICRO_BATCHES)}


def send(settings: Settings, rate: int, seconds: float, sent: multiprocessing.Queue) -> None:
    """Produces one vote per voter at `rate` a second."""
    connection = psycopg2.connect(**settings.postgres)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT voter_id FROM voters LIMIT %s", (int(rate * seconds) + rate,))
        voters = [voter_id for (voter_id,) in cursor]
    connection.close()
    producer, started, done = make_producer(settings), time.time(), 0
    while (elapsed := time.time() - started) < seconds:
        while done < min(int(elapsed * rate), len(voters)):
            vote = Vote(voters[done], "123"[done % 3], datetime.now(UTC))
            producer.produce(topics.VOTES, encode_vote(vote), vote.voter_id)
            done += 1
        producer.poll(0)
        time.sleep(0.001)
    producer.flush()
    sent.put(done)


def receive(
    settings: Settings, topic: str, prefix: bytes, ready: Event, stop: Event, delays: multiprocessing.Queue
) -> None:
    """Reads the totals per candidate and takes (time read, delay in seconds) of each."""
    reader, taken = make_reader(settings, [topic]), []
    ready.set()
    while not stop.is_set():
        message = reader.poll(0.1)
        if message is not None and not message.error() and (message.key() or b"").startswith(prefix):
            now = time.time()
            taken.append((now, now - parse_tally(message.value())["last_vote_at"].timestamp()))
    reader.close()
    delays.put(taken)


def measure(way: Way, rate: int, seconds: int, voters: int) -> Latency:
    """Latency at `rate` votes a second over a window of `seconds`, after a warm-up, with a roll of `voters`."""
    voters = max(voters, int(rate * (seconds + WARM_SECONDS)) + rate)
    with election(VOTERS=str(voters), KAFKA_PARTITIONS="2") as (pipeline, settings):
        counter = way.start(pipeline, settings)
        context = multiprocessing.get_context("spawn")
        ready, stop, delays, sent = context.Event(), context.Event(), context.Queue(), context.Queue()
        reading = context.Process(target=receive, args=(settings, way.topic, way.prefix, ready, stop, delays))
        reading.start()
        ready.wait()
        sending = context.Process(target=send, args=(settings, rate, WARM_SECONDS + seconds, sent))
        sending.start()
        started = time.time()
        total = sent.get()
        until(lambda: min(way.counted(settings)) >= total, "every vote is counted", 1)
        stop.set()
        taken = delays.get()
        exact = set(way.counted(settings)) == {total}
        counter.stop()
    begin = started + WARM_SECONDS
    return summary([(at - begin, 1000 * delay) for at, delay in taken if begin < at < begin + seconds], exact)


def summary(window: Sequence[tuple[float, float]], exact: bool) -> Latency:
    """Of (seconds since the window began, delay in milliseconds) of each total."""
    minutes: dict[int, float] = {}
    for at, delay in window:
        minutes[int(at // 60)] = max(delay, minutes.get(int(at // 60), 0))
    delays = [delay for _, delay in window]
    cuts = statistics.quantiles(delays, n=100)
    return Latency(cuts[49], cuts[98], statistics.median(minutes.values()), max(delays), len(window), exact)
