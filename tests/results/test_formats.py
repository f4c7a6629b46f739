"""The results as JSON and CSV, without services."""

import csv
import io
from datetime import UTC, datetime

import pytest
import simplejson
from msgspec import structs

from election.model import topics
from election.model.messages import Reason, Tally, Verdict
from election.model.rows import Candidate, Kind
from election.results.__main__ import summary
from election.results.board import Board
from election.results.export import Results, gather
from election.results.formats import as_csv, as_json, as_openelections
from election.results.look import HeldElection

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
VERDICT = Verdict(agrees=True, votes=4, root="0a" * 32, audited_at=NOON, differences=0)
HELD = HeldElection("test", "A test", registered=10, votes_expected=4)
UGLY = 'Žoë "Zed",\nשלום'
CANDIDATES = [Candidate("1", "Ann", "Red"), Candidate("2", UGLY), Candidate("3", "Blank", kind=Kind.BLANK)]
NOBODY = {"1": 0, "2": 0, "3": 0}


def results(board: Board | None = None, **changes) -> Results:
    """Of three votes for Ann and one for another, all in the North and by women of 18 to 24 years."""
    if board is None:
        board = Board(verdicts={"test": VERDICT})
        group = {"state": "North", "gender": "female", "age_group": "18-24", "minute": "2026-05-07T11:59Z"}
        for topic in topics.AGGREGATED:
            for candidate, votes in {"1": 3, "2": 1}.items() if "candidate_id" in topic.key else {"": 4}.items():
                tally = Tally(votes, "2026-05-07T12:00:00Z", candidate_id=candidate, registered=5, **group)
                board.totals[topic.name][candidate] = tally
        board.rejected.add(0, 1, Reason.EMPTY)
    return structs.replace(gather(HELD, CANDIDATES, {"North": 8, "South": 2}, board), **changes)


def test_the_json_has_status_times_audit_and_every_place_and_candidate():
    found = simplejson.loads(as_json(results()))
    assert (found["election"], found["status"], found["votes"], found["turnout"]) == ("test", "all counted", 4, 0.4)
    assert found["audit"]["root"] == VERDICT.root
    assert found["last_vote_at"] == found["audit"]["audited_at"] == "2026-05-07T12:00:00Z"
    shown = {"candidate_id": "2", "candidate": UGLY, "party": "", "kind": "candidate", "votes": 1, "share": 0.25}
    assert found["candidates"][1] == shown
    votes = NOBODY | {"1": 3, "2": 1}
    assert found["locations"] == [
        {"location": "North", "registered": 8, "turnout": 0.5, "votes": votes},
        {"location": "South", "registered": 2, "turnout": 0.0, "votes": NOBODY},
    ]
    assert found["genders"] == [{"gender": "female", "registered": 5, "turnout": 0.8, "votes": votes}]
    assert found["age_groups"] == [{"age_group": "18-24", "registered": 5, "turnout": 0.8, "votes": votes}]
    assert found["minutes"] == [{"minute": "2026-05-07T11:59Z", "votes": votes}]
    assert found["rejected"] == {"empty message": 1}


def test_before_the_first_vote_nothing_is_divided_by_zero():
    found = simplejson.loads(as_json(results(Board())))
    assert (found["status"], found["audit"], found["last_vote_at"]) == ("counting", None, None)
    assert (found["turnout"], found["candidates"][0]["share"]) == (0.0, None)


@pytest.mark.parametrize("render", [as_csv, as_openelections])
def test_the_csv_has_a_line_for_each_candidate_in_each_place(render):
    place = {
        as_csv: {"location": "North", "registered": "8"},
        as_openelections: {"county": "North", "precinct": "", "office": "A test", "district": ""},
    }
    lines = list(csv.DictReader(io.StringIO(render(results()), newline="")))
    assert lines[0] == place[render] | {"candidate": "Ann", "party": "Red", "votes": "3"}
    votes = [(line["candidate"], line["votes"]) for line in lines]
    assert votes == [("Ann", "3"), (UGLY, "1"), ("Blank", "0"), ("Ann", "0"), (UGLY, "0"), ("Blank", "0")]


def test_the_summary_says_how_far_the_count_is_and_what_the_audit_found():
    assert summary(results()) == (
        f"A test: all counted, 4 of 4 votes; the audit of 2026-05-07 12:00:00 UTC agrees, Merkle root {VERDICT.root}"
    )
    assert summary(results(status="counting", audit=None)) == ("A test: counting, 4 of 4 votes; no audit is published")
