"""What Streamlit's server answers to others: no page of another site gets at the dashboard, and nothing leaves it."""

from __future__ import annotations

import socket
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from embedded.processes import Process, free_port, port_answers
from tests.conftest import ROOT

HANDSHAKE = (
    "GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n"
ELSEWHERE = "http://elsewhere.example"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A dashboard without Kafka and PostgreSQL, started as by hand: where it listens is left to config.toml."""
    port = free_port(28501)
    command = [sys.executable, "-m", "streamlit", "run", "streamlit-app.py", "--server.headless", "true"]
    log = tmp_path_factory.mktemp("dashboard") / "log"
    nowhere = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "POSTGRES_PORT": "1"}
    dashboard = Process("dashboard", [*command, "--server.port", str(port)], log, environment=nowhere, folder=ROOT)
    try:
        dashboard.wait_until(lambda: port_answers(port), 60)
        yield port
    finally:
        dashboard.stop()


def ask(port: int, text: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(text.encode())
        return connection.recv(4000).decode(errors="replace")


def test_it_listens_on_this_machine_only(port: int) -> None:
    listening = {
        at.laddr.ip for at in psutil.net_connections("tcp") if at.status == psutil.CONN_LISTEN and at.laddr.port == port
    }
    assert listening == {"127.0.0.1"}


def handshake(port: int, host: str, origin: str) -> str:
    """The status that a page of `origin`, which knows the dashboard as `host`, gets for a WebSocket."""
    return ask(port, HANDSHAKE.format(port=port, host=host, origin=origin)).split()[1]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_only_its_own_page_gets_a_websocket(port: int, host: str) -> None:
    assert handshake(port, host, f"http://{host}:{port}") == "101"
    assert handshake(port, host, ELSEWHERE) == "403"


def test_a_page_whose_name_was_pointed_at_this_machine_gets_no_websocket(port: int) -> None:
    assert handshake(port, "rebind.example", f"http://rebind.example:{port}") == "403"


def test_another_sites_page_may_not_read_an_answer(port: int) -> None:
    answer = ask(port, REQUEST.format(port=port, origin=ELSEWHERE, path="/_stcore/health")).lower()
    assert answer.startswith("http/1.1 200 ")
    assert "access-control-allow-origin" not in answer
    assert "_streamlit_xsrf=" in answer


def test_errors_stay_in_the_log_and_no_usage_is_reported() -> None:
    config = tomllib.loads((Path(ROOT) / ".streamlit" / "config.toml").read_text())
    assert config["client"]["showErrorDetails"] == "none"
    assert config["browser"]["gatherUsageStats"] is False
