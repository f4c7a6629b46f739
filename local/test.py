"""`run.py test`: the linter, the formatter's check, the type checker, the rooms' contracts and pytest."""

import argparse
import sys
from pathlib import Path

from local.processes import call


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="also the tests marked slow, each of which takes minutes")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")


def run(options: argparse.Namespace) -> int:
    """The exit code of the first check that fails, else 0."""
    python = [sys.executable, "-m"]
    checks = [
        [*python, "ruff", "check", "."],
        [*python, "ruff", "format", "--check", "."],
        [*python, "mypy"],
        [str(Path(sys.executable).with_name("lint-imports"))],
        [*python, "pytest", *([] if options.all else ["-m", "not slow"]), *options.pytest],
    ]
    for check in checks:
        print("$", " ".join(check).replace(sys.executable, "python"), flush=True)
        if code := call(check):
            return code
    return 0
