"""What can go wrong in a round. Each fault gets the round and its event, and says almost at once whether it struck."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import psutil

from election.model import topics
from election.model.errors import StartAgain
from election.model.messages import Vote, encode_vote, encode_voter
from election.platform.kafka import make_producer
from election.platform.kafka_topics import read_topic
from election.platform.postgres import rows, transaction
from election.platform.settings import Settings

if TYPE_CHECKING:
    from tests.chaos.plan import Event
    from tests.chaos.rounds import Round

    Fault = Callable[[Round, Event], bool]

# Key, value and partition of a message; -1 is the partition that the key belongs to.
Raw = tuple[bytes | None, bytes | None, int]
STOPPED_SECONDS, DELIVER_SECONDS = 20, 60.0
SAMPLE = 150
BAD_VOTES = (b"", b"nonsense", b"\xff\xfe", b"{}", b'{"vote": 1}', b"[1]", b"null", b'{"voter_id": NaN}')


def kill(part: str) -> Fault:
    def fault(chaos: Round, _event: Event) -> bool:
        process = chaos.running(part)
        if process:
            process.kill()
        return bool(process)

    return fault


def kill_spark_driver(chaos: Round, _event: Event) -> bool:
    """The Python process alone: its JVM must notice and end."""
    process = chaos.running("spark-streaming")
    if process:
        process.popen.kill()
        process.popen.wait()
    return bool(process)


def kill_spark_jvm(chaos: Round, _event: Event) -> bool:
    """The JVM alone: the Python process must notice and end."""
    process = chaos.running("spark-streaming")
    machines = [member for member in family(process.pid) if named(member) == "java"] if process else []
    for machine in machines:
        send(machine, signal.SIGKILL)
    if machines:
        chaos.spark_must_count_again()
    return bool(machines)


def kill_server(name: str) -> Fault:
    """With everything it has started: what is not on disk is lost."""

    def fault(chaos: Round, event: Event) -> bool:
        struck = chaos.kill_server(name)
        chaos.later(event.downtime, lambda: chaos.start_server(name))
        return struck

    return fault


def wipe_kafka(chaos: Round, event: Event) -> bool:
    """Kafka loses everything, topics and offsets too; PostgreSQL keeps the record."""
    chaos.kill_server("kafka")
    shutil.rmtree(chaos.pipeline.kafka.folder)
    chaos.later(event.downtime, lambda: chaos.start_server("kafka"))
    return True


def remove_checkpoint(chaos: Round, event: Event) -> bool:
    """And ends Spark, which keeps a part of its state in memory."""
    checkpoints = chaos.pipeline.folder / "checkpoints"
    kill("spark-streaming")(chaos, event)
    was_there = checkpoints.exists()
    shutil.rmtree(checkpoints, ignore_errors=True)
    return was_there


def pause(part: str) -> Fault:
    """SIGSTOP for a while: alive, its connections open, and silent."""

    def fault(chaos: Round, _event: Event) -> bool:
        process = chaos.running(part)
        stopped = family(process.pid) if process else []
        for member in stopped:
            send(member, signal.SIGSTOP)
            chaos.later(STOPPED_SECONDS, lambda member=member: send(member, signal.SIGCONT))  # type: ignore[misc]
        return bool(stopped)

    return fault


def share_voting(chaos: Round, _event: Event) -> bool:
    """Two more join; one of them is killed a little later (and comes back)."""
    for name in ("voting-8", "voting-9"):
        chaos.pipeline.start(name)
    chaos.later(4, lambda: chaos.pipeline.parts["voting-8"].kill())
    return True


def voters_thrice(chaos: Round, event: Event) -> bool:
    """Some voters come to voters_topic three times more, as if they had not voted."""

    def inject() -> None:
        messages = [(voter["voter_id"], encode_voter(voter, None)) for voter in some_voters(chaos, event)]
        publish_raw(chaos.settings, topics.VOTERS, [(key.encode(), value, -1) for key, value in 3 * messages])

    return chaos.inject(event, inject)


def repeat_votes(chaos: Round, event: Event) -> bool:
    """Everything on votes_topic is produced again."""
    return chaos.inject(event, lambda: publish_raw(chaos.settings, topics.VOTES, read_votes(chaos.settings)))


def bad_votes(chaos: Round, event: Event) -> bool:
    """Nonsense, and votes for nobody who stands: they must not take their voters' turn."""

    def inject() -> None:
        nobody = [Vote(voter["voter_id"], "nobody", datetime.now(UTC)) for voter in some_voters(chaos, event)]
        messages: list[Raw] = [(b"bad", value, -1) for value in BAD_VOTES * 20]
        messages += [(vote.voter_id.encode(), encode_vote(vote), -1) for vote in nobody]
        publish_raw(chaos.settings, topics.VOTES, messages)

    return chaos.inject(event, inject)


def some_voters(chaos: Round, event: Event) -> list[dict[str, Any]]:
    """Registered voters, drawn by the event's seed. Raises ValueError while they are too few."""
    with transaction(chaos.settings) as connection:
        return Random(f"{chaos.plan.seed} {event}").sample(
            rows(connection, "SELECT * FROM voters ORDER BY voter_id"), SAMPLE
        )


def publish_raw(settings: Settings, topic: str, messages: Iterable[Raw]) -> None:
    """Raises StartAgain when Kafka does not take them in time, and KafkaException."""
    producer = make_producer(settings)
    for key, value, partition in messages:
        producer.produce(topic, value, key, partition)
    if producer.flush(DELIVER_SECONDS):
        raise StartAgain("not delivered")


def read_votes(settings: Settings) -> list[Raw]:
    """What is on votes_topic now. Raises ValueError when that is nothing."""
    messages = read_topic(settings, topics.VOTES)
    votes = [(message.key(), message.value(), int(message.partition() or 0)) for message in messages]
    if not votes:
        raise ValueError(f"{topics.VOTES} is empty")
    return votes


def family(pid: int) -> list[psutil.Process]:
    """The process and its descendants."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def named(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return process.name()
    return ""


def send(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


FAULTS: dict[str, Fault] = {
    "kill_voting": kill("voting"),
    "kill_main": kill("main"),
    "kill_spark": kill("spark-streaming"),
    "kill_spark_driver": kill_spark_driver,
    "kill_spark_jvm": kill_spark_jvm,
    "kill_kafka": kill_server("kafka"),
    "kill_postgres": kill_server("postgres"),
    "wipe_kafka": wipe_kafka,
    "remove_checkpoint": remove_checkpoint,
    "pause_voting": pause("voting"),
    "pause_main": pause("main"),
    "pause_spark": pause("spark-streaming"),
    "pause_kafka": pause("kafka"),
    "pause_postgres": pause("postgres"),
    "share_voting": share_voting,
    "voters_thrice": voters_thrice,
    "repeat_votes": repeat_votes,
    "bad_votes": bad_votes,
}
