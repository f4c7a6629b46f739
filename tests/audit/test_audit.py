"""The audit on a real Kafka and PostgreSQL; the tallies are published by the test, as the count would."""

import dataclasses
import os
import socket
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest
import simplejson

from election import PROJECT
from election.audit.__main__ import main
from election.audit.auditor import Auditor, look
from election.model import topics
from election.model.errors import CannotLook
from election.model.messages import Vote, parse_verdict
from election.platform.kafka import make_reader
from election.platform.kafka_topics import read_to_end
from election.platform.postgres import rows, transaction
from tests.conftest import empty_kafka, make_topics
from tests.support.counted import log_votes, point_at, tally_votes
from tests.support.votes import recorded

VOTES = 100


@pytest.fixture
def votes(settings, seeded, monkeypatch):
    """Some recorded votes, on the log and tallied; the command is pointed at them."""
    votes = recorded(seeded, VOTES)
    log_votes(settings, votes)
    tally_votes(settings, votes)
    point_at(settings, monkeypatch)
    return votes


def tamper(settings, statement, *values):
    """Changes the record as its owner can who switches the trigger off."""
    with closing(psycopg2.connect(**settings.postgres)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE votes DISABLE TRIGGER votes_are_final")
        cursor.execute(statement, values)
        cursor.execute("ALTER TABLE votes ENABLE TRIGGER votes_are_final")


def change_hands(settings, vote):
    """The vote is recorded for another candidate."""
    statement = """UPDATE votes SET candidate_id = (SELECT min(candidate_id) FROM candidates WHERE candidate_id <> %s)
                   WHERE voter_id = %s"""
    tamper(settings, statement, vote.candidate_id, vote.voter_id)


def test_the_command_exits_0_with_tables_when_all_agree(settings, services, votes):
    environment = {**os.environ, **services.environment, "VOTERS": "300"}
    command = [sys.executable, "-m", "election.audit"]
    ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"Record, log and tally agree on {VOTES} votes." in ran.stdout


def test_one_auditor_sees_what_came_since_its_last_look(settings, seeded, votes):
    with closing(Auditor(settings)) as auditor:
        report = auditor.look()
        assert report.agrees, report
        assert (report.recorded, report.logged, report.tallied, report.size) == (VOTES, VOTES, VOTES, VOTES)
        more = [vote for vote in recorded(seeded, VOTES + 20) if vote not in votes]
        assert auditor.look().under_way == 20
        log_votes(settings, more)
        assert auditor.look().logged == VOTES + 20
        tally_votes(settings, [*votes, *more])
        assert auditor.look().agrees


def remove(settings, vote):
    tamper(settings, "DELETE FROM votes WHERE voter_id = %s", vote.voter_id)


@pytest.mark.parametrize("tampering", [change_hands, remove])
def test_a_changed_or_removed_row_of_the_record_is_found_and_named(settings, votes, tampering):
    tampering(settings, votes[0])
    assert [difference.examples for difference in look(settings).differences] == [(votes[0].voter_id,)]


def test_a_tally_that_says_too_much_is_found(settings, votes, capsys):
    query = "SELECT voter_id FROM voters WHERE voter_id NOT IN (SELECT voter_id FROM votes) LIMIT 1"
    with transaction(settings) as connection:
        [unvoted] = rows(connection, query)
    tally_votes(settings, [*votes, Vote(unvoted["voter_id"], "1", votes[0].voting_time)])
    assert main(["--json"]) == 1
    assert len(simplejson.loads(capsys.readouterr().out)["differences"]) == len(topics.AGGREGATED)


def test_a_log_that_was_made_anew_is_read_from_its_start(settings, votes):
    with closing(Auditor(settings)) as auditor:
        assert auditor.look().agrees
        empty_kafka(settings)
        make_topics(settings)
        log_votes(settings, votes[:40])
        report = auditor.look()
        assert (report.recorded, report.logged, report.tallied) == (VOTES, 40, 0)
        assert not report.differences


def test_a_seal_holds_while_the_record_grows_proves_each_vote_and_names_what_was_changed(
    settings, seeded, votes, tmp_path, capsys
):
    seal, proof = str(tmp_path / "record.seal"), tmp_path / "proof.json"
    assert main(["--seal", seal]) == 0
    recorded(seeded, VOTES + 10)
    assert main(["--against", seal]) == 0
    capsys.readouterr()
    assert main(["--prove", votes[3].voter_id, "--seal", seal]) == 0
    proof.write_text(capsys.readouterr().out)
    assert main(["--check-proof", str(proof), "--seal", seal]) == 0
    assert f"voter {votes[3].voter_id} chose candidate {votes[3].candidate_id}" in capsys.readouterr().out
    assert main(["--prove", "nobody", "--seal", seal]) == 2
    assert "no vote of voter 'nobody' is recorded" in capsys.readouterr().err
    change_hands(settings, votes[3])
    assert main(["--against", seal]) == 1
    assert f"sealed votes were changed; voters: {votes[3].voter_id}" in capsys.readouterr().out
    assert main(["--prove", votes[3].voter_id, "--seal", seal]) == 1


def published(settings):
    """The verdicts on audit_verdicts, with their keys."""
    with closing(make_reader(settings, [topics.AUDIT_VERDICTS])) as reader:
        messages = [message for batch in read_to_end(reader, [topics.AUDIT_VERDICTS]) for message in batch]
    return [(message.key(), parse_verdict(message.value())) for message in messages]


def test_a_verdict_is_published_when_all_is_counted_and_again_when_it_has_changed(settings, votes, capsys):
    tamper(settings, "UPDATE election SET votes_expected = %s", VOTES)
    assert main(["--publish", "--when-counted"]) == 0
    [(key, verdict)] = published(settings)
    assert (key, verdict.agrees, verdict.votes, verdict.differences) == (b"simulated", True, VOTES, 0)
    assert verdict.root in capsys.readouterr().out
    change_hands(settings, votes[0])
    assert main(["--publish"]) == 1
    [_, (_, verdict)] = published(settings)
    assert (verdict.agrees, verdict.votes, verdict.differences) == (False, VOTES, 1)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("POSTGRES_PASSWORD", "wrong", "password authentication failed"),
        ("POSTGRES_PORT", "1", "refused"),
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1", "Kafka"),
    ],
)
def test_it_exits_2_with_one_line_when_it_cannot_look(votes, monkeypatch, capsys, variable, value, reason):
    monkeypatch.setenv(variable, value)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("the audit could not look: ")
    assert reason in said
    assert said.count("\n") == 1


def test_it_exits_2_before_main_has_prepared_anything(settings, monkeypatch, capsys):
    point_at(settings, monkeypatch)
    assert main([]) == 2
    assert "could not look" in capsys.readouterr().err


def test_a_broker_that_accepts_and_never_answers_is_given_up(settings, votes):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bootstrap = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(CannotLook, match="Kafka"):
            look(dataclasses.replace(settings, kafka_bootstrap_servers=bootstrap))
