"""What the count decides without Spark: where its state is, and whether a failure can pass."""

from dataclasses import replace

import pytest

from election.counting import count as counting
from election.counting.count import DRAIN_VOTES, checkpoint_path, votes_per_batch
from election.platform.refusals import is_denied
from election.platform.settings import Settings

FAILED = (
    "[STREAM_FAILED] Query [id = 8, runId = 9] terminated with exception: {} SQLSTATE: XXKST\n=== Streaming Query ==="
)
SETTINGS = Settings(spark_checkpoint_dir="/checkpoints")
SAME = {"settings": SETTINGS, "cluster": "c1", "topic": "t1", "election": "a" * 64}


def test_a_checkpoint_is_found_again():
    assert checkpoint_path(**SAME) == checkpoint_path(**SAME)
    assert str(checkpoint_path(**SAME)).startswith("/checkpoints/c1/t1-")


@pytest.mark.parametrize(
    "another",
    [
        {"cluster": "c2"},
        {"topic": "t2"},
        {"election": "b" * 64},
        {"settings": replace(SETTINGS, spark_shuffle_partitions=7)},
        {"settings": replace(SETTINGS, spark_checkpoint_dir="/elsewhere")},
    ],
    ids=lambda another: next(iter(another)),
)
def test_the_checkpoint_of_another_count_is_not_used(another):
    assert checkpoint_path(**{**SAME, **another}) != checkpoint_path(**SAME)


def test_a_state_of_another_meaning_is_not_used(monkeypatch):
    before = checkpoint_path(**SAME)
    monkeypatch.setattr(counting, "STATE_VERSION", counting.STATE_VERSION + 1)
    assert checkpoint_path(**SAME) != before


@pytest.mark.parametrize("waiting", [20_001, 499_999, 500_001, 749_999, 750_001, 1_007_585, 10_000_000])
@pytest.mark.parametrize("partitions", [1, 8, 256])
def test_a_drain_ends_without_a_small_batch(waiting, partitions):
    taken = partitions * (votes_per_batch(waiting) // partitions)
    batches = -(-waiting // taken)
    last = waiting - (batches - 1) * taken
    assert last > 0.9 * taken
    assert taken < 1.6 * DRAIN_VOTES


class SparkError(Exception):
    """As PySpark makes it of a Java exception: the cause has a text of its own."""

    def __init__(self, said, cause=None):
        super().__init__(said)
        self._cause = cause


KAFKA = "org.apache.kafka.common.errors"


@pytest.mark.parametrize(
    "error",
    [
        SparkError(
            FAILED.format(f"{KAFKA}.TopicAuthorizationException: Not authorized to access topics: [votes_topic]")
        ),
        SparkError(FAILED.format("Not authorized to access topics: [votes_topic]")),
        SparkError(FAILED.format("Not authorized to access group: spark-kafka-source-1")),
        SparkError(
            FAILED.format("null"), SparkError("java.util.X", SparkError(f"{KAFKA}.SaslAuthenticationException: no"))
        ),
        SparkError(
            FAILED.format(f"Job aborted due to stage failure: Lost task: {KAFKA}.ClusterAuthorizationException: no")
        ),
    ],
)
def test_what_kafka_denies_is_not_tried_again(error):
    assert is_denied(error)


@pytest.mark.parametrize(
    "error",
    [
        SparkError(FAILED.format(f"{KAFKA}.TimeoutException: Timed out waiting for a node assignment")),
        SparkError(
            FAILED.format("Job aborted due to stage failure"), SparkError(f"{KAFKA}.UnknownTopicOrPartitionException")
        ),
    ],
)
def test_what_can_pass_is_tried_again(error):
    assert not is_denied(error)
