"""Run.py on machines that are not ours: other programs' variables, odd folders, kills and crashes at bad moments."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar, Self

import psycopg2
import pytest
from rich.console import Console

import run
from election import PROJECT
from election.model.definition import ELECTIONS, load_election
from election.model.errors import CannotRun
from election.platform import jars
from election.platform.runtime import Stop
from local.environment import build_environment
from local.folder import wipe
from local.pipeline import Pipeline
from local.postgres import PostgresServer
from local.processes import free_port
from local.screen import draw, draw_result
from local.supervisor import Supervisor
from tests.conftest import require, wait_for
from tests.e2e.test_run import processes_of

# Everything that a shell may have from other set-ups at once; each alone would break one of the parts.
VARIABLES = {
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "en_US.ISO-8859-1",
    "TZ": "Nowhere/Unknown",
    "TMPDIR": "/nowhere",
    "LD_LIBRARY_PATH": "/nowhere",
    "JAVA_TOOL_OPTIONS": "-Duser.language=tr -Duser.country=TR",
    "CLASSPATH": "/nowhere",
    "SPARK_HOME": "/opt/spark",
    "PYSPARK_SUBMIT_ARGS": "--master yarn pyspark-shell",
    "HADOOP_CONF_DIR": "/etc/hadoop",
    "KAFKA_OPTS": "-javaagent:/nowhere.jar",
    "KAFKA_BOOTSTRAP_SERVERS": "elsewhere.example:9092",
    "KAFKA_REPLICATION_FACTOR": "3",
    "POSTGRES_HOST": "elsewhere.example",
    "POSTGRES_PASSWORD_FILE": "/run/secrets/nowhere",
    "PGHOSTADDR": "192.0.2.1",
    "PGSSLMODE": "verify-full",
    "PYTHONSTARTUP": "/nowhere.py",
    "PYTHONOPTIMIZE": "2",
    "PIP_TARGET": "/nowhere",
    "STREAMLIT_SERVER_BASE_URL_PATH": "elsewhere",
}
ODD_NAME = "Élection (1), 50% #2:a '中文' ${x} [y]* & {z} = \\n"
# One process that becomes run.py's second half, in .venv's Python, as run.py does.
HAND_OVER = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import run"
HAND_OVER += "; run.hand_over(sys.argv[1:], run.clean_environment())"


class Services:
    """`run.py services` on a terminal of its own, as a person has it."""

    def __init__(self, folder: object, at: Path = PROJECT, variables: dict[str, str] | None = None):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(at)
            command = [sys.executable, "-c", HAND_OVER, "services", "--folder", str(folder)]
            os.execve(sys.executable, command, {**os.environ, **(variables or {})})
        self.said = ""
        self.code: int | None = None
        self.closing = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        """Waits outside of a read: one that is on its way would keep the terminal open after it is closed."""
        with suppress(OSError):
            while not self.closing.is_set():
                if select.select([self.terminal], [], [], 0.1)[0]:
                    self.said += os.read(self.terminal, 4096).decode(errors="replace")

    def up(self) -> Self:
        wait_for(lambda: "Ctrl-C here stops both" in self.said or self.ended(), 120, "the services start")
        assert self.code is None, self.said
        return self

    def port(self, name: str) -> str:
        found = re.search(rf"export {name}=(\S+)", self.said)
        assert found, self.said
        return found.group(1)

    def ended(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def end(self, number: int | None) -> int:
        """Sends a signal, or closes the terminal's window, and returns the exit code."""
        if number is None:
            self.closing.set()
            self.reader.join()
            os.close(self.terminal)
        else:
            os.kill(self.pid, number)
        wait_for(self.ended, 150, "run.py ends")
        assert self.code is not None
        return self.code


@contextmanager
def services(*arguments, **options):
    started = Services(*arguments, **options)
    try:
        yield started
    finally:
        if not started.ended():
            started.end(signal.SIGKILL)


def nothing_is_left(folder: Path) -> None:
    wait_for(lambda: processes_of(folder) == [], 20, "everything ends with run.py")


