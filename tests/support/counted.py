"""An election on real servers whose votes are recorded, logged and tallied by the test, as the scripts would."""

from collections.abc import Iterable, Sequence
from datetime import UTC

import pytest
import simplejson

from election.audit.recount import Box, Register, microseconds
from election.model import topics
from election.model.messages import Vote, encode_vote
from election.platform.kafka import make_producer, publish
from election.platform.postgres import transaction
from election.platform.settings import Settings
from tests.conftest import VOTERS


def log_votes(settings: Settings, votes: Iterable[Vote]) -> None:
    producer = make_producer(settings)
    for vote in votes:
        publish(producer, topics.VOTES, vote.voter_id, encode_vote(vote))
    assert not producer.flush(30)


def tally_votes(settings: Settings, votes: Sequence[Vote]) -> None:
    """Publishes what every aggregate must say about these votes."""
    with transaction(settings) as connection:
        register = Register.read(connection)
    box, producer = Box(register), make_producer(settings)
    newest = max(vote.voting_time for vote in votes).astimezone(UTC).isoformat()
    for vote in votes:
        candidate = register.candidate_numbers[vote.candidate_id]
        box.put(register.voter_numbers[vote.voter_id], candidate, microseconds(vote.voting_time))
    for topic in topics.AGGREGATED:
        for key, total in box.totals()[topic.name].items():
            fields = dict(zip(topic.key, key.split("|"), strict=True))
            value = {**fields, "total_votes": total, "last_vote_at": newest}
            publish(producer, topic.name, key, simplejson.dumps(value).encode())
    assert not producer.flush(30)


def point_at(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the commands of this process the servers; each logs in as it does in earnest."""
    monkeypatch.setenv("POSTGRES_HOST", settings.postgres_host)
    monkeypatch.setenv("POSTGRES_PORT", str(settings.postgres_port))
    monkeypatch.setenv("POSTGRES_DB", settings.postgres_db)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka_bootstrap_servers)
    monkeypatch.setenv("VOTERS", str(VOTERS))
