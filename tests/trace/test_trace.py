"""The way of one vote on a real Kafka and PostgreSQL."""

from datetime import UTC, datetime

import pytest

from election.model import topics
from election.model.messages import Vote, encode_vote, encode_voter
from election.platform.kafka import make_producer, publish
from election.platform.kafka_topics import read_topic
from election.platform.postgres import rows
from election.trace.__main__ import main
from tests.support.counted import log_votes, point_at, tally_votes
from tests.support.votes import recorded


@pytest.fixture
def votes(settings, seeded, monkeypatch):
    """Some votes that went the whole way."""
    votes = sorted(recorded(seeded, 50), key=lambda vote: vote.voting_time)
    log_votes(settings, votes)
    tally_votes(settings, votes)
    producer = make_producer(settings)
    for vote in votes:
        row = {"voter_id": vote.voter_id, "registration_number": "000-0000001"}
        publish(producer, topics.VOTERS, vote.voter_id, encode_voter(row, vote.voting_time))
    assert not producer.flush(30)
    point_at(settings, monkeypatch)
    return votes


def unvoted(connection):
    query = "SELECT voter_id FROM voters WHERE voter_id NOT IN (SELECT voter_id FROM votes) LIMIT 1"
    return rows(connection, query)[0]["voter_id"]


def test_every_step_of_a_vote_is_shown_with_its_time(votes, capsys):
    vote = votes[7]
    assert main([vote.voter_id]) == 0
    printed = capsys.readouterr().out
    assert vote.voter_id in printed.splitlines()[0]
    lines = printed.splitlines()[2:]
    for line, where, what in zip(
        lines,
        ("table", "table", topics.VOTES, topics.REJECTED_VOTES, topics.VOTES_PER_CANDIDATE, topics.VOTERS),
        (
            *("", f"a vote for candidate {vote.candidate_id} (", f"a vote for candidate {vote.candidate_id} ("),
            *("this message is not among them", ", the first as new as this vote", "marked as voted"),
        ),
        strict=True,
    ):
        assert line.startswith(where)
        assert what in line
    cast_at = f"{vote.voting_time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    assert f"{cast_at}          +0 ms" in lines[1]
    assert all(line.endswith(" ms") for line in (*lines[1:3], *lines[4:]))


def test_without_a_voter_it_is_the_newest_vote(votes, capsys):
    assert main([]) == 0
    newest = {vote.voter_id for vote in votes if vote.voting_time == votes[-1].voting_time}
    assert capsys.readouterr().out.split(",")[0].split()[-1] in newest


def test_a_forged_message_is_found_and_its_rejection_is_told(settings, seeded, votes, capsys):
    registered = seeded.database.run(unvoted)
    producer = make_producer(settings)
    publish(producer, topics.VOTES, registered, encode_vote(Vote(registered, "nobody", datetime.now(UTC))))
    assert not producer.flush(30)
    [forged] = read_topic(settings, topics.VOTES, registered.encode())
    partition, offset = forged.partition(), forged.offset()
    headers = {"reason": b"unknown candidate", "partition": b"%d" % partition, "offset": b"%d" % offset}
    producer.produce(topics.REJECTED_VOTES, forged.value(), forged.key(), headers=headers)
    assert not producer.flush(30)
    assert main([registered]) == 0
    printed = capsys.readouterr().out
    for expected in ("no vote is recorded", "who does not stand", "rejected: unknown candidate"):
        assert expected in printed
    assert f"{topics.VOTES} {partition}/{offset}" in printed


def test_a_voter_who_has_not_voted_and_one_who_does_not_exist_are_told_apart(settings, seeded, votes, capsys):
    assert main([seeded.database.run(unvoted)]) == 0
    assert capsys.readouterr().out.count("no message has this voter_id as its key") == 2
    assert main(["nobody"]) == 2
    assert capsys.readouterr().err == (
        "election.trace could not look: nobody on the roll is voter 'nobody': give a voter_id of the table voters\n"
    )
