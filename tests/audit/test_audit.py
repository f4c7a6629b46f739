"""The audit on a real Kafka and PostgreSQL; the tallies are published by the test, as the count would."""

from pathlib import Path

import pytest

from election.audit.__main__ import main
from election.audit.auditor import look
from election.audit.seal import RecordedVote, read_seal
from election.model import topics
from election.model.errors import CannotLook
from election.model.messages import parse_verdict
from election.platform.kafka_topics import read_topic
from election.platform.postgres import transaction
from tests.support.counted import log_votes, point_at, tally_votes
from tests.support.votes import recorded

VOTES = 100


@pytest.fixture
def votes(settings, seeded, monkeypatch):
    """Some recorded votes, on the log and tallied; the command is pointed at them."""
    votes = recorded(seeded, VOTES)
    log_votes(settings, votes)
    tally_votes(settings, votes)
    point_at(settings, monkeypatch)
    return votes


def tamper(settings, statement, *values):
    """Changes the record as its owner can who switches the trigger off."""
    with transaction(settings) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE votes DISABLE TRIGGER votes_are_final")
        cursor.execute(statement, values)
        cursor.execute("ALTER TABLE votes ENABLE TRIGGER votes_are_final")


def change_hands(settings, vote):
    """The vote is recorded for another candidate."""
    statement = """UPDATE votes SET candidate_id = (SELECT min(candidate_id) FROM candidates WHERE candidate_id <> %s)
                   WHERE voter_id = %s"""
    tamper(settings, statement, vote.candidate_id, vote.voter_id)


def remove(settings, vote):
    tamper(settings, "DELETE FROM votes WHERE voter_id = %s", vote.voter_id)


@pytest.mark.parametrize("tampering", [change_hands, remove])
def test_a_changed_or_removed_row_of_the_record_is_found_and_named(settings, votes, tampering):
    tampering(settings, votes[0])
    assert [difference.examples for difference in look(settings).differences] == [(votes[0].voter_id,)]


def test_a_seal_holds_while_the_record_grows_proves_each_vote_and_names_what_was_changed(
    settings, seeded, votes, tmp_path, capsys, monkeypatch
):
    seal, proof = str(tmp_path / "record.seal"), tmp_path / "proof.json"
    assert main([]) == 0
    assert f"Record, log and tally agree on {VOTES} votes." in capsys.readouterr().out
    monkeypatch.setenv("ELECTION", "montreal-2013")  # which the database does not hold
    assert main(["--seal", seal]) == 0
    assert read_seal(Path(seal))[0].election == seeded.election.name
    recorded(seeded, VOTES + 10)
    assert main(["--against", seal]) == 0
    capsys.readouterr()
    assert main(["--prove", votes[3].voter_id, "--seal", seal]) == 0
    proof.write_text(capsys.readouterr().out)
    assert main(["--check-proof", str(proof), "--seal", seal]) == 0
    assert f"voter {votes[3].voter_id} chose candidate {votes[3].candidate_id}" in capsys.readouterr().out
    assert main(["--prove", "nobody", "--seal", seal]) == 2
    assert "no vote of voter 'nobody' is recorded" in capsys.readouterr().err
    change_hands(settings, votes[3])
    assert main(["--against", seal]) == 1
    assert f"sealed votes were changed; voters: {votes[3].voter_id}" in capsys.readouterr().out
    assert main(["--prove", votes[3].voter_id, "--seal", seal]) == 1


def published(settings):
    """The verdicts on audit_verdicts, with their keys."""
    return [(message.key(), parse_verdict(message.value())) for message in read_topic(settings, topics.AUDIT_VERDICTS)]


def test_a_verdict_is_published_when_all_is_counted_and_again_when_it_has_changed(settings, votes, capsys):
    tamper(settings, "UPDATE election SET votes_expected = %s", VOTES)
    assert main(["--publish", "--when-counted"]) == 0
    [(key, verdict)] = published(settings)
    assert (key, verdict.agrees, verdict.votes, verdict.differences) == (b"simulated", True, VOTES, 0)
    assert verdict.root in capsys.readouterr().out
    change_hands(settings, votes[0])
    assert main(["--publish"]) == 1
    [_, (_, verdict)] = published(settings)
    assert (verdict.agrees, verdict.votes, verdict.differences) == (False, VOTES, 1)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("POSTGRES_PASSWORD", "wrong", "password authentication failed"),
        ("POSTGRES_PORT", "1", "refused"),
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1", "Kafka"),
        ("POSTGRES_DB", "postgres", "main.py has not prepared the election yet"),
    ],
)
def test_it_exits_2_with_one_line_when_it_cannot_look(settings, seeded, monkeypatch, capsys, variable, value, reason):
    point_at(settings, monkeypatch)
    monkeypatch.setenv(variable, value)
    assert main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("the audit could not look: ")
    assert reason in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(("voter", "candidate", "who"), [("stranger", "1", "stranger"), ("", "nobody", "nobody")])
def test_who_was_registered_while_it_looked_is_named(settings, seeded, monkeypatch, voter, candidate, who):
    voter = voter or recorded(seeded, 1)[0].voter_id
    monkeypatch.setattr("election.audit.auditor.read_record", lambda _: [RecordedVote(voter, candidate, 0)])
    with pytest.raises(CannotLook, match=f"'{who}' was registered while the audit looked: look again"):
        look(settings)
