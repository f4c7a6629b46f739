"""What counting costs: the cores that each process uses while `voting.py` casts at a rate and the count keeps up."""

import time

from bench.growth import cpu_seconds
from bench.harness import election, until
from local.pipeline import DASHBOARD

WARM_SECONDS, COST_SECONDS = 45, 30


def measure(rate: int) -> dict[str, float]:
    """Cores of each part at `rate` votes a second, over half a minute after the count has warmed up."""
    voters = 2 * rate * (WARM_SECONDS + COST_SECONDS)
    with election(VOTERS=str(voters), RATE=str(rate), RAMP_UP_SECONDS="10") as (pipeline, _):
        for part in ("main", "spark-streaming", DASHBOARD):
            pipeline.start(part)
        until(lambda: pipeline.is_at_work("spark-streaming"), "the count is ready", 0.2)
        pipeline.start("voting")
        time.sleep(WARM_SECONDS)
        servers = [server.process for server in (pipeline.kafka, pipeline.postgres) if server.process]
        parts = {process.name: process.pid for process in (*servers, *pipeline.parts.values())}
        before, began = {name: cpu_seconds(pid) for name, pid in parts.items()}, time.monotonic()
        time.sleep(COST_SECONDS)
        elapsed = time.monotonic() - began
        return {name: (cpu_seconds(pid) - before[name]) / elapsed for name, pid in parts.items()}
