"""Being told to stop."""

import signal
import subprocess
import sys

import pytest

from election.config import Settings
from election.stages import Stop, Stopped, keep_running

# The main thread is in C code, which takes up its wait again after each signal: Python's handlers never run there.
HANGS = """
import ctypes, threading
from election.stages import Stop
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
def test_a_signal_is_heard_while_the_main_thread_hangs_in_c(number):
    with subprocess.Popen([sys.executable, "-c", HANGS], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "hangs\n"
            process.send_signal(number)
            assert process.stdout.readline() == "heard\n"
        finally:
            process.kill()


@pytest.mark.parametrize("how", [Stopped, KeyboardInterrupt])
def test_a_stage_that_is_stopped_ends_quietly(how):
    def stage(settings, stop):
        raise how

    keep_running(stage, Settings(), Stop())
