"""What is said while something is waited for: enough, and nothing twice."""

import pytest

from election.platform.runtime import Waiting


@pytest.fixture
def said(caplog):
    caplog.set_level("INFO")
    return lambda: [record.getMessage() for record in caplog.records]


def test_each_reason_is_said_once_and_after_a_while_again(said, monkeypatch):
    waiting = Waiting("the roll")
    for reason in ("closed", "refused", "closed", "refused", "refused"):
        waiting.note(reason)
    assert said() == ["waiting for the roll: closed", "waiting for the roll: refused"]
    monkeypatch.setattr("election.platform.runtime.REMIND_SECONDS", 0)
    waiting.note("refused")
    assert said()[2:] == ["waiting for the roll: refused"]


def test_the_end_of_a_wait_is_said_if_its_begin_was(said):
    waiting = Waiting("the roll")
    waiting.done()
    assert said() == []
    for _ in range(2):
        waiting.note("refused")
        waiting.done()
        waiting.done()
    assert said() == ["waiting for the roll: refused", "the roll is there after 0 s"] * 2
