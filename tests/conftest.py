"""Real servers for the tests, started once a session: for each test a new database, and a Kafka without topics."""

import itertools
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg2
import pytest
from confluent_kafka.admin import AdminClient

from election.access.logins import make_logins
from election.model import topics
from election.model.definition import Election, load_election
from election.model.errors import CannotRun
from election.platform.java import find_java_home
from election.platform.kafka import make_admin
from election.platform.kafka_topics import ensure_topics
from election.platform.postgres import Database
from election.platform.runtime import Stop
from election.platform.settings import Settings, load_settings
from election.seeding import people
from election.seeding.seed import Seeding
from local.pipeline import Pipeline

VOTERS = 300
TEMPLATE = "with_logins"
SERVERS = {"java", "services", "settings", "spark", "secured", "stack", "logins"}


def wait_for(condition: Callable[[], object], timeout_seconds: float, what: str, pause_seconds: float = 0.1) -> None:
    """Returns when the condition is true; fails, saying what was waited for, when the time is up."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_seconds:.0f} s: {what}"
        time.sleep(pause_seconds)


def require(present: bool, what: str) -> None:
    """Skips the test, loudly, when a tool is missing; in CI that is a failure."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must not skip: {what}")
    pytest.skip(f"NOT TESTED: {what}")


def pytest_configure() -> None:
    """No test, and no script that a test starts, asks randomuser.me, or ignores the signals that a test sends it."""
    os.environ["RANDOMUSER_URL"] = "http://127.0.0.1:9/api/"
    # `nohup` and a shell's `&` make every process below ignore these.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what starts a server, a browser or a container: `-m "not servers"` is what takes seconds."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())) or "e2e" in item.path.parts:
            item.add_marker("servers")


@pytest.fixture(scope="session")
def java() -> None:
    try:
        find_java_home()
    except CannotRun as error:
        require(False, str(error))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's user may enter too."""
    with tempfile.TemporaryDirectory(prefix="election-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def services(java: None) -> Iterator[Pipeline]:
    """A running Kafka and PostgreSQL; the scripts are not started."""
    with tempfile.TemporaryDirectory(prefix="election-") as name:
        Path(name).chmod(0o755)
        own = {"KAFKA_PARTITIONS": "2", "RATE": "0", "VOTERS": str(VOTERS)}
        with Pipeline(Path(name), {**own, "RANDOMUSER_URL": os.environ["RANDOMUSER_URL"]}) as pipeline:
            pipeline.start_services()
            yield pipeline
            kill_all(pipeline)


def kill_all(pipeline: Pipeline) -> None:
    """Kills the scripts and servers of a pipeline that is thrown away: it needs no orderly end."""
    for process in (*pipeline.parts.values(), pipeline.kafka.process, pipeline.postgres.process):
        if process:
            process.kill()


def execute(settings: Settings, *statements: str) -> None:
    """Each statement in a transaction of its own."""
    with closing(psycopg2.connect(**settings.postgres)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture(scope="session")
def template(services: Pipeline) -> str:
    """The name of a database that has the logins and nothing else."""
    environment = services.environment
    execute(load_settings(environment), f"CREATE DATABASE {TEMPLATE}")
    settings = load_settings({**environment, "POSTGRES_DB": TEMPLATE})
    database = Database(settings, Stop())
    database.run(partial(make_logins, settings))
    database.close()
    return TEMPLATE


_numbers = itertools.count(1)


@pytest.fixture
def settings(services: Pipeline, template: str) -> Iterator[Settings]:
    """Settings for the session's servers, with the logins, an empty database of its own and no topics.

    A script that the test starts uses this database too.
    """
    server = load_settings(services.environment)
    name = f"election_{next(_numbers)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    services.settings["POSTGRES_DB"] = name
    settings = load_settings(services.environment)
    empty_kafka(settings)
    yield settings
    del services.settings["POSTGRES_DB"]


@pytest.fixture
def stop() -> Iterator[Stop]:
    """Not listening to signals; set when the test ends, so that what it started ends too."""
    stop = Stop()
    yield stop
    stop.set()


@pytest.fixture
def election() -> Election:
    """The one that `seeding` is for. A module may have another."""
    return load_election("simulated", VOTERS)


@pytest.fixture
def seeding(settings: Settings, election: Election, stop: Stop, monkeypatch: pytest.MonkeyPatch) -> Seeding:
    """What main.py prepares the election with, and few names to choose from; nothing is prepared yet."""
    monkeypatch.setattr(people, "POOL_DRAWS", 100)
    return Seeding(replace(settings, voters=election.registered), election, Database(settings, stop), stop)


@pytest.fixture
def admin(settings: Settings) -> AdminClient:
    """Of a Kafka with the topics."""
    return make_topics(settings)


@pytest.fixture
def seeded(seeding: Seeding, admin: AdminClient) -> Seeding:
    """The candidates and voters are registered, and the topics there and empty."""
    seeding.seed_database()
    return seeding


def make_topics(settings: Settings) -> AdminClient:
    """Returns when the broker knows all of them."""
    admin, names = make_admin(settings), {topic.name for topic in topics.ALL}
    ensure_topics(admin, settings.kafka_partitions, 1)
    wait_for(lambda: names <= admin.list_topics(timeout=10).topics.keys(), 30, "the topics")
    return admin


def empty_kafka(settings: Settings) -> None:
    """Deletes every topic and returns when Kafka has forgotten them."""
    admin, ours = make_admin(settings), {topic.name for topic in topics.ALL}
    # A broker that stood still is let in again first; a client that asked before waits a minute for a controller.
    wait_for(lambda: admin.list_topics(timeout=10).controller_id >= 0, 30, "Kafka has a controller")

    def left() -> set[str]:
        return ours & admin.list_topics(timeout=10).topics.keys()

    if present := left():
        for deleted in admin.delete_topics(list(present)).values():
            deleted.result()
        wait_for(lambda: not left(), 30, "Kafka deletes the topics")
