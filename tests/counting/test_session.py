"""Starting Spark: what it does to the process, and what is said when it can't start."""

import signal
import subprocess
import sys

from election import PROJECT

START = """
from election.counting.session import start_spark
from election.platform.settings import Settings
start_spark(Settings(spark_master="spark//nowhere"), 2)
"""


def test_pyspark_takes_no_hold_of_ctrl_c(spark):
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_spark_master_that_cannot_be_had_is_named(java):
    said = subprocess.run([sys.executable, "-c", START], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert "CannotRun: Spark on spark//nowhere could not be started (" in said.stderr
    assert "set SPARK_MASTER to a master that runs" in said.stderr
