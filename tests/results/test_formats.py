"""The results as JSON and CSV, without services."""

import csv
import io
from datetime import UTC, datetime

import msgspec
import pytest
import simplejson

from election.model.definition import load_election
from election.model.messages import Verdict
from election.model.rows import Candidate, Kind
from election.results.__main__ import main, summary
from election.results.export import Group, Results
from election.results.formats import as_csv, as_json, as_openelections
from election.results.look import HeldElection

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
VERDICT = Verdict(agrees=True, votes=4, root="0a" * 32, audited_at=NOON, differences=0)
UGLY = 'Žoë "Zed",\nשלום'
CANDIDATES = [Candidate("1", "Ann", "Red"), Candidate("2", UGLY), Candidate("3", "Blank", kind=Kind.BLANK)]


def results(**changes):
    votes = {"1": 3, "2": 1, "3": 0}
    everybody = [Group("female", 5, votes)]
    given = {
        "held": HeldElection("test", "A test", registered=10, votes_expected=4),
        "read_at": NOON,
        "last_vote_at": NOON,
        "verdict": VERDICT,
        "all_counted": True,
        "candidates": CANDIDATES,
        "votes": votes,
        "locations": [Group("North", 8, votes), Group("South", 2, {"1": 0, "2": 0, "3": 0})],
        "genders": everybody,
        "age_groups": everybody,
        "minutes": {"2026-05-07T11:59Z": votes},
        "rejected": {"empty message": 2},
    }
    return Results(**{**given, **changes})


def test_the_json_has_status_times_audit_and_every_place_and_candidate():
    found = simplejson.loads(as_json(results()))
    assert (found["election"], found["status"], found["votes"], found["turnout"]) == ("test", "all counted", 4, 0.4)
    assert found["audit"]["root"] == VERDICT.root
    assert found["read_at"] == found["last_vote_at"] == found["audit"]["audited_at"] == "2026-05-07T12:00:00.000000Z"
    assert found["candidates"][1] == {
        "candidate_id": "2",
        "candidate": UGLY,
        "party": "",
        "kind": "candidate",
        "votes": 1,
        "share": 0.25,
    }
    assert found["locations"][1] == {
        "location": "South",
        "registered": 2,
        "turnout": 0.0,
        "votes": {"1": 0, "2": 0, "3": 0},
    }
    assert found["minutes"] == [{"minute": "2026-05-07T11:59Z", "votes": {"1": 3, "2": 1, "3": 0}}]


def test_before_the_first_vote_nothing_is_divided_by_zero():
    nothing = {"votes": {"1": 0, "2": 0, "3": 0}, "last_vote_at": None, "verdict": None, "all_counted": False}
    found = simplejson.loads(as_json(results(**nothing, locations=[], minutes={})))
    assert (found["status"], found["audit"], found["last_vote_at"]) == ("counting", None, None)
    assert (found["turnout"], found["candidates"][0]["share"]) == (0.0, None)


@pytest.mark.parametrize(
    ("render", "first"),
    [
        (as_csv, {"location": "North", "candidate": "Ann", "party": "Red", "votes": "3", "registered": "8"}),
        (
            as_openelections,
            {
                "county": "North",
                "precinct": "",
                "office": "A test",
                "district": "",
                "candidate": "Ann",
                "party": "Red",
                "votes": "3",
            },
        ),
    ],
)
def test_the_csv_has_a_line_for_each_candidate_in_each_place(render, first):
    lines = list(csv.DictReader(io.StringIO(render(results()), newline="")))
    assert lines[0] == first
    assert [(line["candidate"], line["votes"]) for line in lines] == [
        *(("Ann", "3"), (UGLY, "1"), ("Blank", "0")),
        *(("Ann", "0"), (UGLY, "0"), ("Blank", "0")),
    ]


@pytest.mark.parametrize("name", ["simulated", "montreal-2013"])
def test_the_long_csv_of_a_bundled_election_has_its_whole_outcome(name):
    election = load_election(name)
    locations = [Group(place.name, place.registered, place.votes) for place in election.locations]
    candidates = [msgspec.structs.replace(one, candidate_name=f"No. {one.candidate_id}") for one in election.candidates]
    text = as_csv(results(candidates=candidates, locations=locations))
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    ids = {candidate.candidate_name: candidate.candidate_id for candidate in candidates}
    votes = {(line["location"], ids[line["candidate"]]): int(line["votes"]) for line in lines}
    assert {key: count for key, count in votes.items() if count} == election.votes_by_location
    assert {line["location"]: int(line["registered"]) for line in lines} == {
        place.name: place.registered for place in election.locations
    }


def test_the_summary_says_how_far_the_count_is_and_what_the_audit_found():
    assert summary(results()) == (
        f"A test: all counted, 4 of 4 votes; the audit of 2026-05-07 12:00:00 UTC agrees, Merkle root {VERDICT.root}"
    )
    assert summary(results(all_counted=False, verdict=None)) == (
        "A test: counting, 4 of 4 votes; no audit is published"
    )


def test_exactly_one_format_is_asked_for():
    for arguments in ([], ["--json", "--csv"]):
        with pytest.raises(SystemExit) as refused:
            main(arguments)
        assert refused.value.code == 2
