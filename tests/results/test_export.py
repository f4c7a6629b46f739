"""The results read from a real Kafka and PostgreSQL."""

import csv
from datetime import UTC, datetime

import pytest
import simplejson

from election.model import topics
from election.model.messages import Verdict, encode_verdict
from election.platform.kafka import make_producer, publish
from election.results.__main__ import main
from tests.conftest import VOTERS
from tests.support.counted import point_at, tally_votes
from tests.support.votes import recorded

VOTES = 100
ROOT = "0a" * 32


def test_the_command_exports_what_is_counted_with_the_verdict_of_the_audit(
    settings, seeded, monkeypatch, capsys, tmp_path
):
    votes = recorded(seeded, VOTES)
    tally_votes(settings, votes)
    producer = make_producer(settings)
    for key, agrees in (("simulated", False), ("simulated", True), ("another", False)):
        verdict = Verdict(agrees, VOTES, ROOT, datetime.now(UTC), 0)
        publish(producer, topics.AUDIT_VERDICTS, key, encode_verdict(verdict))
    publish(producer, topics.AUDIT_VERDICTS, "simulated", b"nonsense")
    assert not producer.flush(30)
    point_at(settings, monkeypatch)

    assert main(["--json"]) == 0
    printed = capsys.readouterr()
    found = simplejson.loads(printed.out)
    assert (found["status"], found["votes"], found["registered"]) == ("counting", VOTES, VOTERS)
    assert (found["audit"]["agrees"], found["audit"]["root"]) == (True, ROOT)
    assert [(place["location"], place["registered"]) for place in found["locations"]] == [
        (place.name, place.registered) for place in seeded.election.locations if place.registered
    ]
    for name in ("locations", "genders", "age_groups", "minutes"):
        assert sum(sum(line["votes"].values()) for line in found[name]) == VOTES
    assert f"counting, {VOTES} of" in printed.err

    file = tmp_path / "results.csv"
    assert main(["--csv", "--out", str(file)]) == 0
    with file.open(newline="") as lines:
        assert sum(int(line["votes"]) for line in csv.DictReader(lines)) == VOTES
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "main.py prepares it"),
        ({"POSTGRES_PORT": "1"}, "PostgreSQL: "),
        ({"POSTGRES_PASSWORD": "wrong"}, "password authentication failed"),
    ],
)
def test_what_can_not_be_read_ends_in_one_line_and_2(settings, monkeypatch, capsys, changes, reason):
    point_at(settings, monkeypatch)
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    assert main(["--json"]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("election.results could not look: ")
    assert said.err.count("\n") == 1
