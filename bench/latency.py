"""How soon a vote is in the tally: produced on votes_topic until its updated total is read by another consumer.

Every aggregate is computed, the roll is joined, checkpoints fall inside the window. The load and the reader are
processes of their own; the reader polls message by message and takes the delay of the newest vote in each total.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Event

import psycopg2

from bench.harness import election, until
from election import topics
from election.config import Settings
from election.events import Vote, encode_vote, parse_tally
from election.messaging import make_producer, make_reader
from election.results import read_board

# The JVM compiles what it runs: on two cores that takes the first minute of a count at full speed.
WARM_SECONDS = 90


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a vote to its total, over one window; `exact`: every vote sent was counted, once."""

    p50: float
    p99: float
    worst: float
    updates: int
    exact: bool


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


def receive(settings: Settings, ready: Event, stop: Event, delays: multiprocessing.Queue) -> None:
    """Reads the totals per candidate and takes (time read, delay in seconds) of each."""
    reader, taken = make_reader(settings, [topics.VOTES_PER_CANDIDATE]), []
    ready.set()
    while not stop.is_set():
        message = reader.poll(0.1)
        if message is not None and not message.error():
            now = time.time()
            taken.append((now, now - parse_tally(message.value())["last_vote_at"].timestamp()))
    reader.close()
    delays.put(taken)


def measure(trigger: str, rate: int, seconds: int, voters: int) -> Latency:
    """Latency at `rate` votes a second over a window of `seconds`, after a warm-up, with a roll of `voters`."""
    voters = max(voters, int(rate * (seconds + WARM_SECONDS)) + rate)
    with election(VOTERS=str(voters), SPARK_TRIGGER=trigger, KAFKA_PARTITIONS="2") as (pipeline, settings):
        spark = pipeline.start("spark-streaming")
        until(lambda: "counting in" in spark.log.read_text(), "the count starts", 0.2)
        context = multiprocessing.get_context("spawn")
        ready, stop, delays, sent = context.Event(), context.Event(), context.Queue(), context.Queue()
        reading = context.Process(target=receive, args=(settings, ready, stop, delays))
        reading.start()
        ready.wait()
        sending = context.Process(target=send, args=(settings, rate, WARM_SECONDS + seconds, sent))
        sending.start()
        started = time.time()
        total = sent.get()
        until(lambda: read_board(settings).counted >= total, "every vote is counted", 1)
        stop.set()
        taken = delays.get()
        board = read_board(settings)
        exact = board.counted == total and not board.rejected
        spark.stop()
    window = sorted(
        1000 * delay for at, delay in taken if started + WARM_SECONDS < at < started + WARM_SECONDS + seconds
    )
    cuts = statistics.quantiles(window, n=100)
    return Latency(cuts[49], cuts[98], window[-1], len(window), exact)
