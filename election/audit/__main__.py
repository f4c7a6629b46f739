"""Proves the count: the record (PostgreSQL), a recount of votes_topic and the streaming tally, side by side.

    python -m election.audit                  the table, and every difference by name
    python -m election.audit --watch          again and again while the count runs
    python -m election.audit --seal FILE      write down what is recorded now
    python -m election.audit --against FILE   hold the record against a seal

Exit code 0: all agree. 1: they differ. 2: no verdict, it could not look or votes are still under way.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2

from election.audit.auditor import AUDIT, PATIENCE_SECONDS, Auditor, settle
from election.audit.report import Report, as_json, render_progress, render_report
from election.audit.seal import compare_with_seal, read_record, read_seal, write_seal
from election.model.errors import CannotLook, ElectionError, first_line
from election.platform.postgres import transaction
from election.platform.settings import Settings, load_settings

WATCH_SECONDS = 5.0


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m election.audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print each report as one line of JSON")
    parser.add_argument("--watch", action="store_true", help="look every few seconds until Ctrl-C")
    parser.add_argument("--seal", type=Path, metavar="FILE", help="write a seal of the recorded votes")
    parser.add_argument("--against", type=Path, metavar="FILE", help="hold the recorded votes against a seal")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="how long nothing may move before what is under way counts as missing (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """What the command does; returns its exit code. Raises CannotLook."""
    if arguments.against:
        return check_seal(settings, arguments.against)
    if arguments.seal:
        with transaction(settings, application_name=AUDIT) as connection:
            seal = write_seal(connection, settings.election, arguments.seal)
        say(f"sealed {seal.size:,} votes in {arguments.seal}; Merkle root {seal.root}")
        return 0
    render = as_json if arguments.json else render_report
    with closing(Auditor(settings)) as auditor:
        if arguments.watch:
            return watch(auditor, render, as_json if arguments.json else render_progress)
        report = settle(auditor, arguments.patience)
    say(render(report))
    return report.exit_code


def watch(auditor: Auditor, render: Callable[[Report], str], render_good: Callable[[Report], str]) -> int:
    """Looks every few seconds until Ctrl-C, also after it could not; returns the exit code of the last report."""
    code = 2
    try:
        while True:
            try:
                report = auditor.look()
                say(render(report) if report.differences else render_good(report))
                code = report.exit_code
            except CannotLook as error:
                sys.stderr.write(f"the audit could not look and tries again: {error}\n")
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return code


def check_seal(settings: Settings, file: Path) -> int:
    """Holds the record against the seal in `file`, says what differs, and returns the exit code."""
    seal, leaves = read_seal(file)
    with transaction(settings, application_name=AUDIT) as connection:
        broken = compare_with_seal(read_record(connection), seal, leaves)
    for finding in broken.findings:
        say(f"DIFFERENCE: {finding}")
    if broken.unnamed:
        say("DIFFERENCE: the record does not have the sealed root, and this seal can't tell which votes differ")
    if broken:
        return 1
    say(f"The {seal.size:,} votes of the seal are recorded unchanged, and none was inserted among them.")
    return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parsed = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        return run(parsed, load_settings(login="auditor"))
    except (ElectionError, OSError) as error:
        sys.stderr.write(f"the audit could not look: {error}\n")
    except psycopg2.Error as error:
        sys.stderr.write(f"the audit could not look: PostgreSQL: {first_line(error)}\n")
    except KeyboardInterrupt:
        sys.stderr.write("the audit was stopped before it had a verdict\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
