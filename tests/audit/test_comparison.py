"""The recount, the comparison and what the audit makes of them, without services."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import simplejson

from election.audit import auditor
from election.audit.__main__ import main
from election.audit.comparison import compare
from election.audit.recount import Box, Recount, Register, microseconds
from election.audit.report import Finding, Line, as_json, render_report
from election.model import topics
from election.model.messages import Reason, Vote, encode_vote
from election.model.rows import Candidate
from election.platform.settings import Settings
from election.results.board import Board
from election.results.look import HeldElection

NOON = datetime(2026, 5, 7, 12, 0, 30, tzinfo=UTC)
HELD = HeldElection("test", "A test", registered=4, votes_expected=3)


def test_a_box_has_room_for_any_number_of_candidates():
    register = Register([Candidate(str(number), "") for number in range(40_000)])
    register.add("v0", ("North", "female", "18-24"))
    box = Box(register)
    box.put(0, 39_999, 0)
    assert box.totals()[topics.VOTES_PER_CANDIDATE] == {"39999": 1}


class Case:
    """An election of four voters, v0 and v1 in North, v2 and v3 in South, whose record, log and tally a test fills."""

    def __init__(self):
        self.register = Register([Candidate("a", "Ann", "Red"), Candidate("b", "Bob", "Blue")])
        for number, state in enumerate(("North", "North", "South", "South")):
            self.register.add(f"v{number}", (state, "female", "18-24"))
        self.box, self.recount, self.board = Box(self.register), Recount(self.register), Board()

    def record(self, voter, candidate="a", time=NOON):
        self.box.put(self.register.voter_numbers[voter], self.register.candidate_numbers[candidate], microseconds(time))

    def log(self, voter, candidate="a", time=NOON):
        return self.recount.add(voter.encode(), encode_vote(Vote(voter, candidate, time)))

    def cast(self, *vote):
        self.record(*vote)
        self.log(*vote)

    def tally(self):
        """Tallies what is on the log now."""
        for topic in topics.AGGREGATED:
            for key, votes in self.recount.box.totals()[topic.name].items():
                self.tally_one(topic, key, votes)

    def tally_one(self, topic, key, votes):
        fields = dict(zip(topic.key, key.split("|"), strict=True))
        value = simplejson.dumps({**fields, "total_votes": votes, "last_vote_at": "2026-05-07T12:00:00Z"})
        self.board.apply(topic.name, key.encode(), value.encode(), None, 0)

    def reject(self, reason, offset):
        """What the count says on rejected_votes of the message at 0/offset."""
        headers = [("partition", b"0"), ("offset", str(offset).encode()), ("reason", reason.encode())]
        self.board.apply(topics.REJECTED_VOTES, None, b"", headers, 0)

    def look(self):
        return compare(HELD, self.register, self.box, self.recount, self.board, "00")


@pytest.fixture
def case():
    return Case()


@pytest.fixture
def counted(case):
    """Three votes, counted everywhere."""
    case.cast("v0")
    case.cast("v1", "b")
    case.cast("v2", "a", NOON + timedelta(minutes=1))
    case.tally()
    return case


@pytest.fixture
def lagging(counted):
    """A report of one recorded vote that is not on the log."""
    counted.record("v3")
    return counted.look()


def only(findings):
    (finding,) = findings
    return finding


def test_votes_that_are_everywhere_agree(counted):
    report = counted.look()
    assert report.agrees
    assert (report.recorded, report.logged, report.tallied, report.under_way) == (3, 3, 3, 0)
    assert report.locations[0] == Line("North", "North", recorded=2, logged=2, tallied=2)


def test_every_aggregate_is_recounted(counted):
    totals = counted.box.totals()
    assert totals.keys() == {topic.name for topic in topics.AGGREGATED}
    assert totals[topics.VOTES_PER_PARTY] == {"Red": 2, "Blue": 1}
    assert totals[topics.VOTES_BY_LOCATION] == {"North|a": 1, "North|b": 1, "South|a": 1}
    assert totals[topics.VOTES_PER_MINUTE] == {
        "2026-05-07T12:00Z|a": 1,
        "2026-05-07T12:00Z|b": 1,
        "2026-05-07T12:01Z|a": 1,
    }


@pytest.mark.parametrize("topic", topics.AGGREGATED, ids=lambda topic: topic.name)
def test_a_vote_too_many_in_any_aggregate_is_a_difference(counted, topic):
    key, votes = next(iter(counted.recount.box.totals()[topic.name].items()))
    counted.tally_one(topic, key, votes + 1)
    difference = only(counted.look().differences)
    assert (difference.count, difference.examples) == (1, (f"{key} ({votes + 1} for {votes})",))


def bad_message(case):
    case.recount.rejected.add(0, 7, Reason.NOT_JSON)


LATER = NOON + timedelta(seconds=1)
PLACES = topics.VOTES_BY_LOCATION


@pytest.mark.parametrize(
    ("what", "named", "happen"),
    [
        ("never recorded", ("v3",), lambda case: case.log("v3")),
        ("on votes_topic for another", ("v3",), lambda case: [case.record("v3"), case.log("v3", "b")]),
        ("another time", ("v3",), lambda case: [case.record("v3"), case.log("v3", "a", LATER)]),
        ("votes per candidate", ("nobody (7 for 0)",), lambda case: case.tally_one(topics.AGGREGATED[0], "nobody", 7)),
        ("another last message", ("0/6",), lambda case: [bad_message(case), case.reject(Reason.NOT_JSON, 6)]),
    ],
)
def test_what_differs_is_named(counted, what, named, happen):
    happen(counted)
    counted.tally()
    difference = only(counted.look().differences)
    assert what in difference.what
    assert difference.examples == named


def test_two_votes_swapped_between_candidates_are_found_though_every_total_is_right(case):
    for voter, recorded, logged in (("v0", "a", "b"), ("v1", "b", "a")):
        case.record(voter, recorded)
        case.log(voter, logged)
    case.tally()
    assert only(case.look().differences).examples == ("v0", "v1")


@pytest.mark.parametrize(
    ("happens", "arrives", "named"),
    [
        (lambda case: case.record("v3"), lambda case: [case.log("v3"), case.tally()], ("v3",)),
        (lambda case: case.cast("v3"), lambda case: case.tally(), ("a (2 for 3)",)),
        (lambda case: case.board.totals[PLACES].pop("North|b"), lambda case: case.tally(), ("North|b (0 for 1)",)),
        (bad_message, lambda case: case.reject(Reason.NOT_JSON, 7), ("not a flat JSON object (1)",)),
    ],
    ids=["recorded", "logged", "tallied elsewhere", "bad"],
)
def test_what_has_not_arrived_yet_is_under_way_and_then_agrees(counted, happens, arrives, named):
    happens(counted)
    report = counted.look()
    assert (report.differences, report.under_way, report.agrees) == ((), 1, False)
    assert only(report.lags).examples == named
    arrives(counted)
    assert counted.look().agrees


def test_a_later_vote_for_another_candidate_and_repeats_do_not_count_and_are_noted(counted):
    counted.log("v0", "b")
    for _ in range(3):
        counted.log("v0")
    report = counted.look()
    assert report.agrees
    assert [(note.count, note.examples) for note in report.notes] == [(1, ("v0",)), (3, ())]


def test_a_bad_message_has_its_reason_and_does_not_use_up_the_voters_turn(case):
    assert case.recount.add(b"v0", b"nonsense") == Reason.NOT_JSON
    assert case.log("v0", "z") == case.log("v9", "z") == Reason.UNKNOWN_CANDIDATE
    assert case.log("v9") == Reason.UNREGISTERED
    assert case.log("v0") is None
    assert case.recount.box.totals()[topics.VOTES_PER_PARTY] == {"Red": 1}


def test_a_rejection_for_another_reason_or_of_a_good_message_is_a_difference(counted):
    bad_message(counted)
    counted.reject(Reason.EMPTY, 7)
    counted.reject(Reason.EMPTY, 8)
    reasons, places = counted.look().differences
    assert reasons.examples == ("empty message (2)",)
    assert places.examples == ("0/8",)


def test_a_long_list_is_cut_and_says_how_long_it_is():
    voters = tuple(f"v{number}" for number in range(5000))
    assert str(Finding("voters", 5000, voters)) == f"5,000 voters: {', '.join(voters[:20])}, … (5,000 in all)"
    assert str(Finding("voters", 2, voters[:2])) == "2 voters: v0, v1"


@pytest.fixture
def settle(monkeypatch):
    """Settles on these reports, the last of them again and again; ten seconds pass at each look at the clock."""

    def settle(*reports):
        left = list(reports)
        monkeypatch.setattr(auditor, "PAUSE_SECONDS", 0)
        monkeypatch.setattr(auditor, "look", lambda settings: left.pop(0) if len(left) > 1 else left[0])
        return auditor.settled(Settings(), iter(range(0, 10**6, 10)).__next__)

    return settle


def test_lag_that_goes_away_is_no_difference_and_lag_that_never_moves_is_one(lagging, counted, settle):
    assert only(settle(lagging).differences).examples == ("v3",)
    counted.log("v3")
    counted.tally()
    assert settle(lagging, counted.look()).agrees


def test_an_election_that_keeps_moving_is_reported_as_it_is_in_the_end(case, settle):
    lag = Finding("under way", 1)
    moving = [replace(case.look(), lags=(lag,), rejected_by_reason={"moved": moved}) for moved in range(100)]
    found = settle(*moving)
    assert (found.exit_code, found.under_way) == (2, 1)
    assert found != moving[-1]


def test_ctrl_c_before_there_is_a_verdict_is_none(monkeypatch):
    def interrupted(settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(auditor, "look", interrupted)
    assert main([]) == 2


@pytest.mark.parametrize(
    "arguments",
    [["--prove", "v1"], ["--check-proof", "-"], ["--against", "file", "--publish"], ["--publish", "--seal", "file"]],
)
def test_options_that_do_not_go_together_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_a_report_is_told_as_text_and_as_one_line_for_machines(counted, lagging):
    text = render_report(lagging)
    for expected in ("Ann (Red)", "North", "Merkle root 00", "No difference so far; 1 under way."):
        assert expected in text
    assert "under way: 1 recorded votes are not on votes_topic; voters: v3" in text
    assert "DIFFERENCE: 1 recorded votes" in render_report(lagging.settled())
    assert "\n" not in as_json(lagging)
    found = simplejson.loads(as_json(lagging))
    assert (found["agrees"], found["under_way"], found["candidates"][0]["recorded"]) == (False, 1, 3)
