"""How soon a vote is in the tally: from its casting by voting.py until its updated total is read by another consumer.

A delay is that of a total: of the newest vote in it, which in real time is nearly every vote.
Every aggregate is computed, the roll is joined, and by default a window is as long as the time from a checkpoint to the
next, so that it has one: the same for each way of counting.
One count has a window for each rate, in the order of the rates.
The reader is a process of its own; it polls message by message and takes the delay of the newest vote in each total per
candidate.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Event
from operator import itemgetter

from bench.flink import TOTALS, key_prefix, read_flink, start_flink
from bench.harness import count_rows, election, start_count, until
from election.model import topics
from election.model.messages import parse_tally
from election.platform.kafka import make_reader
from election.platform.settings import Settings
from election.results.board import read_board
from local.pipeline import Pipeline
from local.processes import Process

# The JVM compiles what it runs: at full speed on two slow cores that takes the first minutes of a count. The later
# windows only wait until nothing is left of the one before.
WARM_SECONDS, SETTLE_SECONDS = 180, 30
READER_SECONDS = 120
# Of the simulated voters 73 in 100 vote.
TURNOUT = 0.7


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a vote to its total, over one window; `exact`: every vote sent was counted, once.

    `pause` is the median of each minute's longest. `worst_at` is when the longest of all ended, in seconds since the
    window began.
    """

    p50: float
    p99: float
    p999: float
    pause: float
    worst: float
    worst_at: float
    updates: int
    exact: bool


@dataclass(frozen=True)
class Window:
    """`rate` votes per second from `lead` to `end`, in seconds since the first vote; measured from `begin`."""

    rate: int
    lead: float
    begin: float
    end: float


def windows(rates: Iterable[int], seconds: float) -> list[Window]:
    """One after the other, each `seconds` long: the warm-up comes before the first."""
    found: list[Window] = []
    for rate in dict.fromkeys(rates):
        lead, wait = (found[-1].end, SETTLE_SECONDS) if found else (0, WARM_SECONDS)
        found.append(Window(rate, lead, lead + wait, lead + wait + seconds))
    return found


def votes_of(schedule: Iterable[Window]) -> int:
    """How many votes it takes at most: a second's more for each window."""
    return sum(int(window.rate * (window.end - window.lead + 1)) for window in schedule)


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
    """`spark-streaming.py` with this trigger, once it counts."""
    return start_count(pipeline, SPARK_TRIGGER=trigger)


def read_spark(settings: Settings) -> list[int]:
    """How many votes are in each aggregate; none, when any was rejected."""
    board = read_board(settings)
    return [
        0 if board.rejected else sum(tally.total_votes for tally in board.rows(topic.name))
        for topic in topics.AGGREGATED
    ]


REAL_TIME = Way("real time", partial(start_spark, "real-time"), read_spark)
MICRO_BATCHES = Way("micro-batches", partial(start_spark, "0 seconds"), read_spark)
FLINK = Way("Flink", start_flink, read_flink, TOTALS, key_prefix(topics.VOTES_PER_CANDIDATE))
WAYS = {way.name: way for way in (REAL_TIME, FLINK, MICRO_BATCHES)}


def receive(
    settings: Settings, topic: str, prefix: bytes, ready: Event, stop: Event, delays: multiprocessing.Queue
) -> None:
    """Reads the totals per candidate and takes (time read, delay in seconds) of each that is larger than all before."""
    reader, taken, benchmark = make_reader(settings, [topic]), [], multiprocessing.parent_process()
    assert benchmark
    largest: dict[bytes, int] = {}
    ready.set()
    while not stop.is_set():
        message = reader.poll(0.1)
        if message is None and not benchmark.is_alive():
            return
        if message is not None and not message.error() and (message.key() or b"").startswith(prefix):
            now, tally, key = time.time(), parse_tally(message.value()), message.key() or b""
            if tally.total_votes > largest.get(key, 0):
                largest[key] = tally.total_votes
                taken.append((now, now - tally.last_vote_at.timestamp()))
    reader.close()
    delays.put(taken)


@contextmanager
def reading(way: Way, settings: Settings) -> Iterator[Callable[[], list[tuple[float, float]]]]:
    """Reads the way's totals in a process of its own; the function ends that and returns what `receive` has taken."""
    context = multiprocessing.get_context("spawn")
    ready, stop, delays = context.Event(), context.Event(), context.Queue()
    arguments = settings, way.topic, way.prefix, ready, stop, delays
    process = context.Process(target=receive, args=arguments, daemon=True)
    process.start()
    if not ready.wait(READER_SECONDS):
        raise TimeoutError("the reader of totals starts")

    def taken() -> list[tuple[float, float]]:
        stop.set()
        return delays.get(timeout=READER_SECONDS)

    try:
        yield taken
    finally:
        process.kill()


def until_all_counted(way: Way, settings: Settings) -> bool:
    """Returns when every aggregate has all recorded votes; whether each has exactly those."""
    total = count_rows(settings, "votes")
    until(lambda: min(way.counted(settings)) >= total, "every vote is counted", 1)
    return set(way.counted(settings)) == {total}


def measure(way: Way, rates: Iterable[int], seconds: int, voters: int) -> dict[int, Latency]:
    """Latency at each of `rates` votes a second, over a window of `seconds`, with a roll of `voters` at least."""
    schedule = windows(rates, seconds)
    voters = max(voters, int(votes_of(schedule) / TURNOUT))
    with election(VOTERS=str(voters), KAFKA_PARTITIONS="2", RAMP_UP_SECONDS="0") as (pipeline, settings):
        counter = way.start(pipeline, settings)
        pipeline.start("main")
        with reading(way, settings) as stop_reading:
            started = time.time()
            for window in schedule:
                voting = pipeline.start("voting", RATE=str(window.rate))
                time.sleep(max(0.0, started + window.end - time.time()))
                voting.stop()
            exact = until_all_counted(way, settings)
            taken = stop_reading()
        counter.stop()
    moments = [(at - started, 1000 * delay) for at, delay in taken]
    return {
        window.rate: summary(
            [(at - window.begin, delay) for at, delay in moments if window.begin < at < window.end], exact
        )
        for window in schedule
    }


def summary(window: Sequence[tuple[float, float]], exact: bool) -> Latency:
    """Of (seconds since the window began, delay in milliseconds) of each total."""
    minutes: dict[int, float] = {}
    for at, delay in window:
        minutes[int(at // 60)] = max(delay, minutes.get(int(at // 60), 0))
    delays = [delay for _, delay in window]
    cuts = statistics.quantiles(delays, n=1000)
    worst_at, worst = max(window, key=itemgetter(1))
    pause = statistics.median(minutes.values())
    return Latency(cuts[499], cuts[989], cuts[998], pause, worst, worst_at, len(window), exact)
