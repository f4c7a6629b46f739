"""What a chaos round draws and what it demands, without servers."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from election.audit.report import Finding, Report
from election.model.messages import Vote, encode_vote, parse_vote
from tests.chaos.__main__ import replay
from tests.chaos.faults import FAULTS, forge_votes, kill, kill_spark_driver
from tests.chaos.plan import FULL_SPEED_SECONDS, NEVER_TOGETHER, OF_THE_COUNT, draw_plan
from tests.chaos.verdict import counts_again, judge_notes
from tests.chaos.watcher import fallen

NOW = datetime(2026, 5, 7, 12, tzinfo=UTC)
PLANS = [draw_plan(seed) for seed in range(100)]
FULL_SPEED = [plan for plan in PLANS if not plan.rate]


def test_a_seed_draws_the_same_round_again():
    assert draw_plan(7) == draw_plan(7)
    assert draw_plan(7) != draw_plan(8)


def test_the_rounds_hold_every_fault():
    assert {event.fault for plan in PLANS for event in plan.events} == FAULTS.keys()


def test_what_hides_another_fault_is_not_drawn_with_it():
    assert not [plan for plan in PLANS if {event.fault for event in plan.events} >= NEVER_TOGETHER]


def test_at_full_speed_faults_of_the_casting_come_while_a_voter_can_still_be_cast():
    assert 10 < len(FULL_SPEED) < 50
    for plan in FULL_SPEED:
        assert plan.from_first_vote
        assert plan.batch_size <= 10
        together = Counter(event.at for event in plan.events)
        alone = [event for event in plan.events if event.fault not in OF_THE_COUNT and together[event.at] == 1]
        assert all(event.at <= FULL_SPEED_SECONDS for event in alone)


def test_a_paced_rounds_clock_starts_with_its_scripts():
    assert not [plan for plan in PLANS if plan.rate and plan.from_first_vote]


def test_readers_begin_at_moments_of_their_own():
    assert all(len(set(plan.readers)) == len(plan.readers) > 1 for plan in PLANS)


def test_the_dashboard_runs_in_the_rounds_that_strike_it():
    for plan in PLANS:
        assert plan.dashboard == any("dashboard" in event.fault for event in plan.events)


@pytest.mark.parametrize("quick", [True, False])
def test_the_line_that_replays_a_round_draws_this_round(quick):
    said = replay(5, quick=quick).split()
    assert said[said.index("--seed") + 1] == "5"
    assert ("--quick" in said) is quick


class Process:
    """Counts the kills; a process that has ended can't be killed."""

    def __init__(self, pid):
        self.pid, self.popen, self.kills = pid, self, 0

    def kill(self):
        self.kills += 1

    def wait(self):
        pass


class Chaos:
    def __init__(self, running):
        self._running = running

    def running(self, part):
        return self._running


@pytest.mark.parametrize("fault", [kill("voting"), kill_spark_driver])
def test_a_fault_strikes_only_what_runs(fault):
    process = Process(1)
    assert fault(Chaos(process), None) is True
    assert process.kills == 1
    assert fault(Chaos(None), None) is False


COUNTED = b"22:00:01 a checkpoint is saved: votes so far are counted\n"
AGAIN = b"22:00:02 starting again: the topic votes_topic was made anew\n"
QUERY_AGAIN = b"22:00:02 the count stopped and starts again: [STREAM_FAILED]\n"


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (b"", False),
        (b"22:00:00 starting Spark on local[12]\n", False),
        (COUNTED, True),
        (COUNTED + AGAIN, False),
        (COUNTED + QUERY_AGAIN, False),
        (AGAIN + QUERY_AGAIN + COUNTED, True),
    ],
)
def test_spark_counts_when_it_has_said_so_since_it_last_began(said, counts):
    assert counts_again(said) is counts


def report(*notes):
    nothing = dict.fromkeys(("candidates", "locations", "differences", "lags"), ())
    return Report("A test", 4, **nothing, notes=notes, rejected_by_reason={}, size=0, root="")


LATER = "voters have a later vote for another candidate on votes_topic, which does not count; voters"


@pytest.mark.parametrize(
    ("notes", "contested", "right"),
    [
        ([], set(), True),
        ([Finding("messages repeat a vote", 3)], set(), True),
        ([Finding(LATER, 2, ("v1", "v2"))], {"v2", "v1"}, True),
        ([Finding(LATER, 2, ("v1",))], {"v2", "v1"}, True),
        ([], {"v1"}, False),
        ([Finding(LATER, 1, ("v1",))], set(), False),
        ([Finding(LATER, 1)], {"v1"}, False),
        ([Finding(LATER, 1, ("v2",))], {"v1"}, False),
        ([Finding(LATER, 3, ("v1", "v2", "v3"))], {"v1", "v2"}, False),
    ],
)
def test_the_audit_must_name_just_the_voters_with_a_forged_later_vote(notes, contested, right):
    assert (judge_notes(report(*notes), contested) == []) is right


def test_votes_are_forged_for_those_who_have_voted_once_each_and_for_somebody_else():
    logged = [
        (b"bad", b"nonsense", 0),
        *((voter.encode(), encode_vote(Vote(voter, choice, NOW)), 1) for voter, choice in
          (("v1", "a"), ("v1", "a"), ("v2", "b"), ("v3", "nobody"))),
    ]  # fmt: skip
    forged = forge_votes(logged, ["a", "b"])
    assert forged.keys() == {"v1", "v2"}
    assert [parse_vote(key, value).candidate_id for key, value, _ in forged.values()] == ["b", "a"]
    assert {partition for *_, partition in forged.values()} == {1}
    with pytest.raises(IndexError):
        forge_votes(logged[:1], ["a", "b"])


def test_a_total_that_is_less_or_gone_has_fallen():
    before = {("votes", "a"): 5, ("votes", "b"): 2, ("votes", "c"): 1}
    assert fallen(before, {("votes", "a"): 6, ("votes", "b"): 2, ("votes", "c"): 1}) == []
    assert len(fallen(before, {("votes", "a"): 4, ("votes", "b"): 2})) == 2
