"""What fails says so in one line, and is tried again with pauses, or ends with what to do."""

import contextlib
import dataclasses
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future

import psutil
import psycopg2
import pytest

import main
from election import PROJECT
from election.casting.casting import wait_for_election
from election.model import topics
from election.model.definition import load_election
from election.model.errors import CannotRun, StartAgain, Stopped
from election.platform import kafka
from election.platform.consumer import WatchingConsumer
from election.platform.kafka import good_messages, make_producer, publish
from election.platform.kafka_topics import wait_for_topics
from election.platform.postgres import Database, ensure_schema, row, rows
from election.platform.runtime import Stop, keep_running
from election.seeding.seed import Seeding
from tests.conftest import empty_kafka, execute, make_topics, wait_for

INSERT = "INSERT INTO candidates VALUES ('1', '', '', '', '', '')"


def in_background(work):
    """Runs `work` in a thread that holds nobody up; the future has its result or exception."""
    future = Future()

    def run():
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def look(connection):
    return rows(connection, "SELECT candidate_id FROM candidates")


@pytest.fixture(autouse=True)
def at_info(caplog):
    caplog.set_level("INFO")


def test_a_wrong_password_ends_a_script_with_first_line(settings, services):
    environment = {**services.environment, "POSTGRES_PASSWORD": "wrong", "VOTERS": "300", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        [sys.executable, PROJECT / "main.py"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 1
    assert "PostgreSQL refused POSTGRES_USER=main with POSTGRES_PASSWORD" in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


def test_a_missing_table_is_waited_for(settings, stop, caplog):
    waiting = in_background(lambda: Database(settings, stop).run(look))
    wait_for(lambda: "main.py creates the tables" in caplog.text, 20, "it says what it waits for")
    Database(settings, stop).run(ensure_schema)
    assert waiting.result(30) == []


def test_main_does_not_wait_for_itself_when_the_record_is_dropped_under_it(settings, stop):
    running = in_background(lambda: keep_running(main.main, settings, stop))
    asking = Database(settings, stop)

    def published():
        return asking.run(lambda one: row(one, "SELECT FROM election WHERE roll_published_to IS NOT NULL")) is not None

    wait_for(published, 60, "the roll is published")
    execute(settings, "DROP TABLE election, candidates, voters, votes CASCADE")
    producer = make_producer(settings)
    publish(producer, topics.VOTES, "v1", b"wakes it up")
    assert not producer.flush(30)
    with pytest.raises(CannotRun, match="has never had a vote"):
        running.result(60)


def test_a_postgresql_without_free_connections_is_waited_for(settings, stop, caplog):
    Database(settings, stop).run(ensure_schema)
    taken = []
    with contextlib.suppress(psycopg2.OperationalError):
        while True:
            taken.append(psycopg2.connect(**settings.postgres))
    waiting = in_background(lambda: Database(settings, stop).run(look))
    wait_for(lambda: "too many clients" in caplog.text, 20, "it says what it waits for")
    for connection in taken:
        connection.close()
    assert waiting.result(30) == []


def test_a_user_without_rights_on_a_table_is_told_which(settings, stop):
    Database(settings, stop).run(ensure_schema)
    execute(settings, "CREATE ROLE guest LOGIN PASSWORD 'guest'; GRANT USAGE ON SCHEMA public TO guest")
    guest = dataclasses.replace(settings, postgres_user="guest", postgres_password="guest")
    with pytest.raises(CannotRun, match="guest: permission denied for table candidates"):
        Database(guest, stop).run(look)


def test_a_connection_that_the_server_ends_is_made_again_and_the_work_done_once(settings, stop):
    database = Database(settings, stop)
    database.run(ensure_schema)
    attempts = []

    def work(connection):
        attempts.append(1)
        with connection.cursor() as cursor:
            cursor.execute(INSERT)
            if len(attempts) == 1:
                execute(settings, f"SELECT pg_terminate_backend({connection.info.backend_pid})")
        return row(connection, "SELECT count(*) FROM candidates")["count"]

    assert database.run(work) == 1
    assert len(attempts) == 2


def test_a_broker_that_accepts_and_never_answers_is_waited_for_quietly(settings, caplog):
    stop = Stop()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        lost = dataclasses.replace(settings, kafka_bootstrap_servers=address)
        waiting = in_background(lambda: wait_for_topics(lost, stop, []))
        wait_for(lambda: "waiting for Kafka" in caplog.text, 30, "it says what it waits for")
        stop.set()
        with pytest.raises(Stopped):
            waiting.result(30)
    assert caplog.text.count("\n") < 5


def test_a_message_for_a_topic_that_was_deleted_is_not_dropped_silently(settings, monkeypatch):
    # Otherwise librdkafka hopes for half a minute that the topic comes back.
    monkeypatch.setitem(kafka.QUIET, "topic.metadata.propagation.max.ms", 1000)
    make_topics(settings)
    producer = make_producer(settings)
    publish(producer, topics.VOTES, "v1", b"arrives")
    assert not producer.flush(30)
    empty_kafka(settings)
    publish(producer, topics.VOTES, "v1", b"can't arrive")
    with pytest.raises(StartAgain, match="Kafka"):
        producer.flush(60)


def test_a_consumer_starts_again_when_its_topic_was_made_anew(settings, caplog):
    make_topics(settings)
    starts, stop = [], Stop()

    def stage(settings, stop):
        wait_for_topics(settings, stop, [topics.VOTERS])
        with WatchingConsumer(settings, "test", topics.VOTERS) as voters:
            starts.append(1)
            while not stop.is_set():
                good_messages(voters.consume(10, 0.1))

    running = in_background(lambda: keep_running(stage, settings, stop))
    wait_for(lambda: starts, 20, "the stage runs")
    empty_kafka(settings)
    make_topics(settings)
    wait_for(lambda: len(starts) > 1, 60, "the stage has started again")
    stop.set()
    running.result(30)
    assert "starting again: " in caplog.text


def test_an_answer_to_a_commit_that_never_comes_is_not_waited_for(settings, services, caplog):
    make_topics(settings)
    producer = make_producer(settings)
    publish(producer, topics.VOTERS, "v1", b"{}")
    assert not producer.flush(30)
    voters = WatchingConsumer(settings, "test", topics.VOTERS)
    read, broker = [], services.kafka.process
    wait_for(lambda: read.extend(good_messages(voters.consume(1, 1))) or read, 30, "the message")
    broker.send_signal(signal.SIGSTOP)
    try:
        standing = psutil.Process(broker.pid)
        wait_for(lambda: standing.status() == psutil.STATUS_STOPPED, 30, "the broker stands still")
        in_background(lambda: voters.commit_read(read)).result(60)
        assert "waiting for Kafka" in caplog.text
        in_background(voters.close).result(60)
    finally:
        broker.send_signal(signal.SIGCONT)


def test_a_voting_py_that_was_given_another_number_of_voters_ends_with_what_to_do(settings, stop):
    database = Database(settings, stop)
    seeding = Seeding(settings, load_election("simulated", 300), database, stop)
    waiting = in_background(lambda: wait_for_election(database, seeding.election, stop))
    other = Database(settings, stop)
    dataclasses.replace(seeding, database=other).seed_database()
    waiting.result(30)
    with pytest.raises(CannotRun, match="set ELECTION and VOTERS as for main"):
        wait_for_election(other, load_election("simulated", 400), stop)
