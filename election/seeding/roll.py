"""The roll: the register of an election's voters, made page by page, the same every time.

A page is independent of the others, so a seeding that was killed half-way goes on where it stopped.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import numpy as np

from election.model.ballots import Ballots, registration_number
from election.model.definition import Election
from election.model.rows import RegisteredVoter
from election.seeding.ages import Ages
from election.seeding.people import People

PAGE_SIZE = 5000


class Roll:
    """All registered voters of an election, in an order that mixes the places."""

    def __init__(self, election: Election, people: People):
        self.election, self.people = election, people
        self.ballots = Ballots(election)
        self._ends = np.cumsum([location.registered for location in election.locations])
        self._order = np.random.default_rng((election.seed, 1)).permutation(election.registered)
        self._ages = Ages(election)

    @property
    def pages(self) -> int:
        return -(-self.election.registered // PAGE_SIZE)

    def page(self, number: int) -> Iterator[RegisteredVoter]:
        """One page of voters."""
        numbers = self._order[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
        random = np.random.default_rng((self.election.seed, 2, number))
        ids = random.bytes(16 * len(numbers))
        drawn = random.random(len(numbers)).tolist()
        days = random.integers(360, size=len(numbers)).tolist()
        city = random.integers(10**6, size=len(numbers)).tolist()
        places = np.searchsorted(self._ends, numbers, side="right").tolist()
        people = self.people.page(number, len(numbers))
        for at, (index, place, person) in enumerate(zip(numbers.tolist(), places, people, strict=True)):
            location = self.election.locations[place]
            registration = registration_number(place, index - int(self._ends[place]) + location.registered)
            age = self._ages.draw(self.ballots.choice(registration), drawn[at])
            yield RegisteredVoter(
                voter_id=str(UUID(bytes=ids[16 * at : 16 * at + 16])),
                date_of_birth=_born(self.election.date, age, days[at]),
                nationality=self.election.nationality,
                registration_number=registration,
                address_city=location.cities[city[at] % len(location.cities)],
                address_state=location.name,
                address_country=self.election.country,
                registered_age=age,
                **person._asdict(),
            )


def _born(day: date, age: int, days: int) -> date:
    """A date of birth that makes somebody `age` on `day`; `days` (0 to 359) since the last birthday."""
    return date(day.year - age, day.month, min(day.day, 28)) - timedelta(days=days)
