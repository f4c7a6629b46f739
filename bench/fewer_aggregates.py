"""spark-streaming.py with only the first BENCH_AGGREGATES of its aggregates."""

import os
import runpy
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from election import topics  # noqa: E402 - found only now

topics.AGGREGATED = topics.AGGREGATED[: int(os.environ["BENCH_AGGREGATES"])]  # type: ignore[assignment]
runpy.run_path(str(PROJECT / "spark-streaming.py"), run_name="__main__")
