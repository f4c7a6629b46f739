"""The whole system by its one command: voters seeded, votes cast, counted and audited, by `run.py`.

run.py itself compares every total with the known result and ends with the audit: its exit code says whether all is
exact. Memory is what all its processes hold together (proportional set size), looked at every two seconds.
"""

import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.harness import start_run

LOOK_SECONDS = 2
GIVE_UP_SECONDS = 1800


@dataclass(frozen=True)
class Whole:
    """Seconds from the command to its end, the most memory at once (MB), and whether it ended with exit code 0."""

    seconds: float
    memory_mb: float
    exact: bool


def measure(voters: int) -> Whole:
    """`run.py --voters N --rate 0 --until-counted --no-dashboard`, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        Path(name).chmod(0o755)
        started, most = time.monotonic(), 0.0
        options = "--voters", str(voters), "--rate", "0", "--until-counted", "--no-dashboard"
        run = start_run(Path(name) / "run", *options)
        while run.running and time.monotonic() - started < GIVE_UP_SECONDS:
            most = max(most, memory_mb(run.pid))
            with suppress(subprocess.TimeoutExpired):
                run.popen.wait(LOOK_SECONDS)
        seconds = time.monotonic() - started
        return Whole(seconds, most, run.stop(timeout_seconds=120) == 0)


def memory_mb(process: int) -> float:
    """What the process and its descendants hold; a page that several share counts once."""
    total = 0
    try:
        for part in (parent := psutil.Process(process), *parent.children(recursive=True)):
            total += part.memory_full_info().pss
    except psutil.Error:
        pass
    return total / 1e6
