"""The quick form of the chaos rounds: a few kills, and an exact answer. The long form: python -m tests.chaos"""

from tests.chaos.faults import FAULTS
from tests.chaos.plan import draw_plan
from tests.chaos.rounds import Round


def test_an_election_is_counted_exactly_though_its_parts_are_killed(java, folder):
    plan = draw_plan(seed=23, quick=True)
    problems = Round(plan, folder).run()
    assert not problems, f"python -m tests.chaos --quick --rounds 1 --seed {plan.seed} does this again"


def test_a_seed_draws_the_same_round_again():
    assert draw_plan(7) == draw_plan(7)
    assert draw_plan(7) != draw_plan(8)


def test_the_rounds_hold_every_fault():
    drawn = {event.fault for seed in range(100) for event in draw_plan(seed).events}
    assert drawn == FAULTS.keys()
