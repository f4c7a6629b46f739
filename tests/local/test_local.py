"""Java, jars, ports and processes: what run.py stands on."""

import os
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from contextlib import suppress

import psutil
import pytest

from election import PROJECT
from election.model.definition import load_election
from election.model.errors import CannotRun, ElectionError
from election.platform import jars, java
from local import doctor, processes, run
from local.folder import lock_folder
from local.processes import Process, free_port, port_answers
from tests.conftest import wait_for


def fake_java(folder, version: str, modules: str = java.REQUIRED_MODULE) -> str:
    """A script, as version managers put on the PATH, that says its home is elsewhere."""
    said = f"    java.home = {folder / 'jdk'}\n    java.specification.version = {version}"
    script = folder / "java"
    script.write_text(f"#!/bin/sh\nif [ $1 = --list-modules ]; then echo '{modules}'; else echo '{said}' >&2; fi\n")
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize(
    ("version", "modules", "problem"),
    [
        ("1.8", java.REQUIRED_MODULE, "is Java 8, too old"),
        ("11", java.REQUIRED_MODULE, "is Java 11, too old"),
        ("21", "java.base@21", "lacks the module jdk.incubator.vector"),
        ("", "", "is no Java"),
    ],
)
def test_a_java_that_can_not_be_used_is_named(tmp_path, version, modules, problem):
    with pytest.raises(CannotRun, match=problem):
        java.home_of(fake_java(tmp_path, version, modules))


def test_a_java_on_the_path_that_is_a_script_is_asked_where_its_home_is(tmp_path, monkeypatch):
    fake_java(tmp_path, "17")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert java.find_java_home() == tmp_path / "jdk"


def test_without_any_java_the_message_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(java, "programs", list)
    with pytest.raises(CannotRun, match=r"No Java was found.*apt install openjdk-17-jre-headless"):
        java.find_java_home()


def test_a_jar_that_was_changed_is_noticed(tmp_path):
    for name in jars.locked("spark"):
        (tmp_path / name).write_bytes(b"not the jar")
    assert "is not the file that jars.lock names" in jars.difference("spark", tmp_path)
    assert "is missing" in jars.difference("kafka", tmp_path)


def test_jars_are_put_beside_what_a_folder_has_already(tmp_path, monkeypatch):
    def resolved(*_, folder, **__):
        (folder / "jars").mkdir()
        for name in ("kafka-clients-1.jar", "what-spark-has.jar"):
            (folder / "jars" / name).touch()
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr(jars, "run_java", resolved)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "own.jar").touch()
    jars.resolve("spark", mine)
    assert sorted(path.name for path in mine.iterdir()) == ["kafka-clients-1.jar", "own.jar"]


def test_a_taken_port_is_replaced_by_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port_answers(port)
        assert free_port(port) > port


def test_what_hears_ctrl_c_on_this_terminal_is_waited_for_while_it_cleans_up(tmp_path):
    child = "import time\ntry: print('at work', flush=True); time.sleep(60)\nfinally: time.sleep(1); print('clean')"
    parent = f"from local.processes import call\nprint('ended with', call({[sys.executable, '-c', child]!r}))"
    command = [sys.executable, "-u", "-c", parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=PROJECT) as calling:
        assert calling.stdout.readline() == "at work\n"
        os.killpg(calling.pid, signal.SIGINT)
        assert calling.stdout.read() == f"clean\nended with {-signal.SIGINT}\n"


@pytest.mark.parametrize(
    ("held", "options", "environment", "chosen"),
    [
        (None, [], {}, ("simulated", 10000)),
        (None, [], {"ELECTION": "montreal-2013"}, ("montreal-2013", 391_166)),
        (None, ["--voters", "300"], {"VOTERS": "200"}, ("simulated", 300)),
        (200, [], {}, ("simulated", 200)),
        (200, [], {"VOTERS": "200"}, ("simulated", 200)),
        (200, [], {"VOTERS": "300"}, "holds votes of another election"),
        (200, [], {"ELECTION": "montreal-2013"}, "holds votes of another election"),
        (200, ["--fresh"], {"ELECTION": "montreal-2013"}, ("montreal-2013", 391_166)),
        (None, ["--voters", "0"], {}, "VOTERS='0' is not a whole number from 1"),
    ],
)
def test_the_election_is_the_one_asked_for_else_the_one_held(tmp_path, monkeypatch, held, options, environment, chosen):
    for name in ("ELECTION", "VOTERS"):
        monkeypatch.delenv(name, raising=False)
    if held:
        run.hold(load_election("simulated", held), tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    parser = ArgumentParser()
    run.add_arguments(parser)
    asked = parser.parse_args([*options, "--folder", str(tmp_path)])
    if isinstance(chosen, str):
        with pytest.raises(ElectionError, match=chosen):
            run.choose_election(asked)
    else:
        election = run.choose_election(asked)
        assert (election.name, election.registered) == chosen


def test_the_doctor_does_not_blame_an_election_that_is_running(tmp_path):
    with lock_folder(tmp_path):
        assert doctor.usable(tmp_path).endswith("where an election is running")
    assert doctor.usable(tmp_path).endswith(str(tmp_path))


def test_a_process_that_ignores_the_request_is_killed(tmp_path):
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    process = Process("deaf", [sys.executable, "-c", deaf], tmp_path / "log")
    process.wait_until(lambda: "deaf" in process.last_line(), 30)
    assert process.stop(timeout_seconds=0.2) == -signal.SIGKILL


def test_a_child_whose_parent_is_killed_at_once_ends_too(tmp_path):
    parent = f"""
import os, pathlib, signal, subprocess
from local.processes import Process

class Popen(subprocess.Popen):
    def __init__(self, command, **options):
        super().__init__(command, **options)
        if "sleep" in command:
            pathlib.Path({str(tmp_path / "child")!r}).write_text(str(self.pid))
            os.kill(os.getpid(), signal.SIGKILL)

subprocess.Popen = Popen
Process("sleeper", ["sleep", "600"], pathlib.Path({str(tmp_path / "log")!r}))
"""
    killed = subprocess.run([sys.executable, "-c", parent], cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    child = int((tmp_path / "child").read_text())

    def runs() -> bool:
        """A child that has ended and whom nobody has waited for is no longer running."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(child).status() != psutil.STATUS_ZOMBIE
        return False

    wait_for(lambda: not runs(), 30, "the child has ended")


def test_a_process_whose_leash_is_gone_starts_all_the_same(tmp_path, monkeypatch):
    gone = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    gone.wait()
    monkeypatch.setattr(processes, "leash", lambda: gone)
    Process("free", ["echo", "started"], log := tmp_path / "log").finish()
    assert "started" in log.read_text()


def test_a_process_that_ends_early_shows_the_end_of_its_log_without_a_stack_trace(tmp_path):
    frames = "".join(f"\\tat kafka.Kafka.main(Kafka.scala:{line})\\n" for line in range(20))
    script = f"import sys; sys.stdout.write('No space left on device\\n{frames}'); sys.exit(3)"
    process = Process("broken", [sys.executable, "-c", script], tmp_path / "log")
    with pytest.raises(CannotRun, match=r"broken ended with exit code 3(?s:.*)No space left on device"):
        process.wait_until(lambda: False, 30)
