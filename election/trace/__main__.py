"""The way of one vote, with the time at each step: PostgreSQL, Kafka, and the total that Spark made of it.

    python -m election.trace VOTER_ID    the way of this voter's vote
    python -m election.trace             the way of the newest vote

It logs in as `auditor`, who sees for whom a voter voted, and of the voter no more than place, gender and age group.
Exit code 2: it could not look.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from datetime import datetime, timedelta

from election.platform.kafka import make_reader
from election.platform.postgres import transaction
from election.platform.settings import load_settings
from election.results.look import read_candidates, run_command
from election.trace.way import TOPICS, Step, find_voter, trace

MILLISECOND = timedelta(milliseconds=1)


def render(voter_id: str, steps: list[Step], cast_at: datetime | None) -> str:
    """A line for each step, with the milliseconds since the vote was cast."""
    wide = max(len(step.where) for step in steps), max(len(step.what) for step in steps)
    lines = [f"The vote of voter {voter_id}, all times in UTC:", ""]
    for where, what, at in steps:
        since = f"{(at - cast_at) / MILLISECOND:>+12,.0f} ms" if at and cast_at else ""
        shown = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}" if at else ""
        lines.append(f"{where:<{wide[0]}}  {what:<{wide[1]}}  {shown}{since}".rstrip())
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m election.trace", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("voter_id", nargs="?", metavar="VOTER_ID", help="default: the voter of the newest vote")
    wanted = parser.parse_args(arguments).voter_id

    def show() -> int:
        settings = load_settings(login="auditor")
        with transaction(settings, application_name="trace") as connection:
            voter = find_voter(connection, wanted)
            names = {candidate.candidate_id: candidate.candidate_name for candidate in read_candidates(connection)}
        with closing(make_reader(settings, TOPICS)) as reader:
            steps = list(trace(reader, voter, names))
        sys.stdout.write(render(voter["voter_id"], steps, voter["voting_time"]) + "\n")
        return 0

    return run_command("election.trace", show)


if __name__ == "__main__":
    sys.exit(main())
