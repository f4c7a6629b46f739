"""Real servers for the tests: started once a session, on free ports, in a temporary folder."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg2
import pytest
from confluent_kafka.admin import AdminClient

from election.access.logins import make_logins
from election.model import topics
from election.model.errors import JavaNotUsable
from election.platform.java import find_java_home
from election.platform.postgres import Database
from election.platform.runtime import Stop
from election.platform.settings import Settings, load_settings
from local.pipeline import Pipeline


def wait_for(condition: Callable[[], object], timeout_seconds: float, what: str) -> None:
    """Returns when the condition is true; fails, saying what was waited for, when the time is up."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_seconds:.0f} s: {what}"
        time.sleep(0.1)


def require(present: bool, what: str) -> None:
    """Skips the test, loudly, when a tool is missing; in CI that is a failure."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must not skip: {what}")
    pytest.skip(f"NOT TESTED: {what}")


SERVERS = {"java", "services", "settings", "spark", "secured", "stack", "logins"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what starts a server, a browser or a container: `-m "not servers"` is what takes seconds."""
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())) or "e2e" in item.path.parts:
            item.add_marker("servers")


@pytest.fixture(autouse=True)
def no_randomuser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test, and no script that a test starts, asks randomuser.me."""
    monkeypatch.setenv("RANDOMUSER_URL", "http://127.0.0.1:9/api/")


@pytest.fixture(scope="session")
def java() -> None:
    try:
        find_java_home()
    except JavaNotUsable as error:
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
        with Pipeline(Path(name), {"KAFKA_PARTITIONS": "2", "RATE": "0"}) as pipeline:
            pipeline.start_services()
            yield pipeline


@pytest.fixture
def settings(services: Pipeline) -> Settings:
    """Settings for the session's servers, with the logins, an empty database and no topics."""
    settings = load_settings({**services.environment, "VOTERS": "300"})
    empty_database(settings)
    Database(settings, Stop()).run(partial(make_logins, settings))
    empty_kafka(settings)
    return settings


@pytest.fixture
def stop() -> Iterator[Stop]:
    """Not listening to signals; set when the test ends, so that what it started ends too."""
    stop = Stop()
    yield stop
    stop.set()


def empty_database(settings: Settings) -> None:
    connection = psycopg2.connect(**settings.postgres)
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()


def empty_kafka(settings: Settings) -> None:
    """Deletes every topic and returns when Kafka has forgotten them."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    ours = {topic.name for topic in topics.ALL}

    def left() -> set[str]:
        return ours & admin.list_topics(timeout=10).topics.keys()

    if present := left():
        for deleted in admin.delete_topics(list(present)).values():
            deleted.result()
        wait_for(lambda: not left(), 30, "Kafka deletes the topics")
