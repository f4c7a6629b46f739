"""A whole election where everybody has a password of their own, from a file: counted exactly, and nobody tells one."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from election import PROJECT
from election.access.logins import make_logins
from election.model.definition import load_election
from election.platform.postgres import Database
from election.platform.runtime import Stop
from election.platform.settings import LOGINS, Settings, load_settings, password_setting
from election.results.board import Board, read_board
from local.pipeline import DASHBOARD, Pipeline
from tests.conftest import wait_for
from tests.support.secured import ADMIN, PASSWORDS, make_users, secured_environment, secured_kafka

VOTERS = 500
COUNT_SECONDS = 240
SPARK_PORTS = range(4040, 4100)
POSTGRES_PASSWORDS = {login: f"postgres-{login}-hunter2" for login in LOGINS}
SECRETS = [*PASSWORDS.values(), *POSTGRES_PASSWORDS.values()]
PAGES = "/environment/", "/executors/", "/StreamingQuery/", "/SQL/", "/jobs/", "/stages/", "/api/v1/applications"


class Secured:
    """The pipeline, and what a process of each login is told."""

    def __init__(self, folder: Path):
        self.pipeline = Pipeline(
            folder / "var",
            {
                "VOTERS": str(VOTERS),
                "RATE": "0",
                "KAFKA_PARTITIONS": "2",
                "SPARK_DRIVER_MEMORY": "1g",
                "LOG_LEVEL": "DEBUG",
                "POSTGRES_ADMIN_PASSWORD": "is not needed any more",
            },
        )
        self.pipeline.kafka = secured_kafka(folder / "var")
        self.secrets = folder / "secrets"
        self.secrets.mkdir()
        for login in LOGINS:
            (self.secrets / f"kafka-{login}").write_text(PASSWORDS[login])
            (self.secrets / f"postgres-{login}").write_text(POSTGRES_PASSWORDS[login])

    def told(self, login: str) -> dict[str, str]:
        return {
            **self.pipeline.environment,
            **secured_environment(self.pipeline.kafka.bootstrap_servers, login),
            "KAFKA_SASL_PASSWORD": "",
            "KAFKA_SASL_PASSWORD_FILE": str(self.secrets / f"kafka-{login}"),
            "POSTGRES_PASSWORD_FILE": str(self.secrets / f"postgres-{login}"),
        }

    def settings(self, login: str) -> Settings:
        return load_settings(self.told(login), login)

    def prepare(self) -> None:
        """Makes users, logins and rules, as an administrator does before the first start."""
        make_users(load_settings(secured_environment(self.pipeline.kafka.bootstrap_servers, ADMIN), ADMIN))
        superuser = load_settings(self.pipeline.postgres.environment)
        wanted = {password_setting(login).lower(): password for login, password in POSTGRES_PASSWORDS.items()}
        Database(superuser, Stop()).run(partial(make_logins, dataclasses.replace(superuser, **wanted)))

    def board(self) -> Board:
        return read_board(self.settings("auditor"))


@pytest.fixture(scope="module")
def secured(java, tmp_path_factory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    for path in (folder, *folder.parents[:2]):
        path.chmod(0o755)
    secured = Secured(folder)
    with secured.pipeline as pipeline:
        pipeline.start_services()
        secured.prepare()
        for part, login in (
            ("main", "main"),
            ("voting", "voting"),
            ("spark-streaming", "spark-streaming"),
            (DASHBOARD,) * 2,
        ):
            pipeline.start(part, **secured.told(login))
        log = pipeline.logs / "main.log"
        wait_for(lambda: "the roll is on" in log.read_text() or "published" in log.read_text(), 120, "main prepares")
        yield secured


def test_the_election_is_counted_exactly(secured: Secured) -> None:
    election = load_election("simulated", VOTERS)
    wait_for(lambda: secured.board().counted_everywhere >= election.ballots, COUNT_SECONDS, "all votes are counted")
    assert secured.board().votes_per_candidate == election.votes_per_candidate
    assert secured.board().votes_by_location == election.votes_by_location
    assert secured.pipeline.dead_parts() == []


def test_the_audit_is_clean(secured: Secured) -> None:
    audit = subprocess.run(
        [sys.executable, "-m", "election.audit"],
        cwd=PROJECT,
        env={**os.environ, **secured.told("auditor")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_no_log_and_no_checkpoint_tells_a_password(secured: Secured) -> None:
    files = [path for folder in ("logs", "checkpoints") for path in (secured.pipeline.folder / folder).rglob("*")]
    texts = {path: path.read_bytes() for path in files if path.is_file()}
    assert {"main.log", "voting.log", "spark-streaming.log", "streamlit-app.log"} <= {path.name for path in texts}
    assert [(str(path), secret) for path, text in texts.items() for secret in SECRETS if secret.encode() in text] == []


def test_no_process_list_tells_a_password(secured: Secured) -> None:
    lines = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    assert any("spark" in line for line in lines)
    assert [line for line in lines if any(secret in line for secret in SECRETS)] == []


def listeners(process: psutil.Process) -> list[tuple[str, int]]:
    """Address and port of everything that the process or a descendant listens on."""
    return [
        (place.laddr.ip, place.laddr.port)
        for part in (process, *process.children(recursive=True))
        for place in part.net_connections("tcp")
        if place.status == psutil.CONN_LISTEN
    ]


def test_only_the_streaming_shuffle_listens_beyond_this_machine(secured: Secured) -> None:
    pipeline = secured.pipeline
    servers = {server.process.name: server.process.pid for server in (pipeline.kafka, pipeline.postgres)}
    found = {
        name: listeners(psutil.Process(pid))
        for name, pid in {**servers, **{name: part.pid for name, part in pipeline.parts.items()}}.items()
    }
    assert all(found[name] for name in (*servers, "streamlit-app", "spark-streaming"))
    beyond = {
        name: [port for address, port in places if address not in ("127.0.0.1", "::ffff:127.0.0.1", "::1")]
        for name, places in found.items()
    }
    shuffle = beyond.pop("spark-streaming")
    assert not any(beyond.values()), beyond
    assert [port for port in shuffle if port in SPARK_PORTS or get(f"http://127.0.0.1:{port}/")] == []


def test_no_page_of_spark_tells_a_password(secured: Secured) -> None:
    ports = {port for _, port in listeners(psutil.Process(secured.pipeline.parts["spark-streaming"].pid))}
    pages_at = [f"http://127.0.0.1:{port}" for port in ports & set(SPARK_PORTS)]
    [address] = [page for page in pages_at if "Spark" in get(f"{page}/jobs/")]
    application = re.findall(r'"id" : "([^"]+)"', get(f"{address}/api/v1/applications"))[0]
    api = f"/api/v1/applications/{application}"
    pages = [get(address + path) for path in (*PAGES, f"{api}/environment", f"{api}/sql?details=true")]
    assert all(pages)
    assert [secret for secret in SECRETS for page in pages if secret in page] == []


def get(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - an address of our own
            return answer.read().decode(errors="replace")
    except (urllib.error.URLError, OSError, ValueError):
        return ""
