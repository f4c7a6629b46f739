"""`docker compose up`, cold, for real: a small election with a known answer while every service is killed in turn.

The tests of this file are one story and run in this order on one stack, with its own project, ports and volumes.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from playwright.sync_api import sync_playwright

from dashboard import words
from election.config import Settings, load_settings
from election.definition import Election, load_election
from election.results import Board, read_board
from embedded.processes import free_port
from tests.conftest import ROOT, wait_for

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]
log = logging.getLogger(__name__)

OVERLAYS = sorted(path.name for path in (ROOT / "deploy").glob("*.yml"))
SERVICES = "kafka", "postgres", "main", "voting", "spark-master", "spark-worker", "spark-streaming", "dashboard"
VOTERS = 2000
# Slow enough that votes still come in while the last service is killed.
RATE = 4
UP_SECONDS, RECOVERY_SECONDS = 900, 180


@dataclass
class Stack:
    """A compose project of its own."""

    name: str
    environment: Mapping[str, str]
    settings: Settings

    def docker(self, *arguments: str, check: bool = True) -> str:
        ran = subprocess.run(
            ["docker", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
        )
        assert not check or ran.returncode == 0, f"docker {' '.join(arguments)}:\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def compose(self, *arguments: str, check: bool = True) -> str:
        command = "compose", "--env-file", os.devnull, "--project-name", self.name, "--progress", "plain"
        return self.docker(*command, *arguments, check=check)

    def state(self, service: str) -> tuple[int, str]:
        """How often the service's container was restarted, and its health."""
        container = self.compose("ps", "--all", "--quiet", service).strip()
        found = json.loads(self.docker("inspect", container))[0]
        return found["RestartCount"], found["State"]["Health"]["Status"]

    def kill(self, service: str) -> None:
        """Kills the service's processes from inside, so that bringing it back is left to its restart policy."""
        restarts, _ = self.state(service)
        self.compose("exec", "--no-TTY", service, "bash", "-c", "kill -KILL -1", check=False)
        wait_for(lambda: self.state(service)[0] > restarts, 30, f"{service} is restarted")

    def board(self) -> Board:
        """The totals, through the listener for the host; none while Kafka is away."""
        try:
            return read_board(self.settings)
        except KafkaException as error:
            log.info("no totals yet: %s", error)
            return Board()

    def leftovers(self) -> list[str]:
        """Names of the containers, volumes and networks of the project."""
        label = f"label=com.docker.compose.project={self.name}"
        return [
            *self.docker("ps", "--all", "--quiet", "--filter", label).split(),
            *self.docker("volume", "ls", "--quiet", "--filter", label).split(),
            *self.docker("network", "ls", "--quiet", "--filter", label).split(),
        ]

    def anonymous_volumes(self) -> set[str]:
        return set(self.docker("volume", "ls", "--quiet", "--filter", "label=com.docker.volume.anonymous").split())


