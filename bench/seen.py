"""What a person sees of an election that `run.py` runs: from the command on, undisturbed or with the count killed.

The delays are those from cast to shown: of each new total per candidate, from its newest vote's time to when a reader
outside run.py has it. Totals that a restarted count repeats are not new, and a page does not move for them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import KafkaException

from bench.harness import until
from bench.latency import receive
from election import PROJECT
from election.model import topics
from election.platform.kafka import make_reader
from election.platform.settings import Settings, load_settings
from local.pipeline import Pipeline

LATE_SECONDS, AGAIN_LATE_SECONDS = 2.0, 1.0
Moments = Sequence[tuple[float, float]]  # when a new total was read, and the delay of its newest vote, in seconds


@dataclass(frozen=True)
class Seen:
    """Seconds from the command to the first counted vote, and milliseconds of delay from then on.

    `late` is the share of new totals that were more than two seconds late.
    """

    first_counted: float
    p50: float
    p99: float
    worst: float
    late: float


@dataclass(frozen=True)
class Crash:
    """Seconds from `kill -9` of the count until totals move again, and until none is more than a second late."""

    moves: float
    fresh: float


def run_election(name: str, seconds: float, kill_at: float | None = None) -> tuple[float, float, Moments]:
    """Runs `run.py --election NAME` until `seconds` after the first counted vote; kills the count once at `kill_at`.

    Returns when the command was given, when the count was killed (0 if not), and the moments of every new total.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        settings = load_settings({**os.environ, **Pipeline(Path(folder) / "ports").environment})
        context = multiprocessing.get_context("spawn")
        ready, stop, delays = context.Event(), context.Event(), context.Queue()
        began = time.time()
        command = [sys.executable, "-m", "local.cli", "--folder", f"{folder}/run", "--election", name]
        run = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: _topics_are_there(settings), "main.py creates the topics", 0.2)
            arguments = settings, topics.VOTES_PER_CANDIDATE, b"", ready, stop, delays
            reading = context.Process(target=receive, args=arguments, daemon=True)
            reading.start()
            ready.wait()
            first = _wait_for_first_total(settings)
            killed = 0.0
            if kill_at is not None:
                time.sleep(kill_at)
                killed = _kill_count(run.pid)
            time.sleep(max(0.0, first + seconds - time.time()))
            stop.set()
            return began, killed, delays.get()
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait(120)


def _topics_are_there(settings: Settings) -> bool:
    try:
        make_reader(settings, [topics.VOTES_PER_CANDIDATE]).close()
    except KafkaException:
        return False
    return True


def _wait_for_first_total(settings: Settings) -> float:
    reader = make_reader(settings, [topics.VOTES_PER_CANDIDATE])
    until(lambda: reader.poll(0.2) is not None, "the first vote is counted", 0)
    reader.close()
    return time.time()


def command_of(process: psutil.Process) -> list[str]:
    """Its command; none when it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _kill_count(run: int) -> float:
    """Kill -9 of spark-streaming.py and its JVM; returns when that was."""
    parts = psutil.Process(run).children(recursive=True)
    [script] = [part for part in parts if any(word.endswith("spark-streaming.py") for word in command_of(part))]
    at = time.time()
    for part in (*script.children(recursive=True), script):
        part.kill()
    return at


def measure_first(name: str, seconds: float) -> Seen:
    """From the command on, for `seconds` from the first counted vote."""
    began, _, moments = run_election(name, seconds)
    delays = [1000 * delay for _, delay in moments]
    cuts = statistics.quantiles(delays, n=100)
    late = sum(delay > 1000 * LATE_SECONDS for delay in delays) / len(delays)
    return Seen(moments[0][0] - began, cuts[49], cuts[98], max(delays), late)


def measure_crash(name: str, kill_at: float, seconds: float) -> Crash:
    """`kill -9` of the count `kill_at` seconds after the first counted vote, watched for `seconds` in all."""
    _, killed, moments = run_election(name, seconds, kill_at)
    after = [(at - killed, delay) for at, delay in moments if at > killed + 0.5]
    if not after:
        raise TimeoutError(f"no total moved within {seconds - kill_at:.0f} s after the kill: give more --seconds")
    late = [at for at, delay in after if delay > AGAIN_LATE_SECONDS]
    return Crash(after[0][0], max(late, default=0.0))
