"""The recount, the comparison and what the audit makes of them, without services."""

import json
from array import array
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import simplejson

from election.audit import __main__ as command
from election.audit import auditor as audit
from election.audit.__main__ import main, parse_arguments, watch
from election.audit.auditor import settle
from election.audit.comparison import compare
from election.audit.recount import Box, Recount, Register, microseconds
from election.audit.report import Finding, as_json, render_progress, render_report
from election.model import topics
from election.model.errors import CannotLook
from election.model.messages import Reason, Vote, encode_vote
from election.results.board import Board

NOON = datetime(2026, 5, 7, 12, 0, 30, tzinfo=UTC)
CANDIDATES = [("a", "Ann", "Red"), ("b", "Bob", "Blue")]
STATES = [0, 0, 1, 1]


@pytest.fixture
def register():
    """v0 and v1 live in North, v2 and v3 in South."""
    return Register(
        CANDIDATES,
        numbers={f"v{number}": number for number in range(4)},
        labels={"state": ["North", "South"], "gender": ["female"], "age_group": ["18-24"]},
        groups={"state": array("i", STATES), "gender": array("i", [0] * 4), "age_group": array("i", [0] * 4)},
    )


class Case:
    """An election of four voters whose record, log and tally a test fills as it likes."""

    def __init__(self, register):
        self.register, self.record = register, Box(register)
        self.recount, self.board = Recount(register), Board()

    def cast(self, voter, candidate="a", time=NOON):
        """A vote that went all the way but to the tally."""
        number = [candidate_id for candidate_id, *_ in CANDIDATES].index(candidate)
        self.record.put(self.register.numbers[voter], number, microseconds(time))
        self.log(voter, candidate, time)

    def log(self, voter, candidate="a", time=NOON):
        return self.recount.add(voter.encode(), encode_vote(Vote(voter, candidate, time)))

    def tally(self):
        """Tallies what is on the log now."""
        for topic in topics.AGGREGATED:
            for key, votes in self.recount.box.totals()[topic.name].items():
                self.tally_one(topic, key, votes)

    def tally_one(self, topic, key, votes):
        fields = dict(zip(topic.key, key.split("|"), strict=True))
        value = simplejson.dumps({**fields, "total_votes": votes, "last_vote_at": "2026-05-07T12:00:00Z"})
        self.board.apply(topic.name, key.encode(), value.encode(), None, 0)

    def look(self):
        return compare({"title": "A test"}, self.register, self.record, self.recount, self.board, "00")


@pytest.fixture
def case(register):
    return Case(register)


@pytest.fixture
def counted(case):
    """Three votes, counted everywhere."""
    case.cast("v0")
    case.cast("v1", "b")
    case.cast("v2", "a", NOON + timedelta(minutes=1))
    case.tally()
    return case


def only(findings):
    (finding,) = findings
    return finding


def test_votes_that_are_everywhere_agree(counted):
    report = counted.look()
    assert report.agrees
    assert (report.recorded, report.logged, report.tallied, report.under_way) == (3, 3, 3, 0)
    assert [(line.key, line.recorded, line.logged, line.tallied) for line in report.locations] == [
        ("North", 2, 2, 2),
        ("South", 1, 1, 1),
    ]


def test_every_aggregate_is_recounted(counted):
    totals = counted.record.totals()
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
    assert difference.count == 1
    assert difference.examples == (f"{key} ({votes + 1} for {votes})",)


def test_a_tally_for_somebody_unknown_is_a_difference_and_a_line_of_its_own(counted):
    counted.tally_one(topics.AGGREGATED[0], "nobody", 7)
    report = counted.look()
    assert only(report.differences).examples == ("nobody (7 for 0)",)
    assert [line.tallied for line in report.candidates if line.key == "nobody"] == [7]


def test_a_recorded_vote_that_is_not_on_the_log_yet_is_under_way(counted):
    counted.record.put(3, 0, microseconds(NOON))
    report = counted.look()
    assert not report.differences
    assert (report.under_way, only(report.lags).examples) == (1, ("v3",))
    assert not report.agrees


