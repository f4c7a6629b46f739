"""`docker compose up` for tests: a project of its own, with its own ports and volumes."""

import json
import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import KafkaException

from election import PROJECT
from election.model.definition import Election
from election.platform.settings import Settings, load_settings
from election.results.board import Board, read_board
from local.processes import free_port
from tests.conftest import wait_for

log = logging.getLogger(__name__)

# A question to Docker costs a tenth of a second of processor.
UP_SECONDS, RECOVERY_SECONDS, ASK_SECONDS = 900, 180, 1
PORTS = {
    "KAFKA_PORT": 19092,
    "KAFKA_2_PORT": 19192,
    "KAFKA_3_PORT": 19292,
    "POSTGRES_PORT": 15432,
    "DASHBOARD_PORT": 18501,
    "SPARK_PORT": 18080,
}


@dataclass
class Stack:
    """A compose project of its own."""

    name: str
    environment: Mapping[str, str]
    settings: Settings
    files: Sequence[str]

    def docker(self, *arguments: str, check: bool = True) -> str:
        ran = subprocess.run(
            ["docker", *arguments],
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
        )
        assert not check or ran.returncode == 0, f"docker {' '.join(arguments)}:\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def compose(self, *arguments: str, check: bool = True) -> str:
        files = [part for file in self.files for part in ("--file", file)]
        command = "compose", "--env-file", os.devnull, "--project-name", self.name, "--progress", "plain", *files
        return self.docker(*command, *arguments, check=check)

    def inside(self, service: str, *command: str) -> str:
        """What a command prints in the service's container."""
        return self.compose("exec", "--no-TTY", service, *command)

    def state(self, service: str, index: int = 1) -> tuple[int, str]:
        """How often the service's container was restarted, and its health; "running" for one without a check."""
        found = json.loads(self.docker("inspect", f"{self.name}-{service}-{index}"))[0]
        return found["RestartCount"], found["State"].get("Health", found["State"])["Status"]

    def kill(self, service: str, index: int = 1) -> None:
        """Kills the service's processes from inside, so that bringing it back is left to its restart policy."""
        restarts, _ = self.state(service, index)
        by_index = "--no-TTY", "--index", str(index)
        self.compose("exec", *by_index, service, "bash", "-c", "kill -KILL -1", check=False)
        wait_for(lambda: self.state(service, index)[0] > restarts, 30, f"{service} is restarted", ASK_SECONDS)

    def wait_for_state(self, service: str, wanted: str = "healthy", index: int = 1) -> None:
        self._wait_for(lambda: self.state(service, index)[1] == wanted, f"{service} is {wanted} again")

    def wait_counted(self, votes: int) -> None:
        self._wait_for(lambda: self.board().counted >= votes, f"{votes} votes are counted")

    def _wait_for(self, condition: Callable[[], object], what: str) -> None:
        """Fails with what every service has said, since the containers are gone when the report is read."""
        try:
            wait_for(condition, RECOVERY_SECONDS, what, ASK_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def logs(self) -> str:
        """The state of every container, and its last lines."""
        commands = ("ps", "--all"), ("logs", "--no-color", "--tail", "40")
        return "".join(self.compose(*command, check=False) for command in commands)

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


def configured(environment: Mapping[str, str], *overlays: str) -> dict[str, Any]:
    """What Compose makes of docker-compose.yml and the overlays; it has nothing to complain of."""
    require_docker("docker", "compose", "version")
    files = [part for file in ("docker-compose.yml", *overlays) for part in ("--file", file)]
    command = ["docker", "compose", "--env-file", os.devnull, *files, "config", "--format", "json"]
    ran = subprocess.run(command, cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


def require_docker(*command: str) -> None:
    """Skips, loudly, on a machine without Docker; with REQUIRE_DOCKER=1 that is a failure."""
    if shutil.which("docker") and subprocess.run(command, capture_output=True).returncode == 0:
        return
    reason = f"NOT TESTED: docker compose up ({' '.join(command)} fails)"
    if os.environ.get("REQUIRE_DOCKER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running_stack(environment: Mapping[str, str], *overlays: str) -> Iterator[Stack]:
    """Built and started from nothing; gone afterwards, with its logs kept when it does not come up."""
    require_docker("docker", "info")
    ports = {variable: str(free_port(preferred)) for variable, preferred in PORTS.items()}
    settings = load_settings({**environment, **ports, "KAFKA_BOOTSTRAP_SERVERS": f"localhost:{ports['KAFKA_PORT']}"})
    files = ["docker-compose.yml", *overlays]
    stack = Stack(f"election-test-{os.getpid()}", {**environment, **ports}, settings, files)
    try:
        stack.compose("up", "--build", "--wait")
        yield stack
    except AssertionError:
        log.warning("%s", stack.logs())
        raise
    finally:
        stack.compose("down", "--volumes", "--timeout", "5", check=False)


def assert_exact(board: Board, election: Election) -> None:
    """The tallies are the election's known answer, in total and in each place."""
    assert board.votes_per_candidate == election.votes_per_candidate
    assert board.votes_by_location == election.votes_by_location
    assert not board.rejected
