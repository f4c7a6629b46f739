"""What Streamlit's server answers to others: no page of another site gets at the dashboard, and nothing leaves it."""

import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import InvalidStatus, Origin, Subprotocol
from websockets.sync.client import connect

from election import PROJECT
from local.processes import Process, free_port, port_answers

ELSEWHERE = "http://elsewhere.example"


@contextmanager
def dashboard(script: str, log: Path, preferred_port: int) -> Iterator[int]:
    """Streamlit without Kafka and PostgreSQL, started as by hand: where it listens is left to config.toml."""
    port = free_port(preferred_port)
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless", "true"]
    nowhere = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "POSTGRES_PORT": "1"}
    server = Process("streamlit-app", [*command, "--server.port", str(port)], log, environment=nowhere, folder=PROJECT)
    try:
        server.wait_until(lambda: port_answers(port), 60)
        yield port
    finally:
        server.stop()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with dashboard("streamlit-app.py", tmp_path_factory.mktemp("streamlit-app") / "log", 28501) as port:
        yield port


def test_it_listens_on_this_machine_only(port: int) -> None:
    listening = {
        at.laddr.ip for at in psutil.net_connections("tcp") if at.status == psutil.CONN_LISTEN and at.laddr.port == port
    }
    assert listening == {"127.0.0.1"}


def handshake(port: int, host: str, origin: str) -> int:
    """The status that a page of `origin`, which knows the dashboard as `host`, gets for a WebSocket."""
    address, server = f"ws://{host}:{port}/_stcore/stream", socket.create_connection(("127.0.0.1", port), timeout=20)
    try:
        with connect(address, sock=server, origin=Origin(origin)) as viewer:
            return viewer.response.status_code if viewer.response else 0
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_only_its_own_page_gets_a_websocket(port: int, host: str) -> None:
    assert handshake(port, host, f"http://{host}:{port}") == 101
    assert handshake(port, host, ELSEWHERE) == 403


def test_a_page_whose_name_was_pointed_at_this_machine_gets_no_websocket(port: int) -> None:
    assert handshake(port, "rebind.example", f"http://rebind.example:{port}") == 403


def test_another_sites_page_may_not_read_an_answer(port: int) -> None:
    answer = requests.get(f"http://127.0.0.1:{port}/_stcore/health", headers={"Origin": ELSEWHERE}, timeout=20)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert "_streamlit_xsrf" in answer.cookies


def test_what_fails_unforeseen_is_told_to_the_log_and_not_to_the_viewer(tmp_path: Path) -> None:
    script, log = tmp_path / "fails.py", tmp_path / "log"
    script.write_text("raise RuntimeError('hunter2')")
    with dashboard(str(script), log, 28601) as port:
        sent = page_of(port)
    assert any(message.delta.new_element.HasField("exception") for message in sent)
    assert [message for message in sent if b"hunter2" in message.SerializeToString()] == []
    assert [message for message in sent if b'fails.py", line' in message.SerializeToString()] == []
    assert re.search("RuntimeError: .*hunter2", log.read_text())


def page_of(port: int) -> list[ForwardMsg]:
    """What a viewer's browser is sent until the page is there."""
    rerun = BackMsg()
    rerun.rerun_script.query_string = ""
    sent: list[ForwardMsg] = []
    with connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=[Subprotocol("streamlit")]) as viewer:
        viewer.send(rerun.SerializeToString())
        while not sent or not sent[-1].HasField("script_finished"):
            sent.append(ForwardMsg.FromString(viewer.recv(timeout=30, decode=False)))
    return sent