def test_a_logged_vote_that_is_not_tallied_yet_is_under_way(counted):
    counted.cast("v3")
    report = counted.look()
    assert not report.differences
    assert report.under_way == 1


def test_a_logged_vote_that_was_never_recorded_is_named(counted):
    counted.log("v3")
    counted.tally()
    difference = only(counted.look().differences)
    assert "never recorded" in difference.what
    assert difference.examples == ("v3",)


def test_a_voter_logged_for_another_candidate_than_recorded_is_named(case):
    case.record.put(0, 0, microseconds(NOON))
    case.log("v0", "b")
    case.tally()
    difference = only(case.look().differences)
    assert "for another" in difference.what
    assert difference.examples == ("v0",)


def test_two_votes_swapped_between_candidates_are_found_though_every_total_is_right(case):
    for voter, recorded, logged in ((0, 0, "b"), (1, 1, "a")):
        case.record.put(voter, recorded, microseconds(NOON))
        case.log(f"v{voter}", logged)
    case.tally()
    report = case.look()
    assert [line.recorded for line in report.candidates] == [line.tallied for line in report.candidates]
    assert only(report.differences).examples == ("v0", "v1")


def test_another_time_on_the_log_than_in_the_record_is_named(case):
    case.record.put(0, 0, microseconds(NOON))
    case.log("v0", time=NOON + timedelta(seconds=1))
    case.tally()
    assert "another time" in only(case.look().differences).what


def test_a_later_vote_for_another_candidate_does_not_count_and_is_noted_by_name(counted):
    assert counted.log("v0", "b") is None
    report = counted.look()
    assert report.agrees
    assert only(report.notes).examples == ("v0",)


def test_repeats_do_not_count_and_are_noted(counted):
    for _ in range(3):
        counted.log("v0")
    report = counted.look()
    assert report.agrees
    assert only(report.notes).count == 3


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (b"v0", b"nonsense", Reason.NOT_JSON),
        (b"v9", encode_vote(Vote("v9", "a", NOON)), Reason.UNREGISTERED),
        (b"v0", encode_vote(Vote("v0", "z", NOON)), Reason.UNKNOWN_CANDIDATE),
        (b"v9", encode_vote(Vote("v9", "z", NOON)), Reason.UNKNOWN_CANDIDATE),
    ],
)
def test_a_bad_message_has_its_reason_and_does_not_use_up_the_voters_turn(case, key, value, reason):
    assert case.recount.add(key, value) == reason
    assert case.log("v0") is None
    assert len(case.recount.box) == 1


def rejected(board, reason, partition=0, offset=7):
    headers = [
        (name, str(value).encode())
        for name, value in (("partition", partition), ("offset", offset), ("reason", reason))
    ]
    board.apply(topics.REJECTED_VOTES, None, b"", headers, 0)


def test_a_bad_message_is_under_way_until_it_is_on_rejected_votes(counted):
    counted.recount.rejected.add(0, 7, Reason.NOT_JSON)
    assert only(counted.look().lags).examples == ("0/7",)
    rejected(counted.board, Reason.NOT_JSON)
    assert counted.look().agrees


def test_a_rejection_for_another_reason_or_of_a_good_message_is_a_difference(counted):
    counted.recount.rejected.add(0, 7, Reason.NOT_JSON)
    rejected(counted.board, Reason.EMPTY)
    rejected(counted.board, Reason.EMPTY, offset=8)
    assert only(counted.look().differences).examples == ("0/7", "0/8")


def test_a_long_list_is_cut_and_says_how_long_it_is():
    voters = tuple(f"v{number}" for number in range(5000))
    assert str(Finding("voters", 5000, voters)) == f"5,000 voters: {', '.join(voters[:20])}, … (5,000 in all)"
    assert str(Finding("voters", 2, voters[:2])) == "2 voters: v0, v1"


