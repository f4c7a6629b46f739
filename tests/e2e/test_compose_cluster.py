"""The cluster overlay: three brokers, two workers, three voting processes, while one of each goes."""

from collections.abc import Iterator

import pytest

from election.model.definition import Election, load_election
from tests.support.compose import Stack, assert_exact, running_stack

pytestmark = [pytest.mark.compose, pytest.mark.slow, pytest.mark.timeout(1200)]

VOTERS = 4000
# Of each of the three: slow enough that votes still come in while the last one is killed.
RATE = 4


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election("simulated", VOTERS)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack({"VOTERS": str(VOTERS), "RATE": str(RATE)}, "deploy/cluster/compose.yml") as stack:
        yield stack


@pytest.mark.parametrize(("service", "index"), [("kafka-2", 1), ("spark-worker", 2), ("voting", 1), ("kafka", 1)])
def test_the_count_goes_on_when_one_of_several_is_killed(stack: Stack, service: str, index: int) -> None:
    stack.wait_counted(1)
    stack.kill(service, index)
    stack.wait_counted(stack.board().counted + 1)
    stack.wait_for_state(service, index=index)


def test_the_count_goes_on_when_a_worker_stays_away(stack: Stack) -> None:
    stack.docker("stop", f"{stack.name}-spark-worker-1")
    stack.wait_counted(stack.board().counted + 1)


def test_the_tally_is_exact_after_all_that(stack: Stack, election: Election) -> None:
    stack.wait_counted(election.ballots)
    assert_exact(stack.board(), election)
