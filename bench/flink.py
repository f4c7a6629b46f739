"""Apache Flink beside ours: brought into a virtual environment of its own, started on the same servers, read back."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import NewTopic

from election.counting.lookups import find_voter
from election.model import topics
from election.model.errors import CannotRun
from election.model.messages import parse_tally
from election.platform.jars import JARS, ensure_jars
from election.platform.java import find_java_home
from election.platform.kafka import make_admin
from election.platform.kafka_topics import read_topic
from election.platform.postgres import transaction
from election.platform.settings import Settings
from local.pipeline import Pipeline
from local.processes import Process

VERSION = "2.3.0"
HOME = JARS.parent / "flink"
INSTALLED = HOME / f"apache-flink-{VERSION}"
JOB = Path(__file__).with_name("flink_job.py")
TOTALS = "flink_totals"
HEAP = "-Xmx3g"
# For a backlog: fewer, larger steps, as `spark-streaming.py` takes them then.
MINI_BATCHES = {
    "table.exec.mini-batch.enabled": "true",
    "table.exec.mini-batch.allow-latency": "1 s",
    "table.exec.mini-batch.size": "5000",
}


def ensure_flink() -> Path:
    """The Python that has apache-flink, installed the first time: it wants other versions of pandas than ours.

    Raises CannotRun when pip can't bring it.
    """
    python = HOME / "bin" / "python"
    if not INSTALLED.exists():
        commands: tuple[list[str | Path], ...] = (
            [sys.executable, "-m", "venv", HOME],
            [python, "-m", "pip", "install", "--quiet", f"apache-flink=={VERSION}"],
        )
        for command in commands:
            if subprocess.run(command).returncode != 0:
                raise CannotRun(f"apache-flink {VERSION} could not be installed: leave it out with --ways")
        INSTALLED.touch()
    return python


def start_flink(pipeline: Pipeline, settings: Settings, options: Mapping[str, str] | None = None) -> Process:
    """Flink, counting, from its newest checkpoint if it has one; `options` are added to its configuration.

    Raises CannotRun.
    """
    python, folder = ensure_flink(), pipeline.folder
    saved = sorted((folder / "flink-checkpoints").glob("*/chk-*/_metadata"), key=lambda path: path.stat().st_mtime)
    if saved:
        options = {"execution.state-recovery.path": saved[-1].parent.as_uri(), **(options or {})}
    else:
        _make_topic(settings)
    roll = folder / "roll.csv"
    job = folder / "flink.json"
    with transaction(settings) as connection, connection.cursor() as cursor:
        with roll.open("wb") as file:
            cursor.copy_expert(f"COPY ({find_voter.query}) TO STDOUT (FORMAT csv)", file)
        cursor.execute("SELECT candidate_id, party_affiliation FROM candidates")
        parties = dict(cursor.fetchall())
    job.write_text(
        json.dumps(
            {
                "jars": [str(jar) for jar in ensure_jars("flink")],
                "parallelism": settings.kafka_partitions,
                "checkpoint_interval": settings.spark_checkpoint_interval,
                "folder": str(folder),
                "options": options or {},
                "bootstrap_servers": settings.kafka_bootstrap_servers,
                "votes_topic": topics.VOTES,
                "totals_topic": TOTALS,
                "roll": str(roll),
                "parties": parties,
                "aggregates": {topic.name: topic.key for topic in topics.AGGREGATED},
            }
        )
    )
    environment = {**os.environ, "JAVA_HOME": str(find_java_home()), "JAVA_TOOL_OPTIONS": HEAP}
    process = Process("flink", [python, JOB, job], pipeline.logs / "flink.log", environment=environment)
    pipeline.parts["flink"] = process
    return process


def _make_topic(settings: Settings) -> None:
    admin = make_admin(settings)
    made = admin.create_topics([NewTopic(TOTALS, 1, 1, config=topics.COMPACTED)])
    made[TOTALS].result()


def read_flink(settings: Settings) -> list[int]:
    """How many votes are in each of Flink's aggregates."""
    try:
        totals = {message.key() or b"": parse_tally(message.value()) for message in read_topic(settings, TOTALS)}
    except KafkaException:
        return [0]
    return [
        sum(tally.total_votes for key, tally in totals.items() if key.startswith(key_prefix(topic.name)))
        for topic in topics.AGGREGATED
    ]


def key_prefix(aggregate: str) -> bytes:
    """How the keys of the aggregate's totals begin: Flink's are all on one topic."""
    return f"{aggregate}/".encode()
