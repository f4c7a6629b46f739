"""What can go wrong in a round. Each fault gets the round and its event, and returns at once or almost."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import psutil
from psycopg2.extras import RealDictCursor

from election import topics
from election.audit import connect
from election.events import Malformed, Vote, encode_vote, encode_voter, parse_vote

if TYPE_CHECKING:
    from tests.chaos.plan import Event
    from tests.chaos.rounds import Round

STOPPED_SECONDS = 20
SAMPLE = 50
BAD_VOTES = (b"", b"nonsense", b"\xff\xfe", b"{}", b'{"vote": 1}', b"[1]", b"null", b'{"voter_id": NaN}')


def kill(part: str) -> Callable[[Round, Event], None]:
    def fault(chaos: Round, _event: Event) -> None:
        if part in chaos.pipeline.parts:
            chaos.pipeline.parts[part].kill()

    return fault


def kill_spark_driver(chaos: Round, _event: Event) -> None:
    """The Python process alone: its JVM must notice and end."""
    os.kill(chaos.pipeline.parts["spark-streaming"].pid, signal.SIGKILL)


def kill_spark_jvm(chaos: Round, _event: Event) -> None:
    """The JVM alone: the Python process must notice and end."""
    for process in family(chaos.pipeline.parts["spark-streaming"].pid):
        if process.name() == "java":
            process.kill()


def kill_kafka(chaos: Round, event: Event) -> None:
    chaos.kill_kafka()
    chaos.later(event.downtime, chaos.start_kafka)


def wipe_kafka(chaos: Round, event: Event) -> None:
    """Kafka loses everything, topics and offsets too; PostgreSQL keeps the record."""
    chaos.kill_kafka()
    shutil.rmtree(chaos.pipeline.kafka.folder)
    chaos.log_was_wiped = True
    chaos.later(event.downtime, chaos.start_kafka)


def kill_postgres(chaos: Round, event: Event) -> None:
    chaos.kill_postgres()
    chaos.later(event.downtime, chaos.start_postgres)


def remove_checkpoint(chaos: Round, _event: Event) -> None:
    chaos.pipeline.parts["spark-streaming"].kill()
    shutil.rmtree(chaos.pipeline.folder / "checkpoints", ignore_errors=True)


def pause(part: str) -> Callable[[Round, Event], None]:
    """SIGSTOP for a while: alive, its connections open, and silent."""

    def fault(chaos: Round, _event: Event) -> None:
        process = chaos.process(part)
        if not process or not process.running:
            return
        stopped = family(process.pid)
        for member in stopped:
            send(member, signal.SIGSTOP)

        def resume() -> None:
            for member in stopped:
                send(member, signal.SIGCONT)

        chaos.later(STOPPED_SECONDS, resume)

    return fault


def share_voting(chaos: Round, _event: Event) -> None:
    """Two more join; one of them is killed a little later (and comes back)."""
    for name in ("voting-8", "voting-9"):
        chaos.pipeline.start(name)
    chaos.later(4, lambda: chaos.pipeline.parts["voting-8"].kill())


def voters_thrice(chaos: Round, event: Event) -> None:
    """Some voters come to voters_topic three times more, as if they had not voted."""

    def inject() -> None:
        messages = [(voter["voter_id"], encode_voter(voter, None)) for voter in some_voters(chaos, event, 3 * SAMPLE)]
        chaos.publish(topics.VOTERS, [(key.encode(), value, -1) for key, value in 3 * messages])

    chaos.inject(inject)


def repeat_votes(chaos: Round, _event: Event) -> None:
    """Everything on votes_topic is produced again."""
    chaos.inject(lambda: chaos.publish(topics.VOTES, chaos.read_votes()))


def other_candidate(chaos: Round, event: Event) -> None:
    """Some who have voted vote again, for somebody else."""

    def inject() -> None:
        candidates = [candidate["candidate_id"] for candidate in chaos.election.candidates]
        forged = []
        for key, value, partition in chaos.read_votes():
            try:
                vote = parse_vote(key, value)
            except Malformed:
                continue
            other = next(candidate for candidate in candidates if candidate != vote.candidate_id)
            forged.append((key, encode_vote(Vote(vote.voter_id, other, vote.voting_time)), partition))
        chaos.publish(topics.VOTES, Random(event.seed).sample(forged, min(SAMPLE, len(forged))))

    chaos.inject(inject)


def bad_votes(chaos: Round, event: Event) -> None:
    """Nonsense, and votes for nobody who stands: they must not take their voters' turn."""

    def inject() -> None:
        nobody = [
            Vote(voter["voter_id"], "nobody", datetime.now(UTC)) for voter in some_voters(chaos, event, 3 * SAMPLE)
        ]
        messages = [(b"bad", value) for value in BAD_VOTES * 20]
        messages += [(vote.voter_id.encode(), encode_vote(vote)) for vote in nobody]
        chaos.publish(topics.VOTES, [(key, value, -1) for key, value in messages])

    chaos.inject(inject)


def some_voters(chaos: Round, event: Event, count: int) -> list[dict[str, Any]]:
    """Registered voters, drawn by the event's seed. Raises ValueError while they are fewer."""
    with closing(connect(chaos.settings)) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("SELECT * FROM voters ORDER BY voter_id")
        return Random(event.seed).sample(cursor.fetchall(), count)


def family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


FAULTS: dict[str, Callable[[Round, Event], None]] = {
    "kill_voting": kill("voting"),
    "kill_main": kill("main"),
    "kill_spark": kill("spark-streaming"),
    "kill_dashboard": kill("dashboard"),
    "kill_spark_driver": kill_spark_driver,
    "kill_spark_jvm": kill_spark_jvm,
    "kill_kafka": kill_kafka,
    "kill_postgres": kill_postgres,
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
    "other_candidate": other_candidate,
    "bad_votes": bad_votes,
}
