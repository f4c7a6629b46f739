"""The roll and the ballots: the outcome follows from them, voter by voter."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from election.model.ballots import Ballots, registration_number
from election.model.definition import Location, load_election
from election.model.rows import Candidate
from election.seeding.ages import Ages
from election.seeding.people import Offline
from election.seeding.roll import PAGE_SIZE, Roll


@pytest.fixture(scope="module")
def election():
    return load_election("simulated", PAGE_SIZE + 700)


@pytest.fixture(scope="module")
def voters(election):
    roll = Roll(election, Offline(election))
    return [voter for page in range(roll.pages) for voter in roll.page(page)]


def test_everybody_is_registered_once(election, voters):
    assert len(voters) == election.registered
    for name in ("voter_id", "registration_number"):
        assert len({getattr(voter, name) for voter in voters}) == election.registered


def test_the_voters_choices_add_up_to_the_outcome_in_every_place(election, voters):
    ballots = Ballots(election)
    chosen = Counter(
        (voter.address_state, choice) for voter in voters if (choice := ballots.choice(voter.registration_number))
    )
    assert chosen == election.votes_by_location


@pytest.mark.parametrize("name", ["simulated", "montreal-2013"])
def test_every_number_of_every_place_has_one_ballot(name):
    election = load_election(name)
    ballots = Ballots(election)
    for place, location in enumerate(election.locations):
        cast = Counter(ballots.choice(registration_number(place, number)) for number in range(location.registered))
        assert {key: votes for key, votes in cast.items() if key} == {k: v for k, v in location.votes.items() if v}


def test_neighbours_on_the_roll_choose_independently():
    election = load_election("montreal-2013")
    ballots = Ballots(election)
    choices = [ballots.choice(registration_number(0, number)) for number in range(400)]
    assert len(set(choices[:20])) == 3
    assert max(Counter(pairwise(choices)).values()) < 200


@pytest.mark.parametrize("bad", ["", "1", "x-1", "999-0", "000-9999999", "000-", "-1", "000-1-1", "²-1"])
def test_a_number_that_nobody_has_is_refused(election, bad):
    with pytest.raises(ValueError, match="regist"):
        Ballots(election).choice(bad)


def test_ages_follow_from_dates_of_birth(election, voters):
    day = election.date
    for voter in voters:
        born = voter.date_of_birth
        had_birthday = (day.month, day.day) >= (born.month, born.day)
        assert voter.registered_age == day.year - born.year - (not had_birthday)
        assert voter.registered_age >= 18


def test_turnout_rises_with_age(election, voters):
    ballots, registered, voted = Ballots(election), Counter(), Counter()
    for voter in voters:
        group = min(voter.registered_age // 10 * 10, 70)
        registered[group] += 1
        voted[group] += ballots.choice(voter.registration_number) is not None
    turnout = [voted[group] / registered[group] for group in (20, 30, 40, 50, 60, 70)]
    assert all(older > younger - 0.02 for younger, older in pairwise(turnout))
    assert turnout[-1] > turnout[0] + 0.12


@pytest.mark.parametrize("candidates", [1, 2, 102])
def test_ages_are_plausible_for_any_number_of_candidates(candidates):
    ids = [f"c{number}" for number in range(candidates)]
    here = Location("Here", ("Here",), 10 * candidates, dict.fromkeys(ids, 7))
    stands = tuple(Candidate(name, name) for name in ids)
    ages = Ages(replace(load_election("simulated", 1000), candidates=stands, locations=(here,)))
    drawn = {choice: [ages.draw(choice, number / 1000) for number in range(1000)] for choice in (None, *ids)}
    means = {choice: sum(own) / 1000 for choice, own in drawn.items()}
    assert all(40 < mean < 60 for mean in means.values())
    assert means[ids[0]] - means[ids[-1]] < 8
    for own in drawn.values():
        assert sum(age >= 90 for age in own) < 35
        assert min(own) == 18
