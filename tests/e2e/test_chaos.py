"""The quick form of the chaos rounds: a few kills, and an exact answer. The long form: python -m tests.chaos"""

from tests.chaos.plan import Event, Plan
from tests.chaos.rounds import Round

EVENTS = Event(5, "kill_voting"), Event(8, "repeat_votes"), Event(10, "kill_kafka", 2), Event(12, "kill_spark_jvm")


def test_an_election_is_counted_exactly_though_its_parts_are_killed(java, folder):
    plan = Plan(seed=1, voters=1000, rate=100, partitions=2, batch_size=200, voting_processes=1, events=EVENTS)
    assert Round(plan, folder).run() == []
