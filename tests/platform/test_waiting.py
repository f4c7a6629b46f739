"""What is said while something is waited for: enough, and nothing twice."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Barrier

import psycopg2
import pytest

from election.platform.postgres import Database
from election.platform.runtime import Stop, Waiting
from election.platform.settings import Settings

HERE = "PostgreSQL at localhost:5432"


@pytest.fixture
def said(caplog):
    caplog.set_level("INFO")
    return lambda: [record.getMessage() for record in caplog.records]


def test_each_reason_is_said_once(said):
    waiting = Waiting("the roll")
    for reason in ("closed", "refused", "closed", "refused", "refused"):
        waiting.note(reason)
    assert said() == ["waiting for the roll: closed", "waiting for the roll: refused"]


def test_a_long_wait_is_said_again(said, monkeypatch):
    monkeypatch.setattr("election.platform.runtime.REMIND_SECONDS", 0)
    waiting = Waiting("the roll")
    waiting.note("refused")
    waiting.note("refused")
    assert said() == ["waiting for the roll: refused"] * 2


def test_the_end_of_a_wait_is_said_if_its_begin_was(said):
    waiting = Waiting("the roll")
    waiting.done()
    assert said() == []
    waiting.note("refused")
    waiting.done()
    waiting.done()
    waiting.note("refused")
    assert said() == [
        "waiting for the roll: refused",
        "the roll is there after 0 s",
        "waiting for the roll: refused",
    ]


def test_connections_side_by_side_wait_for_postgresql_with_one_voice(said, monkeypatch):
    """Both are refused twice before either is let in."""
    refused_both = Barrier(2, timeout=30)
    attempts = {}

    class Refused(Database):
        def _connected(self):
            attempts[self] = attempts.get(self, 0) + 1
            refused_both.wait()
            if attempts[self] <= 2:
                raise psycopg2.OperationalError("refused")
            return nullcontext()

    monkeypatch.setattr("election.platform.runtime.RETRY_SECONDS", 0)
    databases = Refused.side_by_side(Settings(), Stop(), 2)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda database: database.run(lambda _: "done"), databases)) == ["done"] * 2
    assert set(attempts.values()) == {3}
    assert said() == [f"waiting for {HERE}: refused", f"{HERE} is there after 0 s"]