class Auditor:
    """Finds these reports, the last again and again; an exception among them is raised."""

    def __init__(self, *reports):
        self.reports = list(reports)

    def look(self):
        report = self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]
        if isinstance(report, BaseException):
            raise report
        return report

    def close(self):
        pass


class Clock:
    now = 0.0

    def __call__(self):
        self.now += 10
        return self.now


@pytest.fixture
def lagging(counted):
    counted.record.put(3, 0, microseconds(NOON))
    return counted.look()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(audit, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(command, "WATCH_SECONDS", 0)


def test_lag_that_goes_away_is_no_difference(lagging, case):
    case.log("v3")
    case.tally()
    assert settle(Auditor(lagging, case.look()), 15, Clock()).agrees


def test_lag_that_never_moves_is_a_difference_in_the_end(lagging):
    settled = settle(Auditor(lagging), 15, Clock())
    assert not settled.agrees
    assert only(settled.differences).examples == ("v3",)


def test_a_row_that_one_aggregate_never_gets_is_a_difference_in_the_end(counted):
    del counted.board.totals[topics.VOTES_BY_LOCATION]["North|b"]
    assert not counted.look().differences
    settled = settle(Auditor(counted.look()), 15, Clock())
    assert only(settled.differences).examples == ("North|b (0 for 1)",)
    assert "votes by location" in only(settled.differences).what


def test_a_difference_is_reported_at_once(counted):
    counted.log("v3")
    counted.record.put(0, 1, microseconds(NOON))
    assert settle(Auditor(counted.look()), 1e9, Clock()).differences


def test_an_election_that_keeps_moving_is_reported_as_it_is_in_the_end(case):
    lag = Finding("under way", 1)
    moving = [replace(case.look(), lags=(lag,), rejected_by_reason={"moved": moved}) for moved in range(100)]
    found = settle(Auditor(*moving), 15, Clock())
    assert (found.exit_code, found.under_way) == (2, 1)
    assert found != moving[-1]


@pytest.mark.parametrize(("last", "code"), [("agrees", 0), ("differs", 1), ("lags", 2), ("cannot", 1)])
def test_a_watch_ends_with_the_code_of_its_last_report(counted, lagging, capsys, last, code):
    differs = lagging.settled()
    sequences = {
        "agrees": [differs, replace(lagging, lags=())],
        "differs": [lagging, differs],
        "lags": [differs, lagging],
        "cannot": [CannotLook("Kafka: gone"), differs, CannotLook("PostgreSQL: gone")],
    }
    assert watch(Auditor(*sequences[last], KeyboardInterrupt()), render_report, render_progress) == code
    said = capsys.readouterr()
    assert said.err.count("could not look and tries again") == 2 * (last == "cannot")


@pytest.mark.parametrize("arguments", [[], ["--watch"]])
def test_ctrl_c_before_there_is_a_verdict_is_none(monkeypatch, arguments):
    monkeypatch.setattr(command, "Auditor", lambda settings: Auditor(KeyboardInterrupt()))
    assert main(arguments) == 2


def test_the_text_has_both_tables_the_root_and_the_verdict(counted):
    text = render_report(counted.look())
    for expected in ("Ann (Red)", "North", "Merkle root 00", "agree on 3 votes"):
        assert expected in text


def test_differences_and_lag_are_told_apart_in_the_text(counted, lagging):
    assert "under way: 1 recorded votes are not on votes_topic; voters: v3" in render_report(lagging)
    assert "DIFFERENCE: 1 recorded votes" in render_report(lagging.settled())
    assert "1 under way" in render_progress(lagging)


def test_the_json_is_one_line_for_machines(lagging):
    text = as_json(lagging)
    assert "\n" not in text
    found = json.loads(text)
    assert (found["agrees"], found["under_way"], found["candidates"][0]["recorded"]) == (False, 1, 3)


def test_the_command_line_needs_nothing():
    arguments = parse_arguments([])
    assert not arguments.watch
    assert arguments.seal is None