def test_it_starts_among_all_variables_of_others_in_a_folder_of_any_name_and_ends_with_its_terminal(java, folder):
    there = folder / ODD_NAME / ("long" * 50)
    with services(there.relative_to(folder), at=folder, variables=VARIABLES) as started:
        started.up()
        login = "user=postgres password=postgres dbname=voting sslmode=disable"
        psycopg2.connect(f"host=127.0.0.1 port={started.port('POSTGRES_PORT')} {login}").close()
        assert "127.0.0.1" in started.port("KAFKA_BOOTSTRAP_SERVERS")
        assert (there / "kafka" / "data" / "meta.properties").exists()
        assert {path.name for path in folder.iterdir()} == {ODD_NAME}
        started.end(None)
    nothing_is_left(folder)


def test_a_kill_at_any_step_of_a_first_start_leaves_nothing_half_made(java, folder):
    there = folder / "var"
    steps = "lock", "postgres.part/PG_VERSION", "postgres/PG_VERSION", "postgres/postmaster.pid"
    for step in (*steps, "kafka/format.properties", "kafka/data.part", "kafka/data", "logs/kafka.log"):
        # A fast machine may have renamed what is new before anybody looks.
        seen = there / step, there / step.replace(".part", "")
        with services(there) as started:
            wait_for(lambda seen=seen: any(path.exists() for path in seen), 120, step)
            started.end(signal.SIGKILL)
        nothing_is_left(folder)
    for name in ("election.json", "kafka/data/meta.properties"):
        (there / name).write_text("")
    with services(there) as started:
        started.up()
        assert "meta.properties is damaged: Kafka starts empty" in started.said
        assert started.end(signal.SIGTERM) == 0
    assert not (there / "tmp").exists()
    nothing_is_left(folder)


def test_ctrl_c_in_the_first_seconds_is_no_error(java, folder):
    with services(folder / "var") as started:
        wait_for((folder / "var" / "postgres.part").exists, 120, "PostgreSQL's data are being made")
        os.write(started.terminal, b"\x03")
        wait_for(started.ended, 150, "run.py ends")
    assert started.code == 0
    assert started.said.rstrip().endswith("stopped")
    assert "error" not in started.said
    nothing_is_left(folder)


def test_data_of_another_postgresql_end_the_start_with_what_to_do(java, folder):
    server = PostgresServer(folder / "postgres", free_port(25432), folder / "log")
    server.start()
    server.stop()
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(CannotRun, match=r"has the data of PostgreSQL 9, .*start over with --fresh"):
        server.start()


def test_root_starts_postgresql_from_a_folder_that_its_user_may_not_enter(java, folder, caplog):
    require(os.geteuid() == 0, "a folder of root's: this is not root")
    private = folder / "private"
    private.mkdir(mode=0o700)
    server = PostgresServer(private / "postgres", free_port(25432), folder / "log")
    server.start()
    server.stop()
    data = (private / "postgres").resolve()
    assert (data / "PG_VERSION").exists()
    assert f"its data are in {data}" in caplog.text
    wipe(private)
    assert not data.exists()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (os.fsdecode(b"caf\xe9"), "not UTF-8"),
        ("two\nlines", "control character"),
        ("long/" * 150, "a path of"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_before_anything_starts(tmp_path, name, problem):
    with pytest.raises(CannotRun, match=f"{problem}.*choose another with --folder"):
        Pipeline(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_packages_of_another_version_of_the_project_are_installed_anew(tmp_path, monkeypatch):
    """Its packages are those that were installed last: what came with the version before is not whole any more."""
    installed, versions = [], {"requirements.lock": 1, "requirements-dev.lock": 1}
    monkeypatch.setattr(run, "STAMP", str(tmp_path / "stamp"))
    monkeypatch.setattr(run, "PYTHON", sys.executable)
    monkeypatch.setattr(run, "digest", lambda lock: f"{lock}-{versions[lock]}")

    def call(command, *_, **__):
        installed.extend(lock for lock in command if lock in versions)
        return 0

    monkeypatch.setattr(run, "call", call)
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements.lock", "requirements-dev.lock"):
        run.ensure_packages(lock, {})
    assert installed == ["requirements.lock", "requirements-dev.lock"]
    for version in (2, 1):
        versions.update(dict.fromkeys(versions, version))
        run.ensure_packages("requirements.lock", {})
    assert installed[2:] == ["requirements.lock"] * 2
    for version in ("3.12.1", "3.11.2", "3.12.1"):
        with monkeypatch.context() as python:
            python.setattr(sys, "version", version)
            run.ensure_packages("requirements.lock", {})
    assert installed[4:] == ["requirements.lock"] * 2  # once for each Python, however often they take turns


def test_a_folder_where_no_program_runs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_NOEXEC))
    with pytest.raises(CannotRun, match="runs no programs"):
        Pipeline(tmp_path)


