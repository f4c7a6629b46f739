"""Proves the count: the record (PostgreSQL), a recount of votes_topic and the streaming tally, side by side.

    python -m election.audit                                 the table, and every difference by name
    python -m election.audit --watch                         again and again while the count runs
    python -m election.audit --publish                       and publish the verdict, which the dashboard shows
    python -m election.audit --seal FILE                     write down what is recorded now
    python -m election.audit --against FILE                  hold the record against a seal
    python -m election.audit --prove VOTER_ID --seal FILE    prove that one vote is among the sealed ones
    python -m election.audit --check-proof PROOF --seal FILE check such a proof; needs neither Kafka nor PostgreSQL

Exit code 0: all agree. 1: they differ. 2: no verdict, it could not look or votes are still under way.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from election.audit import commands
from election.audit.auditor import PATIENCE_SECONDS
from election.platform.runtime import start_log
from election.results.look import run_command


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m election.audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print each report as one line of JSON")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--watch", action="store_true", help="look every few seconds until Ctrl-C")
    what.add_argument("--publish", action="store_true", help="publish the verdict on the topic audit_verdicts")
    what.add_argument("--against", type=Path, metavar="FILE", help="hold the recorded votes against a seal")
    what.add_argument("--prove", metavar="VOTER_ID", help="print the proof that this voter's vote is in the seal")
    what.add_argument("--check-proof", metavar="PROOF", help="check the proof in this file, or in - (standard input)")
    parser.add_argument(
        "--seal", type=Path, metavar="FILE", help="alone: write a seal; with a proof: the seal it is for"
    )
    parser.add_argument("--when-counted", action="store_true", help="first wait until every vote is counted")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="how long nothing may move before what is under way counts as missing (default: %(default)s)",
    )
    parsed = parser.parse_args(arguments)
    if (parsed.prove or parsed.check_proof) and not parsed.seal:
        parser.error("a proof is for a seal: name its file with --seal")
    if parsed.seal and (parsed.watch or parsed.publish or parsed.against):
        parser.error("--seal goes alone, or with --prove or --check-proof")
    return parsed


def main(arguments: list[str] | None = None) -> int:
    parsed = parse_arguments(arguments)
    start_log("audit", "INFO" if parsed.when_counted else "WARNING")
    return run_command("the audit", partial(commands.run, parsed))


if __name__ == "__main__":
    sys.exit(main())
