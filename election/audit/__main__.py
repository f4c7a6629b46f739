"""Proves the count: the record (PostgreSQL), a recount of votes_topic and the streaming tally, side by side.

    python -m election.audit                                 the table, and every difference by name
    python -m election.audit --publish                       and publish the verdict, which the dashboard shows
    python -m election.audit --seal FILE                     write down what is recorded now
    python -m election.audit --against FILE                  hold the record against a seal
    python -m election.audit --prove VOTER_ID --seal FILE    prove that one vote is among the sealed ones
    python -m election.audit --check-proof PROOF --seal FILE check such a proof; needs neither Kafka nor PostgreSQL

Exit code 0: all agree. 1: they differ. 2: no verdict, it could not look or votes are still under way.
"""

import argparse
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec

from election.audit.auditor import AUDIT, settled
from election.audit.recount import EPOCH
from election.audit.report import as_json, render_report
from election.audit.seal import (
    VOTE_QUERY,
    RecordedVote,
    compare_with_seal,
    holds,
    make_proof,
    make_seal,
    parse_proof,
    read_record,
    read_seal,
    write_seal,
)
from election.audit.verdict import publish_verdict, wait_until_counted
from election.model import topics
from election.model.errors import UsageError
from election.platform.postgres import transaction
from election.platform.runtime import Stop, start_log
from election.platform.settings import Settings, load_settings
from election.results.look import read_held, run_command


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m election.audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print the report as one line of JSON")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--publish", action="store_true", help="publish the verdict on the topic audit_verdicts")
    what.add_argument("--against", type=Path, metavar="FILE", help="hold the recorded votes against a seal")
    what.add_argument("--prove", metavar="VOTER_ID", help="print the proof that this voter's vote is in the seal")
    what.add_argument("--check-proof", metavar="PROOF", help="check the proof in this file, or in - (standard input)")
    parser.add_argument(
        "--seal", type=Path, metavar="FILE", help="alone: write a seal; with a proof: the seal it is for"
    )
    parser.add_argument("--when-counted", action="store_true", help="first wait until every vote is counted")
    parsed = parser.parse_args(arguments)
    if (parsed.prove or parsed.check_proof) and not parsed.seal:
        parser.error("a proof is for a seal: name its file with --seal")
    if parsed.seal and (parsed.publish or parsed.against):
        parser.error("--seal goes alone, or with --prove or --check-proof")
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """The exit code. Raises what `run_command` turns into one line."""
    if arguments.check_proof:
        return check_proof(arguments.check_proof, arguments.seal)
    settings = load_settings(login="auditor")
    if arguments.when_counted:
        wait_until_counted(settings, Stop())
    if arguments.prove:
        return prove(settings, arguments.prove, arguments.seal)
    if arguments.against:
        return check_seal(settings, arguments.against)
    if arguments.seal:
        return seal_record(settings, arguments.seal)
    report = settled(settings)
    say(as_json(report) if arguments.json else render_report(report))
    if arguments.publish and report.under_way:
        sys.stderr.write("nothing is published: votes are still under way\n")
    elif arguments.publish:
        verdict = publish_verdict(settings, report)
        sys.stderr.write(f"published on {topics.AUDIT_VERDICTS}: agrees = {verdict.agrees}, {verdict.votes:,} votes\n")
    return report.exit_code


def seal_record(settings: Settings, file: Path) -> int:
    """Writes a seal of what is recorded now."""
    with transaction(settings, application_name=AUDIT) as connection:
        seal, leaves = make_seal(read_held(connection).name, read_record(connection))
    write_seal(seal, leaves, file)
    say(f"sealed {seal.size:,} votes in {file}; Merkle root {seal.root}")
    return 0


def check_seal(settings: Settings, file: Path) -> int:
    """Holds the record against a seal and says what differs."""
    seal, leaves = read_seal(file)
    with transaction(settings, application_name=AUDIT) as connection:
        differences = compare_with_seal(read_record(connection), seal, leaves)
    if differences:
        say("\n".join(f"DIFFERENCE: {difference}" for difference in differences))
        return 1
    say(f"The {seal.size:,} votes of the seal are recorded unchanged, and none was inserted among them.")
    return 0


def prove(settings: Settings, voter_id: str, file: Path) -> int:
    """Prints the proof that the recorded vote of a voter is among the sealed ones."""
    seal, leaves = read_seal(file)
    with transaction(settings, application_name=AUDIT) as connection, connection.cursor() as cursor:
        cursor.execute(f"{VOTE_QUERY} WHERE voter_id = %s", (voter_id,))
        found = cursor.fetchone()
    if found is None:
        raise UsageError(f"no vote of voter {voter_id!r} is recorded: give a voter_id of the table votes")
    proof = make_proof(RecordedVote._make(found), seal, leaves)
    if proof is None:
        say(f"DIFFERENCE: the vote of voter {voter_id} was changed after it was sealed")
        return 1
    say(msgspec.json.encode(proof).decode())
    return 0


def check_proof(name: str, file: Path) -> int:
    """Says whether a proof (a file, or - for standard input) leads to the root of a seal."""
    proof = parse_proof(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    seal, _ = read_seal(file)
    if not holds(proof, seal):
        say("DIFFERENCE: the proof does not lead to the seal's root: the vote, the proof or the seal was changed")
        return 1
    vote = proof.vote
    say(
        f"Proved with {len(proof.path)} hashes: voter {vote.voter_id} chose candidate {vote.candidate_id} at"
        f" {EPOCH + timedelta(microseconds=vote.time):%Y-%m-%d %H:%M:%S.%f} UTC, and this is vote"
        f" {proof.index + 1:,} of the {seal.size:,} sealed ones."
    )
    return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parsed = parse_arguments(arguments)
    start_log("audit", "INFO" if parsed.when_counted else "WARNING")
    return run_command("the audit", partial(run, parsed))


if __name__ == "__main__":
    sys.exit(main())
