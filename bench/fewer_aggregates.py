"""spark-streaming.py with only the first BENCH_AGGREGATES of its aggregates."""

import os
import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from election import PROJECT
from election.model import topics

topics.AGGREGATED = topics.AGGREGATED[: int(os.environ["BENCH_AGGREGATES"])]  # type: ignore[assignment]
runpy.run_path(str(PROJECT / "spark-streaming.py"), run_name="__main__")
