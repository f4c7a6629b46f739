"""What `python -m election.audit` does for each of its options; every command returns the exit code."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from election.audit.auditor import AUDIT, Auditor, settle
from election.audit.proof import encode_proof, holds, make_proof, parse_proof, read_vote
from election.audit.recount import EPOCH
from election.audit.report import Report, as_json, render_progress, render_report
from election.audit.seal import compare_with_seal, read_record, read_seal, write_seal
from election.audit.verdict import publish_verdict, wait_until_counted
from election.model import topics
from election.model.errors import CannotLook
from election.platform.postgres import transaction
from election.platform.runtime import Stop
from election.platform.settings import Settings, load_settings

WATCH_SECONDS = 5.0


def run(arguments: argparse.Namespace) -> int:
    """Raises what `run_command` turns into one line."""
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
    render = as_json if arguments.json else render_report
    with closing(Auditor(settings)) as auditor:
        if arguments.watch:
            return watch(auditor, render, as_json if arguments.json else render_progress)
        report = settle(auditor, arguments.patience)
    say(render(report))
    if arguments.publish:
        publish(settings, report)
    return report.exit_code


def publish(settings: Settings, report: Report) -> None:
    """Publishes the report's verdict, if it has one, and says so on standard error."""
    if report.under_way:
        sys.stderr.write("nothing is published: votes are still under way\n")
        return
    verdict = publish_verdict(settings, report)
    sys.stderr.write(f"published on {topics.AUDIT_VERDICTS}: agrees = {verdict.agrees}, {verdict.votes:,} votes\n")


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


def seal_record(settings: Settings, file: Path) -> int:
    """Writes a seal of what is recorded now."""
    with transaction(settings, application_name=AUDIT) as connection:
        seal = write_seal(connection, settings.election, file)
    say(f"sealed {seal.size:,} votes in {file}; Merkle root {seal.root}")
    return 0


def check_seal(settings: Settings, file: Path) -> int:
    """Holds the record against a seal and says what differs."""
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


def prove(settings: Settings, voter_id: str, file: Path) -> int:
    """Prints the proof that the recorded vote of a voter is among the sealed ones."""
    seal, leaves = read_seal(file)
    with transaction(settings, application_name=AUDIT) as connection:
        vote = read_vote(connection, voter_id)
    proof = make_proof(vote, seal, leaves)
    if proof is None:
        say(f"DIFFERENCE: the vote of voter {voter_id} was changed after it was sealed")
        return 1
    say(encode_proof(proof))
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
