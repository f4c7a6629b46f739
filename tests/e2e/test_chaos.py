"""The quick form of the chaos rounds: a few kills, and an exact answer. The long form: python -m tests.chaos"""

from tests.chaos.__main__ import replay
from tests.chaos.plan import draw_plan
from tests.chaos.rounds import Round


def test_an_election_is_counted_exactly_though_its_parts_are_killed(java, folder):
    plan = draw_plan(seed=23, quick=True)
    problems = Round(plan, folder).run()
    assert not problems, f"{problems}; {replay(plan.seed, quick=True)} does this again"
