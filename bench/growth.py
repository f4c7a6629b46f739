"""How the system grows: with partitions, with aggregates, with places; and what it costs while nobody votes.

Of each size one election: its voters seeded, its votes cast, and counted from a standing start by `spark-streaming.py`.
"""

import csv
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import psutil

from bench import backlog
from bench.harness import election, start_count, until
from election.model import topics
from election.model.definition import ELECTIONS
from election.results.board import read_board
from local.pipeline import DASHBOARD, SCRIPTS

PARTITIONS, AGGREGATES, PLACES = (1, 2, 4, 8), (4, 6, len(topics.AGGREGATED)), (60, 5000)
IDLE_VOTERS, IDLE_SECONDS = 1000, 60
SUPPORT = "36", "31", "33"


def measure(voters: int) -> dict[str, dict[str, float]]:
    """What backlog.measure found, by what grew."""
    found = {}
    for partitions in PARTITIONS:
        found[f"{partitions} partitions"] = backlog.measure(voters, KAFKA_PARTITIONS=str(partitions))
    for aggregates in AGGREGATES:
        with patch.dict(SCRIPTS, {"spark-streaming": "bench/fewer_aggregates.py"}):
            found[f"{aggregates} aggregates"] = backlog.measure(
                voters, aggregates=topics.AGGREGATED[:aggregates], BENCH_AGGREGATES=str(aggregates)
            )
    for places in PLACES:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            write_places(Path(name), places)
            found[f"{places:,} places"] = backlog.measure(voters, ELECTION=name)
    return found


def write_places(folder: Path, places: int) -> None:
    """The simulated election, in as many places of equal size."""
    for name in ("election.toml", "candidates.csv"):
        shutil.copy(ELECTIONS / "simulated" / name, folder)
    with (folder / "locations.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["location", "cities", "size", "1", "2", "3"])
        writer.writerows([f"Place {number}", f"City {number}", "1", *SUPPORT] for number in range(places))


def idle() -> dict[str, float]:
    """Cores used by each part, over a minute in which nobody votes."""
    with election(VOTERS=str(IDLE_VOTERS), RATE="0") as (pipeline, settings):
        for part in ("main", "voting", DASHBOARD):
            pipeline.start(part)
        start_count(pipeline)
        until(lambda: read_board(settings).counted, "votes are counted", 1)
        servers = [server.process for server in (pipeline.kafka, pipeline.postgres) if server.process]
        parts = {process.name: process.pid for process in (*servers, *pipeline.parts.values())}
        time.sleep(IDLE_SECONDS)
        before = {name: cpu_seconds(pid) for name, pid in parts.items()}
        time.sleep(IDLE_SECONDS)
        return {name: (cpu_seconds(pid) - before[name]) / IDLE_SECONDS for name, pid in parts.items()}


def cpu_seconds(process: int) -> float:
    """What the process and its descendants have used of the processor, those that have ended too."""
    parent, used = psutil.Process(process), 0.0
    for part in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = part.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used
