"""`run.py bench`: the benchmarks, with arguments of their own."""

from __future__ import annotations

import argparse
import subprocess
import sys

from election import PROJECT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bench", nargs=argparse.REMAINDER, help="`run.py bench -- -h` lists them")


def run(options: argparse.Namespace) -> int:
    return subprocess.call(
        [sys.executable, "-m", "bench", *(word for word in options.bench if word != "--")], cwd=PROJECT
    )