def test_nothing_of_other_programs_is_in_the_environment_of_a_server_or_a_script():
    built = build_environment({**VARIABLES, "PATH": "/bin", "RATE": "5", "HTTPS_PROXY": "http://proxy:1"})
    ours = {"PATH", "LANG", "LC_ALL"}
    assert built.keys() == ours | {"RATE", "HTTPS_PROXY", "LD_LIBRARY_PATH"}
    assert built["LC_ALL"].endswith(("UTF-8", "utf8"))
    assert build_environment(VARIABLES, for_python=False).keys() == ours


def test_pip_and_venv_get_nothing_that_says_where_to_install(monkeypatch):
    for name, value in {**VARIABLES, "PIP_INDEX_URL": "https://mirror.example", "VIRTUAL_ENV": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    left = {name: value for name, value in run.clean_environment().items() if name.startswith(("PIP", "PYTH", "VIRT"))}
    assert left.pop("PIP_USER") == "0"
    assert "PIP_INDEX_URL" in left
    assert not left.keys() & {"PIP_TARGET", "VIRTUAL_ENV", "PYTHONSTARTUP", "PYTHONOPTIMIZE"}


@pytest.mark.parametrize("damage", ["nothing is there", "python is gone", "pip is gone", "none"])
def test_a_virtual_environment_that_is_not_whole_is_made_again(tmp_path, monkeypatch, damage):
    venv = tmp_path / ".venv"
    python = venv / "bin" / "python"
    monkeypatch.setattr(run, "VENV", str(venv))
    monkeypatch.setattr(run, "PYTHON", str(python))
    made = []

    def call(words, environment, real_call=run.call, **options):
        return made.append(words[2:]) or 0 if "venv" in words else real_call(words, environment, **options)

    monkeypatch.setattr(run, "call", call)
    python.parent.mkdir(parents=True)
    if damage == "python is gone":
        python.symlink_to("/nowhere/python")
    elif damage != "nothing is there":
        python.write_text(f"#!/bin/sh\nexit {int(damage == 'pip is gone')}\n")
        python.chmod(0o755)
    run.ensure_venv(run.clean_environment())
    assert made == ([] if damage == "none" else [["venv", "--clear", str(venv)]])


def test_a_project_in_a_folder_that_java_cannot_take_is_told_so(monkeypatch):
    monkeypatch.setattr(run, "PROJECT", "/home/me/a:b")
    with pytest.raises(SystemExit, match=r"has .*':'.* in its path"):
        run.check_place()


def test_an_election_is_the_same_with_the_line_ends_of_windows(tmp_path):
    elections = []
    for end in (b"\n", b"\r\n"):
        shutil.copytree(ELECTIONS / "simulated", tmp_path, dirs_exist_ok=True)
        for path in (*tmp_path.glob("*.csv"), tmp_path / "election.toml"):
            path.write_bytes(path.read_bytes().replace(b"\n", end))
        elections.append(load_election(str(tmp_path)))
    unix, windows = elections
    assert unix.fingerprint == windows.fingerprint
    assert unix.votes_by_location == windows.votes_by_location


class Proxy(BaseHTTPRequestHandler):
    """Refuses whatever password it gets, and keeps it."""

    passwords: ClassVar[list[str]] = []

    def do_CONNECT(self) -> None:
        self.passwords.append(self.headers.get("Proxy-Authorization", ""))
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.end_headers()


def test_the_jars_are_asked_for_through_the_proxy_with_its_password(java, tmp_path, monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://me:s%40fe@127.0.0.1:{proxy.server_port}")
        monkeypatch.delenv("HTTPS_PROXY", raising=False)
        monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1m")
        with pytest.raises(CannotRun, match=r"downloaded .*requires authentication.*HTTPS_PROXY"):
            jars.resolve("spark", tmp_path / "jars")
        proxy.shutdown()
    assert "Basic bWU6c0BmZQ==" in Proxy.passwords


SPARK = """
from election.counting.session import find_spark, start_spark
from election.platform.settings import load_settings
spark = start_spark(load_settings(), 2, find_spark(load_settings()))
java = spark._jvm.java.lang.System
print(spark.range(3).count(), java.getProperty("user.language"), java.getProperty("java.io.tmpdir"))
loader = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()
loader.loadClass("org.apache.kafka.clients.consumer.KafkaConsumer")
spark.createDataFrame([("x",)], ["value"]).selectExpr("value", "value AS key").repartition(2).collect()
spark.stop()
"""


def test_spark_by_hand_is_pysparks_own_and_leaves_nothing_in_a_temporary_folder_of_any_name(java, tmp_path):
    temporary = tmp_path / 'Élection (1) 50% #2 "x" \\y'
    temporary.mkdir()
    ours = {name: value for name, value in VARIABLES.items() if name.startswith(("SPARK", "JAVA_TOOL", "PYSPARK", "H"))}
    environment = {**os.environ, **ours, "TMPDIR": str(temporary)}
    ran = subprocess.run(
        [sys.executable, "-c", SPARK], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\n")[0] == f"3 en {temporary}"
    assert list(temporary.iterdir()) == []


def test_a_standstill_is_told_with_what_the_scripts_say(monkeypatch):
    said, now = ["12:00:00 main            INFO    waiting for Kafka"], [0.0]
    monkeypatch.setattr("local.supervisor.time.monotonic", lambda: now[0])
    pipeline = SimpleNamespace(environment={}, parts={"main": SimpleNamespace(last_line=lambda: said[-1])})
    supervisor = Supervisor(pipeline, load_election("simulated", 100), Stop())
    assert supervisor.standstill() == []
    now[0] = 100
    assert re.match("nothing has moved for 100 s", supervisor.standstill()[0])
    assert supervisor.standstill()[1:] == [f"main: {said[0]}"]
    said.append("12:01:40 main            INFO    published 50 voters")
    assert supervisor.standstill() == []


def printed(shown: object, width: int) -> list[str]:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(shown)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_the_status_cuts_what_a_script_says_and_nothing_else():
    rows = [("Kafka", "up", "127.0.0.1:9092"), ("spark-streaming", "down", "候補 " * 40 + "[bold]")]
    lines = printed(draw("A title", rows, ["voters 5", "voting waits", "Ctrl-C stops everything"]), 60)
    assert lines[1] == "  Kafka            up    127.0.0.1:9092"
    assert lines[2].startswith("  spark-streaming  down  候補")
    assert lines[3:] == ["  voters 5", "  voting waits", "  Ctrl-C stops everything"]


def test_the_table_of_the_result_has_everybody_and_keeps_its_columns():
    election = load_election("simulated", 100)
    ids = list(election.votes_per_candidate)
    names = {ids[0]: ("候補者の名前", "党"), ids[1]: ("מועמד", "רשימה"), ids[2]: ("[bold]" + "x" * 60, "y" * 60)}
    lines = printed(draw_result(election, {ids[0]: 75, ids[1]: 25}, names), 120)
    assert len(lines) >= len(ids)
    assert re.search(r"候補者の名前 +党 +75 +75\.0%", lines[0])
    assert re.search("\u2068מועמד\u2069 +\u2068רשימה\u2069 +25 +25.0%", lines[1])
    assert any("[bold]xxx" in line for line in lines)
    assert sum(bool(re.search(r" 0 +0\.0%", line)) for line in lines) == len(ids) - 2
