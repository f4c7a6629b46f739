"""`docker compose up`, cold, for real: a small election with a known answer while every service is killed in turn.

The tests of this file are one story and run in this order on one stack, with its own project, ports and volumes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.screenshots import find_browser, open_browser, open_page
from dashboard.figures import words
from election import PROJECT
from election.model.definition import Election, load_election
from election.platform.settings import password_setting
from tests.conftest import wait_for
from tests.support.compose import Stack, assert_exact, configured, running_stack

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]

OVERLAYS = sorted(str(path.relative_to(PROJECT)) for path in PROJECT.glob("deploy/*/compose.yml"))
CHECKED = "kafka", "postgres", "main", "voting", "spark-master", "spark-worker", "spark-streaming", "streamlit-app"
UP = {**dict.fromkeys(CHECKED, (0, "healthy")), "audit": (0, "running")}
# A worker alone, whose executors the count must have again without a restart of its own; then all the rest at once.
WORKER = "spark-worker"
KILLED_TOGETHER = [[WORKER], [service for service in UP if service != WORKER]]
VOTERS = 2000
# Slow enough that votes still come in while the last service is killed.
RATE = 4


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election("simulated", VOTERS)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack({"VOTERS": str(VOTERS), "RATE": str(RATE)}) as stack:
        yield stack


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_compose_accepts_each_overlay(overlay: str) -> None:
    assert configured({}, overlay)["services"]


def test_on_servers_that_are_there_already_a_script_gets_its_own_files_only() -> None:
    scripts = "main", "voting", "spark-streaming", "streamlit-app"
    files = {
        f"{system}_{script.upper().replace('-', '_')}_PASSWORD_FILE": f"/{system}/{script}".lower()
        for system in ("KAFKA", "POSTGRES")
        for script in scripts
    }
    certificates = {"KAFKA_SSL_CA_LOCATION": "/ca/kafka", "POSTGRES_SSLROOTCERT": "/ca/postgres"}
    shared = {"SPARK_CHECKPOINT_DIR": "/mnt/shared"}
    found = configured({**files, **certificates, **shared}, "deploy/existing/compose.yml")
    assert "/mnt/shared" in {volume["target"] for volume in found["services"]["spark-streaming"]["volumes"]}
    assert found["services"].keys() == {*scripts}
    for script, service in found["services"].items():
        given = {secret["target"]: found["secrets"][secret["source"]]["file"] for secret in service["secrets"]}
        assert set(given.values()) == {f"/kafka/{script}", f"/postgres/{script}", *certificates.values()}
        named = {variable for variable, value in service["environment"].items() if value in given}
        assert named == {"KAFKA_SASL_PASSWORD_FILE", f"{password_setting(script)}_FILE", *certificates}


def test_each_service_has_a_place_and_no_more_than_6_gb_together() -> None:
    services = configured({})["services"]
    assert services.keys() == UP.keys()
    assert sum(int(service["mem_limit"]) for service in services.values()) <= 6 * 1024**3


def test_the_image_is_taken_where_it_is_there_and_built_otherwise() -> None:
    """Compose's own rule for a service with both an image and a build, as long as no pull_policy changes it."""
    services = configured({"ELECTION_IMAGE": "ghcr.io/somebody/realtime-election:v1.0.0"})["services"]
    own = [service for service in services.values() if "build" in service]
    assert len(own) == len(UP) - 2
    assert {service["image"] for service in own} == {"ghcr.io/somebody/realtime-election:v1.0.0"}
    assert not any("pull_policy" in service for service in own)


def test_everything_comes_up_in_order_without_a_restart(stack: Stack) -> None:
    assert {service: stack.state(service) for service in UP} == UP


def test_a_normal_start_logs_no_stack_trace_and_no_error(stack: Stack) -> None:
    lines = stack.compose("logs", "--no-color").splitlines()
    assert [line for line in lines if "Traceback" in line or "\tat " in line or " ERROR " in line] == []


@pytest.mark.parametrize("services", KILLED_TOGETHER, ids=" ".join)
def test_what_is_killed_comes_back_and_the_count_goes_on(stack: Stack, services: Sequence[str]) -> None:
    stack.wait_counted(1)
    with ThreadPoolExecutor() as beside:
        list(beside.map(stack.kill, services))
    for service in services:
        stack.wait_for_state(service, UP[service][1])
    stack.wait_counted(stack.board().counted + 1)


def test_a_script_started_by_hand_takes_the_place_of_its_service(stack: Stack, election: Election) -> None:
    stack.compose("stop", "--timeout", "5", "voting")
    assert stack.board().counted < election.ballots
    by_hand = subprocess.Popen(
        [sys.executable, "voting.py"],
        cwd=PROJECT,
        env={
            **os.environ,
            **stack.environment,
            "KAFKA_BOOTSTRAP_SERVERS": stack.settings.kafka_bootstrap_servers,
            "RATE": "0",
        },
    )
    try:
        stack.wait_counted(election.ballots)
    finally:
        by_hand.send_signal(signal.SIGTERM)
        assert by_hand.wait(30) == 0
    assert_exact(stack.board(), election)


def test_the_dashboard_shows_the_result_in_a_browser(stack: Stack, election: Election) -> None:
    expected = sorted((words.votes(votes) for votes in election.votes_per_candidate.values()), reverse=True)
    executable = find_browser()
    assert executable
    with open_browser(executable) as browser:
        page = open_page(browser, f"http://127.0.0.1:{stack.environment['DASHBOARD_PORT']}")
        shown = page.locator(".e-score").first.locator(".e-votes")
        wait_for(lambda: sorted(shown.all_inner_texts(), reverse=True) == expected, 60, f"the page shows {expected}")


def test_down_and_up_keep_the_election(stack: Stack, election: Election) -> None:
    anonymous = stack.anonymous_volumes()
    stack.compose("down")
    stack.compose("up", "--wait", "main", "audit")
    assert_exact(stack.board(), election)
    assert f"{election.ballots:,}" in stack.inside("audit", "python", "-m", "election.audit")
    assert stack.anonymous_volumes() <= anonymous


def test_down_with_volumes_leaves_nothing(stack: Stack) -> None:
    stack.compose("down", "--volumes")
    assert stack.leftovers() == []
