"""Starting Spark: what it does to the process, and what is said when it can't start."""

import signal
import subprocess
import sys

import pytest

from election import PROJECT
from election.counting import session
from election.model.errors import StartAgain
from election.platform.runtime import Stop

START = """
import sys
from election.counting.session import find_spark, start_spark
from election.platform.settings import Settings
settings = Settings(spark_master=sys.argv[1] or None, spark_driver_memory=sys.argv[2])
start_spark(settings, 2, find_spark(settings))
"""


def test_pyspark_takes_no_hold_of_ctrl_c(spark):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("master", "memory"), [("spark//nowhere", "1g"), ("", "900t")])
def test_a_master_and_a_memory_that_cannot_be_had_are_named(java, master, memory):
    command = [sys.executable, "-c", START, master, memory]
    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert f"CannotRun: Spark on {master or 'local[2]'} could not be started (" in said.stderr
    assert "set SPARK_MASTER to a master that runs" in said.stderr


@pytest.fixture
def slots(monkeypatch):
    """The cluster has these slots, one look after the other."""

    def slots(*looks: int) -> None:
        left = iter(looks)
        monkeypatch.setattr(session, "count_slots", lambda _spark: next(left))

    return slots


def test_a_master_that_gives_no_executor_for_long_has_forgotten_the_count(slots, monkeypatch):
    monkeypatch.setattr(session, "EXECUTOR_SECONDS", 0)
    slots(0)
    with pytest.raises(StartAgain, match="no executor"):
        session.wait_for_slots(None, 12, Stop())


def test_an_executor_that_comes_late_or_with_too_few_slots_is_waited_for(slots):
    slots(0, 4, 12)
    session.wait_for_slots(None, 12, Stop())
    with pytest.raises(StopIteration):
        session.count_slots(None)
