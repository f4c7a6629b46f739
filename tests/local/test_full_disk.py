"""Kafka's disk, or PostgreSQL's, is full: the scripts say what they wait for, and go on when there is room."""

import subprocess
import sys
from contextlib import closing, contextmanager
from random import randrange

import pytest

from election import PROJECT
from election.model import topics
from election.model.definition import load_election
from election.platform.kafka import make_reader
from election.platform.kafka_topics import end_offsets
from election.platform.postgres import Database, row
from election.platform.settings import load_settings
from local.kafka import KafkaServer
from local.postgres import PostgresServer
from local.processes import free_port
from tests.conftest import wait_for
from tests.support.small_disk import small_disk

VOTERS = 1000
PACE = {"VOTERS": str(VOTERS), "RATE": "100", "RAMP_UP_SECONDS": "0"}


@pytest.fixture
def disk(folder):
    with small_disk(folder / "disk", 160) as disk:
        yield disk


def a_port():
    """Far from those that others take, who look for the next free one too."""
    return free_port(randrange(20_000, 30_000))


@contextmanager
def started(server):
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def scripts(services, environment):
    """main.py and voting.py, with servers of their own instead of the session's."""
    running = [services.start(part, **environment) for part in ("main", "voting")]
    try:
        yield running
    finally:
        for script in running:
            services.parts.pop(script.name).stop()


def votes_on_topic(settings):
    with closing(make_reader(settings, [topics.VOTES])) as reader:
        return sum(end_offsets(reader, topics.VOTES).values())


def hold_an_election_on(disk, server, services, environment, says, stop):
    """The disk is full for a while in the middle of it, and every vote is recorded and on votes_topic all the same."""
    environment = {**PACE, **environment}
    settings = load_settings({**services.environment, **environment})
    ballots = load_election("simulated", VOTERS).ballots
    database = Database(settings, stop)

    def recorded():
        return database.run(lambda connection: row(connection, "SELECT count(*) FROM votes"))["count"]

    with scripts(services, environment) as running:
        log = running[1].log
        wait_for(recorded, 90, "votes are cast")
        before = len(log.read_text())
        disk.fill()
        wait_for(lambda: says in log.read_text()[before:], 60, "voting.py says what it waits for")
        assert recorded() < ballots
        disk.free()
        if not server.process.running:
            server.start()
        wait_for(lambda: recorded() == ballots and votes_on_topic(settings) >= ballots, 120, "all votes are there")
        assert all(script.running for script in running)
        assert not any("Traceback" in script.log.read_text() for script in running)


def test_kafkas_disk_is_full(services, settings, java, disk, folder, stop):
    port = a_port()
    with started(KafkaServer(disk.path / "kafka", port, free_port(port + 1), folder / "kafka.log")) as server:
        environment = {"KAFKA_BOOTSTRAP_SERVERS": server.bootstrap_servers}
        hold_an_election_on(disk, server, services, environment, "waiting for Kafka", stop)


def test_postgresqls_disk_is_full(services, settings, disk, folder, stop):
    with started(PostgresServer(disk.path / "postgres", a_port(), folder / "postgres.log")) as server:
        hold_an_election_on(disk, server, services, server.environment, "No space left on device", stop)


def test_run_py_on_a_full_disk_ends_with_what_to_do(disk, java):
    disk.fill()
    ran = subprocess.run(
        [sys.executable, "-m", "local.cli", "services", "--folder", disk.path / "var"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: the disk is full: make room")
    assert "Traceback" not in ran.stderr
