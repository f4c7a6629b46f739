"""How long a start takes: from `run.py` to the first vote in the count, and to the dashboard's answer, caches warm."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException

from bench.harness import until
from election import PROJECT
from election.platform.settings import load_settings
from election.results.board import read_board
from local.pipeline import Pipeline

VOTERS = 2000


@dataclass(frozen=True)
class Start:
    """Seconds from the command: to the dashboard's first answer, and to a counted vote that a reader sees."""

    dashboard: float
    counted: float


def measure() -> Start:
    """`run.py --voters 2000`, as a newcomer starts it, but in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        pipeline = Pipeline(folder / "ports")
        settings = load_settings({**os.environ, **pipeline.environment})
        started = time.monotonic()
        run = subprocess.Popen(
            [sys.executable, "run.py", "--folder", str(folder / "run"), "--voters", str(VOTERS)],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        times: dict[str, float] = {}

        def look() -> bool:
            if "dashboard" not in times and _answers(pipeline.dashboard_url):
                times["dashboard"] = time.monotonic() - started
            try:
                if "counted" not in times and read_board(settings).counted:
                    times["counted"] = time.monotonic() - started
            except KafkaException:
                pass
            return len(times) == 2

        try:
            until(look, "a vote is counted and the dashboard answers", 0.1)
        finally:
            run.terminate()
            run.wait(60)
        return Start(**times)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
