"""Being told to stop."""

import signal
import subprocess
import sys
import weakref

import pytest
from confluent_kafka import KafkaError, KafkaException

from election.model.errors import StartAgain, Stopped
from election.platform.runtime import Stop, keep_running
from election.platform.settings import Settings
from tests.conftest import wait_for

# The main thread is in C code, which takes up its wait again after each signal: Python's handlers never run there.
HANGS = """
import ctypes, threading
from election.platform.runtime import Stop
stop = Stop().listen()
def answer():
    stop.wait()
    print("heard", flush=True)
threading.Thread(target=answer, daemon=True).start()
print("hangs", flush=True)
threads = ctypes.CDLL(None)
mutex = ctypes.create_string_buffer(64)
threads.pthread_mutex_lock(mutex)
threads.pthread_mutex_lock(mutex)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_while_the_main_thread_hangs_in_c_and_a_second_ends_the_process(number):
    with subprocess.Popen([sys.executable, "-c", HANGS], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "hangs\n"
            process.send_signal(number)
            assert process.stdout.readline() == "heard\n"
            wait_for(lambda: process.send_signal(number) or process.poll(), 30, "a second signal ends the process")
            assert process.returncode == 128 + number
        finally:
            process.kill()


# Ctrl-C reaches a child too that has not become its own program yet, and still has its parent's handlers and pipe.
FORKS = """
import os, signal
from election.platform.runtime import Stop
stop = Stop().listen()
os.kill(os.getpid(), signal.SIGINT)
stop.wait()
if (child := os.fork()) == 0:
    os.kill(os.getpid(), signal.SIGINT)
    os._exit(0)
os.waitpid(child, 0)
print("goes on")
"""


def test_one_ctrl_c_that_a_child_hears_too_is_one():
    done = subprocess.run([sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "goes on\n")


@pytest.mark.parametrize(
    ("failure", "reason"), [(StartAgain, "gone"), (KafkaException, KafkaError(KafkaError._TRANSPORT))]
)
def test_a_stage_that_starts_again_has_let_go_of_what_it_had(monkeypatch, failure, reason):
    """A consumer that is kept stays in its group, and keeps its partitions from the next."""
    monkeypatch.setattr("election.platform.runtime.RETRY_SECONDS", 0)
    held = []

    def stage(settings, stop):
        if held:
            assert held[0]() is None
            raise Stopped
        consumer = Stop()
        held.append(weakref.ref(consumer))
        raise failure(reason)

    keep_running(stage, Settings(), Stop())
    assert held
