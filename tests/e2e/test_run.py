"""`python3 run.py` as a person uses it: real servers, the four scripts as processes, a known answer."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from election import PROJECT
from election.model.definition import ELECTIONS
from tests.conftest import wait_for
from tests.support.ugly import no_parties, right_to_left, zeros

DISTRICT = "101-Bois-de-Liesse"
COUNT_SECONDS = 400
SPARK_PAGES = {*range(4040, 4100)}


def run(folder: Path, *arguments: str, timeout_seconds: float = COUNT_SECONDS) -> subprocess.CompletedProcess[str]:
    """Runs local/cli.py, which run.py hands over to, in the Python that runs the tests."""
    with start(folder, *arguments) as process:
        try:
            output, errors = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate()
            logs = "\n".join(f"{log}:\n{log.read_text()[-1500:]}" for log in sorted((folder / "logs").glob("*.log")))
            pytest.fail(f"not done after {timeout_seconds:.0f} s\n{output}\n{logs}")
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def start(folder: Path, *arguments: str, command: str = "run") -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "local.cli", command, "--folder", str(folder), *arguments]
    return subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def one_district(folder: Path) -> Path:
    """A part of the real election as a person might bring it, with what real ones have too: zeros and blank votes."""
    folder.mkdir()
    for name in ("election.toml", "candidates.csv"):
        shutil.copy(ELECTIONS / "montreal-2013" / name, folder)
    header, *names = (folder / "candidates.csv").read_text().splitlines()
    more = "nobody,Nobody's Choice,,,,,", "blank,Blank votes,,,,,blank"
    (folder / "candidates.csv").write_text("\n".join([f"{header},kind", *(f"{name}," for name in names), *more]))
    lines = (ELECTIONS / "montreal-2013" / "results.csv").read_text().splitlines()
    kept = [line for line in lines[1:] if line.startswith(DISTRICT)]
    odd = [f"{DISTRICT},blank,120", "A place where nobody votes,nobody,0"]
    (folder / "results.csv").write_text("\n".join([lines[0], *kept, *odd]))
    return folder


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that has the folder in its command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            text = " ".join(process.cmdline()) + " ".join(process.environ().values())
        except psutil.Error:
            continue
        if str(folder) in text and process.pid != os.getpid():
            found.append(process)
    return found


@pytest.mark.slow
def test_all_of_montreal_2013_is_replayed_to_its_official_result(java, folder):
    options = ("--election", "montreal-2013", "--rate", "0", "--no-dashboard", "--until-counted")
    counted = run(folder / "var", *options, timeout_seconds=900)
    assert counted.returncode == 0, counted.stdout + counted.stderr
    assert "all 391,166 votes are counted" in counted.stdout
    assert "Exactly the official result, in total and in each of the 58 places." in counted.stdout


@pytest.mark.slow
@pytest.mark.parametrize("make", [right_to_left, no_parties, zeros])
def test_an_ugly_election_is_counted_to_exactly_its_result(java, folder, make):
    options = "--election", make(folder / "election"), "--rate", "0", "--no-dashboard", "--until-counted"
    counted = run(folder / "var", *options)
    assert counted.returncode == 0, counted.stdout + counted.stderr
    assert "Exactly the official result, in total and in each of the" in counted.stdout
    assert "Audited: record, log and tally agree on" in counted.stdout


def ports_beyond_this_machine(folder: Path) -> dict[int, str]:
    """Where the folder's processes listen on more than this machine's own addresses, each port with its command."""
    return {
        place.laddr.port: " ".join(process.cmdline())
        for process in processes_of(folder)
        for place in process.net_connections("tcp")
        if place.status == psutil.CONN_LISTEN and place.laddr.ip not in ("127.0.0.1", "::ffff:127.0.0.1", "::1")
    }


def test_killed_and_stopped_on_the_way_the_same_command_goes_on_to_the_official_result(java, folder):
    def said(part: str, text: str) -> bool:
        log = folder / "var" / "logs" / f"{part}.log"
        return log.exists() and text in log.read_text()

    killed = start(folder / "var", "--election", str(one_district(folder / "election")), "--no-dashboard")
    wait_for(lambda: said("spark-streaming", "starting Spark"), 120, "the servers and scripts are started")
    killed.kill()
    killed.communicate()
    wait_for(lambda: not processes_of(folder), 10, "everything ends with run.py")

    stopped = start(folder / "var")
    try:
        wait_for(lambda: said("voting", "cast "), 200, "votes are cast")
        assert not said("spark-streaming", " ERROR "), "a normal start logs no error"
        refused = run(folder / "var", "--no-dashboard")
        assert refused.returncode == 1
        assert "error: an election is running already" in refused.stderr
        beyond = ports_beyond_this_machine(folder)
        assert all("org.apache.spark" in command for command in beyond.values()), "only Spark's shuffle"
        assert not beyond.keys() & SPARK_PAGES
    finally:
        stopped.send_signal(signal.SIGINT)
        output, errors = stopped.communicate(timeout=90)
    assert stopped.returncode == 0, output + errors
    assert processes_of(folder) == []

    counted = run(folder / "var", "--rate", "0", "--no-dashboard", "--until-counted")
    assert counted.returncode == 0, counted.stdout + counted.stderr
    assert "Exactly the official result, in total and in each of the 2 places." in counted.stdout
    assert "Audited: record, log and tally agree on 7,454 votes." in counted.stdout
    assert re.search(r"Richard Bergeron +Projet Montréal +1,829", counted.stdout)

    other = run(folder / "var", "--election", "simulated")
    assert other.returncode == 1
    assert re.fullmatch(r"error: .* holds votes of another election .*: add --fresh to start over.*\n", other.stderr)
    assert processes_of(folder) == []


def test_services_start_alone_and_a_script_runs_against_them_by_hand(java, folder):
    services = start(folder / "var", command="services")
    script = None
    try:
        lines = []
        for line in services.stdout:
            lines.append(line)
            if "Ctrl-C here stops both" in line:
                break
        found = re.findall(r"^export (\w+)=(.*)$", "".join(lines), re.MULTILINE)
        exports = {name: "".join(shlex.split(value)) for name, value in found}
        assert {"KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_PORT", "POSTGRES_PASSWORD"} <= exports.keys()

        log = folder / "main.log"
        with log.open("w") as output:
            script = subprocess.Popen(
                [sys.executable, "main.py"],
                cwd=PROJECT,
                env={**os.environ, **exports, "VOTERS": "50"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(lambda: "published 50 voters to voters_topic" in log.read_text(), 60, "main.py publishes the roll")
        script.send_signal(signal.SIGTERM)
        assert script.wait(30) == 0
        assert log.read_text().rstrip().endswith("stopped")
        services.send_signal(signal.SIGTERM)
        assert services.wait(60) == 0
    finally:
        for process in (script, services):
            if process:
                process.kill()
        services.communicate()
    assert processes_of(folder) == []


@pytest.mark.parametrize(
    ("script", "setting", "message"),
    [
        ("main.py", {"RATE": "fast"}, "RATE='fast' is not a rate"),
        ("voting.py", {"ELECTION": "nowhere"}, "ELECTION='nowhere' is no election: there are"),
        ("spark-streaming.py", {"LOG_LEVEL": "LOUD"}, "LOG_LEVEL='LOUD' is none of"),
    ],
)
def test_a_bad_setting_ends_a_script_with_first_line(script, setting, message):
    ended = subprocess.run(
        [sys.executable, script], cwd=PROJECT, env={**os.environ, **setting}, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("script", "server"), [("main.py", "PostgreSQL"), ("voting.py", "Kafka"), ("spark-streaming.py", "Kafka")]
)
def test_without_servers_a_script_says_what_it_waits_for_and_stops_when_told_to(script, server, folder):
    log = folder / "log"
    with log.open("w") as output:
        waiting = subprocess.Popen(
            [sys.executable, script],
            cwd=PROJECT,
            env={
                **os.environ,
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
                "POSTGRES_HOST": "127.0.0.1",
                "POSTGRES_PORT": "1",
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: f"waiting for {server} at 127.0.0.1:1: " in log.read_text(), 60, "it says what it waits for")
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(30) == 0
    finally:
        waiting.kill()
    assert log.read_text().count("\n") <= 6
    assert "Traceback" not in log.read_text()


def test_too_old_a_python_is_told_so():
    code = "import sys; sys.version_info = (3, 8, 1); sys.argv = ['run.py']; import run; run.main()"
    ended = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert re.match(r"error: Python 3\.11 or later is needed, this is .*: (run it with|install)", ended.stderr)
