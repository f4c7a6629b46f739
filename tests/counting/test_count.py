"""What the count decides without Spark: where its state is, and whether a failure can pass."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from election.counting import checkpoint
from election.counting.checkpoint import alike, checkpoint_path, saved_offsets, set_aside
from election.counting.count import DRAIN, MANY_VOTES, TOTALS, WARM_UP, Count
from election.platform import runtime
from election.platform.refusals import is_denied
from election.platform.runtime import Stop
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
    monkeypatch.setattr(checkpoint, "STATE_VERSION", checkpoint.STATE_VERSION + 1)
    assert checkpoint_path(**SAME) != before


def write_checkpoint(folder: Path, commits: list[int], offsets: dict[int, str]) -> None:
    for name, files in (("commits", dict.fromkeys(commits, "v1\n{}")), ("offsets", offsets)):
        (folder / name).mkdir(parents=True)
        for number, text in files.items():
            (folder / name / str(number)).write_text(text)


def test_a_checkpoint_says_how_far_it_is(tmp_path):
    offsets = {number: f'v1\n{{}}\n{{"votes_topic":{{"0":{number}00,"1":7}}}}' for number in (9, 10, 11)}
    write_checkpoint(tmp_path, [9, 10], offsets)
    assert saved_offsets(tmp_path) == {"0": 1000, "1": 7}


@pytest.mark.parametrize("torn", ["", "v1", "v1\n{}", "v1\n{}\n-", "v1\n{}\n[1]"])
def test_a_torn_checkpoint_has_seen_nothing(tmp_path, torn):
    write_checkpoint(tmp_path, [3], {3: torn})
    assert saved_offsets(tmp_path) == {}
    assert saved_offsets(tmp_path / "gone") == {}


def test_a_failure_is_like_another_but_for_its_ids_and_numbers():
    first = "Query [id = 5f3a0c1e-0000-4444-8888-0123456789ab] ended: Failed to read log file /c/offsets/17"
    again = "Query [id = aaaa0c1e-1111-4444-8888-0123456789ff] ended: Failed to read log file /c/offsets/18"
    assert alike(first) == alike(again) != alike("Failed to read log file /c/commits/17")


def test_a_checkpoint_that_is_set_aside_is_kept_under_another_name(tmp_path, caplog):
    write_checkpoint(tmp_path / "totals", [3], {3: ""})
    set_aside(tmp_path / "totals")
    [aside] = tmp_path.iterdir()
    assert aside.name.startswith("totals-set-aside-")
    assert (aside / "commits" / "3").exists()
    assert "is set aside" in caplog.text
    set_aside(tmp_path / "totals")


class Attempts(Count):
    """A count whose attempts fail with the given messages, one after the other, and which then is told to stop."""

    def __init__(
        self, folder: Path, waiting: int, *failures: str | Exception, kafka_answers: bool = True, started: bool = True
    ):
        super().__init__(SETTINGS, Stop(), None, 1, folder, SimpleNamespace(check=lambda: kafka_answers))
        self.waiting, self.failures, self.passing, self.started = waiting, list(failures), [], started
        write_checkpoint(folder / TOTALS, [0], {0: 'v1\n{}\n{"votes_topic":{"0":1}}'})

    def _votes_waiting(self):
        return self.waiting

    def _run(self, counting, passing=None):
        self.passing.append(passing)
        self._queries = (
            [SimpleNamespace(name=TOTALS, lastProgress=None, exception=lambda: "failed")] if self.started else []
        )
        if self.failures:
            failure = self.failures.pop(0)
            raise failure if isinstance(failure, Exception) else PySparkException(message=failure)
        if not passing:
            self.stop.set()


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(runtime, "RETRY_SECONDS", 0)


NOT_EMPTY = "[STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY] The checkpoint location {} should be empty"


def test_a_drain_that_fails_is_followed_by_real_time_mode_on_the_same_checkpoint(tmp_path, no_pause):
    count = Attempts(tmp_path, MANY_VOTES + 1, NOT_EMPTY.format(1))
    count.keep_running(lambda _: None)
    assert count.passing == [DRAIN, None]
    assert [path.name for path in tmp_path.iterdir()] == [TOTALS]


@pytest.mark.parametrize(("waiting", "passing"), [(0, [WARM_UP, None]), (1, [None]), (MANY_VOTES, [None])])
def test_spark_warms_up_only_when_no_vote_waits(tmp_path, waiting, passing):
    count = Attempts(tmp_path, waiting)
    count.keep_running(lambda _: None)
    assert count.passing == passing


def test_what_a_count_left_that_was_killed_before_its_first_checkpoint_is_set_aside_before_a_drain(tmp_path):
    count = Attempts(tmp_path, MANY_VOTES + 1)
    (tmp_path / TOTALS / "commits" / "0").unlink()
    count.keep_running(lambda _: None)
    [aside] = tmp_path.iterdir()
    assert aside.name.startswith(f"{TOTALS}-set-aside-")


def test_the_same_failure_twice_in_a_row_sets_the_checkpoint_aside_and_counts_anew(tmp_path, no_pause):
    count = Attempts(tmp_path, MANY_VOTES + 1, NOT_EMPTY.format(1), NOT_EMPTY.format(2))
    count.keep_running(lambda _: None)
    assert count.passing == [DRAIN, None, DRAIN, None]
    [aside] = tmp_path.iterdir()
    assert aside.name.startswith(f"{TOTALS}-set-aside-")


def test_an_exception_of_javas_own_that_a_torn_file_makes_sets_the_checkpoint_aside_too(tmp_path, no_pause):
    torn = [Py4JJavaError("start", SimpleNamespace(_target_id=f"o{number}")) for number in range(2)]
    count = Attempts(tmp_path, 0, *torn)
    count.keep_running(lambda _: None)
    [aside] = tmp_path.iterdir()
    assert aside.name.startswith(f"{TOTALS}-set-aside-")


LOST = "Lost task {0}.0 in stage 14.0 (TID {0}): ExecutorLostFailure (executor {0} exited unrelated to the tasks)"
NO_SLOT = "[CONCURRENT_SCHEDULER_INSUFFICIENT_SLOT] Cannot run the pipelined stage group: it needs 8 slots"


@pytest.mark.parametrize(
    ("failures", "options"),
    [
        pytest.param(["Timed out waiting for a node assignment"] * 3, {"kafka_answers": False}, id="Kafka is away"),
        pytest.param([LOST.format(number) for number in range(3)], {}, id="executors are lost"),
        pytest.param([NO_SLOT] * 3, {}, id="too few slots"),
        pytest.param(["Failed to find data source: kafka"] * 3, {"started": False}, id="no query is started"),
        pytest.param(["the broker is away", "an executor is lost", "the broker is away"], {}, id="different ones"),
    ],
)
def test_a_failure_that_is_not_the_checkpoints_leaves_it_alone(tmp_path, no_pause, failures, options):
    count = Attempts(tmp_path, MANY_VOTES + 1, *failures, **options)
    count.keep_running(lambda _: None)
    assert count.passing == [DRAIN, None, None, None]
    assert [path.name for path in tmp_path.iterdir()] == [TOTALS]


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
