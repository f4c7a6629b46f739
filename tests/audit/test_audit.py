"""The audit on a real Kafka and PostgreSQL; the tallies are published by the test, as the count would."""

import dataclasses
import json
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
from election.audit.recount import Box, Register, microseconds
from election.model import topics
from election.model.definition import load_election
from election.model.errors import CannotLook
from election.model.messages import Vote, encode_vote
from election.platform.kafka import make_admin, make_producer, publish
from election.platform.postgres import Database, connect
from election.seeding.seed import Seeding
from tests.conftest import empty_kafka, wait_for
from tests.support.votes import recorded

VOTES = 100


@pytest.fixture
def seeding(settings, stop):
    settings = dataclasses.replace(settings, randomuser_url="http://127.0.0.1:9/api/")
    seeding = Seeding(settings, load_election("simulated", 300), Database(settings, stop), stop)
    make_topics(settings)
    seeding.seed_database()
    return seeding


def make_topics(settings):
    admin = make_admin(settings)
    topics.ensure_topics(admin, 2, 1)
    wait_for(lambda: {topic.name for topic in topics.ALL} <= admin.list_topics(timeout=10).topics.keys(), 30, "topics")


@pytest.fixture
def votes(settings, seeding):
    """Some recorded votes, on the log and tallied."""
    votes = recorded(seeding, VOTES)
    log(settings, votes)
    tally(settings, votes)
    return votes


def log(settings, votes):
    producer = make_producer(settings)
    for vote in votes:
        publish(producer, topics.VOTES, vote.voter_id, encode_vote(vote))
    assert not producer.flush(30)


def tally(settings, votes):
    """Publishes what every aggregate must say about these votes."""
    with closing(connect(settings)) as connection:
        register = Register.read(connection)
    box, ids = Box(register), [candidate_id for candidate_id, *_ in register.candidates]
    for vote in votes:
        box.put(register.numbers[vote.voter_id], ids.index(vote.candidate_id), microseconds(vote.voting_time))
    producer = make_producer(settings)
    for topic in topics.AGGREGATED:
        for key, total in box.totals()[topic.name].items():
            fields = dict(zip(topic.key, key.split("|"), strict=True))
            value = {**fields, "total_votes": total, "last_vote_at": "2026-05-07T12:00:00Z"}
            publish(producer, topic.name, key, simplejson.dumps(value).encode())
    assert not producer.flush(30)


def tamper(settings, statement, *values):
    """Changes the record as its owner can who switches the trigger off."""
    with closing(psycopg2.connect(**settings.postgres)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE votes DISABLE TRIGGER votes_are_final")
        cursor.execute(statement, values)
        cursor.execute("ALTER TABLE votes ENABLE TRIGGER votes_are_final")


def other(settings, vote):
    ids = [candidate.candidate_id for candidate in load_election(settings.election, 300).candidates]
    return next(candidate for candidate in ids if candidate != vote.candidate_id)


def test_record_log_and_tally_agree_and_say_so(settings, votes):
    report = look(settings)
    assert report.agrees, report
    assert (report.recorded, report.logged, report.tallied, report.size) == (VOTES, VOTES, VOTES, VOTES)


def test_the_command_exits_0_with_tables_when_all_agree(settings, services, votes):
    environment = {**os.environ, **services.environment, "VOTERS": "300"}
    ran = subprocess.run(
        [sys.executable, "-m", "election.audit"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"Record, log and tally agree on {VOTES} votes." in ran.stdout


def test_one_auditor_sees_what_came_since_its_last_look(settings, seeding, votes):
    with closing(Auditor(settings)) as auditor:
        assert auditor.look().agrees
        more = [vote for vote in recorded(seeding, VOTES + 20) if vote not in votes]
        assert auditor.look().under_way == 20
        log(settings, more)
        assert auditor.look().logged == VOTES + 20
        tally(settings, [*votes, *more])
        assert auditor.look().agrees


def test_a_changed_row_of_the_record_is_found_and_named(settings, votes):
    tamper(
        settings, "UPDATE votes SET candidate_id = %s WHERE voter_id = %s", other(settings, votes[0]), votes[0].voter_id
    )
    report = look(settings)
    assert [difference.examples for difference in report.differences] == [(votes[0].voter_id,)]


def test_a_removed_row_of_the_record_is_found_and_named(settings, votes):
    tamper(settings, "DELETE FROM votes WHERE voter_id = %s", votes[0].voter_id)
    report = look(settings)
    assert [difference.examples for difference in report.differences] == [(votes[0].voter_id,)]
    assert "never recorded" in report.differences[0].what


def test_a_tally_that_says_too_much_is_found(settings, votes, capsys, monkeypatch):
    tally(settings, [*votes, *(Vote(voter_id, "1", votes[0].voting_time) for voter_id in unvoted(settings, 1))])
    report = look(settings)
    assert len(report.differences) == len(topics.AGGREGATED)
    point_at(settings, monkeypatch)
    assert main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)["differences"]


def unvoted(settings, count):
    query = "SELECT voter_id FROM voters WHERE voter_id NOT IN (SELECT voter_id FROM votes) ORDER BY voter_id LIMIT %s"
    with closing(connect(settings)) as connection, connection.cursor() as cursor:
        cursor.execute(query, (count,))
        return [voter_id for (voter_id,) in cursor]


def test_a_log_that_was_made_anew_is_read_from_its_start(settings, votes):
    with closing(Auditor(settings)) as auditor:
        assert auditor.look().agrees
        empty_kafka(settings)
        make_topics(settings)
        log(settings, votes[:40])
        report = auditor.look()
        assert (report.recorded, report.logged, report.tallied) == (VOTES, 40, 0)
        assert not report.differences


def test_a_seal_holds_while_the_record_grows_and_names_what_was_changed(
    settings, seeding, votes, tmp_path, monkeypatch, capsys
):
    point_at(settings, monkeypatch)
    seal = str(tmp_path / "record.seal")
    assert main(["--seal", seal]) == 0
    recorded(seeding, VOTES + 10)
    assert main(["--against", seal]) == 0
    tamper(
        settings, "UPDATE votes SET candidate_id = %s WHERE voter_id = %s", other(settings, votes[3]), votes[3].voter_id
    )
    assert main(["--against", seal]) == 1
    assert f"sealed votes were changed; voters: {votes[3].voter_id}" in capsys.readouterr().out


def point_at(settings, monkeypatch):
    for name, value in settings.postgres.items():
        monkeypatch.setenv({"dbname": "POSTGRES_DB"}.get(name, f"POSTGRES_{name.upper()}"), str(value))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka_bootstrap_servers)
    monkeypatch.setenv("VOTERS", "300")


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("POSTGRES_PASSWORD", "wrong", "password authentication failed"),
        ("POSTGRES_PORT", "1", "refused"),
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1", "Kafka"),
    ],
)
def test_it_exits_2_with_one_line_when_it_cannot_look(settings, votes, monkeypatch, capsys, variable, value, reason):
    point_at(settings, monkeypatch)
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
