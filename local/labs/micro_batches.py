"""Lab 7: how long a vote takes in real-time mode and in micro-batches, on this machine."""

import json
import statistics
import time
from contextlib import closing
from datetime import datetime

from election.model.errors import CannotRun
from election.platform.kafka import make_reader
from local.labs.workbench import Workbench

ANSWER = "c"
HINT = "A micro-batch plans, runs and commits before its totals are there, and a vote waits for the next one to begin."
TOPIC = "aggregated_votes_per_candidate"
WARM_SECONDS, SECONDS = 10, 20
TRIGGERS = "real-time", "1 second"


def show(bench: Workbench) -> None:
    bench.start_election(VOTERS="10000", RATE="40")
    found: dict[str, float] = {}
    for trigger in TRIGGERS:
        spark = bench.start_count(SPARK_TRIGGER=trigger)
        voting = bench.pipeline.start("voting")
        bench.say(f"SPARK_TRIGGER={trigger!r}: looking at the totals for {SECONDS} s from the first one on")
        delays = measure_delays(bench)
        found[trigger] = statistics.median(delays)
        print(f"    median {1000 * found[trigger]:,.0f} ms, longest {1000 * max(delays):,.0f} ms, {len(delays)} totals")
        voting.stop()
        spark.stop()
    real_time, batches = (found[trigger] for trigger in TRIGGERS)
    bench.check(f"micro-batches take {batches / real_time:,.0f} times as long", batches > 5 * real_time)


def measure_delays(bench: Workbench) -> list[float]:
    """Seconds from cast to read, of each total of the second half: the JVM has compiled the most by then."""
    delays: list[float] = []
    first = len(bench.read(TOPIC))
    bench.wait(lambda: len(bench.read(TOPIC)) > first, "the first total comes")
    with closing(make_reader(bench.settings, [TOPIC])) as reader:
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < SECONDS:
            message = reader.poll(0.1)
            if message and not message.error() and elapsed > WARM_SECONDS:
                last = datetime.fromisoformat(json.loads(message.value() or b"")["last_vote_at"])
                delays.append(time.time() - last.timestamp())
    if not delays:
        raise CannotRun("no total came: the machine is too busy; run the lab again")
    return delays
