"""Kafka's disk, or PostgreSQL's, is full: the scripts say what they wait for, and go on when there is room."""

from random import randrange

import pytest

from election.model import topics
from election.model.definition import load_election
from election.platform.kafka_topics import count_messages
from election.platform.postgres import Database, row
from election.platform.settings import load_settings
from local.kafka import KafkaServer
from local.postgres import PostgresServer
from local.processes import free_port
from tests.conftest import wait_for
from tests.e2e.test_run import start
from tests.support.small_disk import small_disk

VOTERS = 1000
PACE = {"VOTERS": str(VOTERS), "RATE": "100", "RAMP_UP_SECONDS": "0"}


@pytest.fixture
def disk(folder):
    with small_disk(folder / "disk", 160) as disk:
        yield disk


def kafka_on(disk, folder, port):
    return KafkaServer(disk / "kafka", port, free_port(port + 1), folder / "kafka.log")


def postgres_on(disk, folder, port):
    return PostgresServer(disk / "postgres", port, folder / "postgres.log")


@pytest.mark.parametrize(
    ("server_on", "says"), [(kafka_on, "waiting for Kafka"), (postgres_on, "No space left on device")]
)
def test_a_disk_is_full_for_a_while_and_every_vote_is_there_all_the_same(
    services, settings, java, disk, folder, stop, server_on, says
):
    # Far from the ports that others take, who look for the next free one too.
    server = server_on(disk.path, folder, free_port(randrange(20_000, 30_000)))
    environment = {**server.environment, **PACE}
    settings = load_settings({**services.environment, **environment})
    ballots, database = load_election("simulated", VOTERS).ballots, Database(settings, stop)

    def recorded():
        return database.run(lambda connection: row(connection, "SELECT count(*) FROM votes"))["count"]

    def published():
        return count_messages(settings, topics.VOTES)

    running = []
    try:
        server.start()
        running += [services.start(part, **environment) for part in ("main", "voting")]
        log = running[1].log
        wait_for(recorded, 90, "votes are cast")
        before = len(log.read_text())
        disk.fill()
        wait_for(lambda: says in log.read_text()[before:], 60, "voting.py says what it waits for")
        assert recorded() < ballots
        disk.free()
        if not server.process.running:
            server.start()
        wait_for(lambda: recorded() == ballots and published() >= ballots, 120, "all votes are there")
        assert all(script.running for script in running)
        assert not any("Traceback" in script.log.read_text() for script in running)
    finally:
        for script in running:
            services.parts.pop(script.name).stop()
        server.stop()


def test_run_py_on_a_full_disk_ends_with_what_to_do(disk, java):
    disk.fill()
    with start(disk.path / "var", command="services") as ran:
        _, errors = ran.communicate(timeout=120)
    assert ran.returncode == 1
    assert errors.startswith("error: the disk is full: make room")
    assert "Traceback" not in errors
