"""Publishes what an audit found, for the dashboard and for programs; and waits until there is something to audit."""

from contextlib import closing
from datetime import UTC, datetime

from confluent_kafka import KafkaException

from election.audit.report import Report
from election.model import topics
from election.model.errors import CannotLook, CannotRun, StartAgain
from election.model.messages import Verdict, encode_verdict
from election.platform.kafka import make_producer, publish
from election.platform.postgres import Database
from election.platform.runtime import Stop, wait_until
from election.platform.settings import Settings
from election.results.board import HOW_MANY, LiveBoard
from election.results.look import read_held

PUBLISH_SECONDS = 30.0


def publish_verdict(settings: Settings, report: Report) -> Verdict:
    """Publishes the verdict of a report that has one, under the election's name.

    Raises CannotLook when Kafka does not take it.
    """
    verdict = Verdict(
        agrees=report.agrees,
        votes=report.recorded,
        root=report.root,
        audited_at=datetime.now(UTC),
        differences=len(report.differences),
    )
    producer = make_producer(settings)
    try:
        publish(producer, topics.AUDIT_VERDICTS, report.name, encode_verdict(verdict))
        left = producer.flush(PUBLISH_SECONDS)
    except (CannotRun, StartAgain, KafkaException) as error:
        raise CannotLook(f"the verdict could not be published on {topics.AUDIT_VERDICTS}: {error}") from None
    if left:
        raise CannotLook(f"the verdict could not be published: Kafka did not take it within {PUBLISH_SECONDS:.0f} s")
    return verdict


def wait_until_counted(settings: Settings, stop: Stop) -> None:
    """Returns when as many votes are counted as the election has; says what it waits for.

    Raises Stopped.
    """
    with closing(LiveBoard(settings, HOW_MANY).start()) as live, closing(Database(settings, stop)) as database:

        def lacking() -> str | None:
            try:
                held = database.run(read_held)
            except CannotLook as error:
                return str(error)
            if live.problem:
                return live.problem
            waited_for = f"{held.votes_expected:,} votes to be counted"
            return waited_for if live.board.counted < held.votes_expected else None

        wait_until(lacking, "the count", stop)