def require_docker(*command: str) -> None:
    """Skips, loudly, on a machine without Docker; with REQUIRE_DOCKER=1 that is a failure."""
    if shutil.which("docker") and subprocess.run(command, capture_output=True).returncode == 0:
        return
    reason = f"NOT TESTED: docker compose up ({' '.join(command)} fails)"
    if os.environ.get("REQUIRE_DOCKER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election("simulated", VOTERS)


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Built and started from nothing; gone afterwards, with its logs kept when a test has failed."""
    require_docker("docker", "info")
    taken: set[int] = set()
    ports = {}
    for variable, preferred in (
        *(("KAFKA_PORT", 19092), ("POSTGRES_PORT", 15432)),
        *(("DASHBOARD_PORT", 18501), ("SPARK_PORT", 18080)),
    ):
        ports[variable] = str(free_port(preferred, taken))
        taken.add(int(ports[variable]))
    environment = {**ports, "VOTERS": str(VOTERS), "RATE": str(RATE)}
    settings = load_settings({**environment, "KAFKA_BOOTSTRAP_SERVERS": f"localhost:{ports['KAFKA_PORT']}"})
    stack = Stack(f"election-test-{os.getpid()}", environment, settings)
    failed_before = request.session.testsfailed
    try:
        stack.compose("up", "--build", "--wait")
        yield stack
    finally:
        if request.session.testsfailed > failed_before:
            log.warning("%s", stack.compose("ps", "--all", check=False))
            log.warning("%s", stack.compose("logs", "--no-color", "--tail", "60", check=False))
        stack.compose("down", "--volumes", "--timeout", "5", check=False)


@pytest.mark.parametrize("overlay", [None, *OVERLAYS])
def test_compose_accepts_the_file_and_each_overlay(overlay: str | None) -> None:
    require_docker("docker", "compose", "version")
    overlays = ["--file", f"deploy/{overlay}"] if overlay else []
    command = ["docker", "compose", "--file", "docker-compose.yml", *overlays, "config", "--quiet"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""


def test_everything_comes_up_in_order_without_a_restart(stack: Stack) -> None:
    assert {service: stack.state(service) for service in SERVICES} == dict.fromkeys(SERVICES, (0, "healthy"))


def test_a_normal_start_logs_no_stack_trace_and_no_error(stack: Stack) -> None:
    lines = stack.compose("logs", "--no-color").splitlines()
    assert [line for line in lines if "Traceback" in line or "\tat " in line or " ERROR " in line] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_comes_back_and_the_count_goes_on(stack: Stack, service: str) -> None:
    wait_for(lambda: stack.board().counted > 0, RECOVERY_SECONDS, "votes are counted")
    stack.kill(service)
    wait_for(lambda: stack.state(service)[1] == "healthy", RECOVERY_SECONDS, f"{service} is healthy again")
    counted = stack.board().counted
    wait_for(lambda: stack.board().counted > counted, RECOVERY_SECONDS, f"more votes are counted without {service}")


def test_a_script_started_by_hand_takes_the_place_of_its_service(stack: Stack, election: Election) -> None:
    stack.compose("stop", "--timeout", "5", "voting")
    assert stack.board().counted < election.ballots
    by_hand = subprocess.Popen(
        [sys.executable, "voting.py"],
        cwd=ROOT,
        env={
            **os.environ,
            **stack.environment,
            "KAFKA_BOOTSTRAP_SERVERS": stack.settings.kafka_bootstrap_servers,
            "RATE": "0",
        },
    )
    try:
        wait_for(lambda: stack.board().counted >= election.ballots, RECOVERY_SECONDS, "every vote is counted")
    finally:
        by_hand.send_signal(signal.SIGTERM)
        assert by_hand.wait(30) == 0
    assert_exact(stack.board(), election)


def assert_exact(board: Board, election: Election) -> None:
    assert board.votes_per_candidate == election.votes_per_candidate
    assert board.votes_by_location == election.votes_by_location
    assert board.rejected == {}


def test_the_dashboard_shows_the_result_in_a_browser(stack: Stack, election: Election) -> None:
    expected = sorted((words.votes(votes) for votes in election.votes_per_candidate.values()), reverse=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{stack.environment['DASHBOARD_PORT']}")
        shown = page.locator(".e-score").first.locator(".e-votes")
        wait_for(lambda: sorted(shown.all_inner_texts(), reverse=True) == expected, 60, f"the page shows {expected}")
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / "compose.png", full_page=True)
        browser.close()


def test_down_and_up_carry_on_with_the_same_election(stack: Stack, election: Election) -> None:
    anonymous = stack.anonymous_volumes()
    stack.compose("down")
    stack.compose("up", "--wait")
    assert_exact(stack.board(), election)
    assert stack.anonymous_volumes() <= anonymous


def test_down_with_volumes_leaves_nothing(stack: Stack) -> None:
    stack.compose("down", "--volumes")
    assert stack.leftovers() == []
