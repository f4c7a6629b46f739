"""Who the voters are: people from randomuser.me, or people of the same shape made up offline.

Either way the election decides where they live, how old they are and what they vote, so its outcome is the same.
"""

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import requests
from faker import Faker
from faker.config import AVAILABLE_LOCALES
from msgspec import structs

from election.model.definition import Election
from election.model.errors import DefinitionError
from election.model.findings import nearest
from election.model.rows import Candidate

log = logging.getLogger(__name__)

PORTRAITS = "https://randomuser.me/api/portraits"
PORTRAITS_PER_GENDER = 100
POOL_DRAWS = 4000
API_FIELDS = "gender,name,location,email,phone,cell,picture"
# As its documentation says, a request gives at most 5,000 people; a million would be a burden on a free service.
API_MOST_PEOPLE = 25_000
TIMEOUT_SECONDS = 3.05, 30
# A page of people that is beyond the last of any roll.
CANDIDATES_PAGE = 1_000_000


class Person(NamedTuple):
    """What a voter's row has of a person; the election draws the rest."""

    voter_name: str
    gender: str
    address_street: str
    address_postcode: str
    email: str
    phone_number: str
    cell_number: str
    picture: str


def require_locale(locale: str) -> None:
    """Raises DefinitionError when Faker has no names for it."""
    if locale not in AVAILABLE_LOCALES:
        what = f"election.toml: no names can be made up for locale = {locale!r}{nearest(locale, AVAILABLE_LOCALES)}"
        raise DefinitionError(what)


class Offline:
    """People made up here: pools of names and streets drawn from Faker once, combined by numpy.

    Phone numbers are from the ranges that Ofcom keeps for drama, e-mail addresses from example.org (RFC 2606).
    """

    def __init__(self, election: Election):
        self.seed = election.seed
        require_locale(election.locale)
        fake = Faker(election.locale)
        fake.seed_instance(election.seed)
        self.first = {
            "female": _pool(fake.first_name_female() for _ in range(POOL_DRAWS)),
            "male": _pool(fake.first_name_male() for _ in range(POOL_DRAWS)),
        }
        self.last = _pool(fake.last_name() for _ in range(POOL_DRAWS))
        self.streets = _pool(fake.street_name() for _ in range(POOL_DRAWS))
        self.postcodes = _pool(fake.postcode() for _ in range(POOL_DRAWS))

    def page(self, number: int, size: int) -> list[Person]:
        """`size` people, the same every time; pages count from 0."""
        random = np.random.default_rng((self.seed, number))

        def draw(pool: list[str]) -> list[str]:
            return random.choice(pool, size).tolist()

        genders = np.where(random.random(size) < 0.49, "male", "female").tolist()
        first = {gender: draw(names) for gender, names in self.first.items()}
        last, streets, postcodes = draw(self.last), draw(self.streets), draw(self.postcodes)
        house, line = random.integers(1, 200, size).tolist(), random.integers(1000, size=(size, 2)).tolist()
        portrait = random.integers(PORTRAITS_PER_GENDER, size=size).tolist()
        people = []
        for at, gender in enumerate(genders):
            given, family = first[gender][at], last[at]
            folder = "women" if gender == "female" else "men"
            people.append(
                Person(
                    voter_name=f"{given} {family}",
                    gender=gender,
                    address_street=f"{house[at]} {streets[at]}",
                    address_postcode=postcodes[at],
                    email=f"{given}.{family}{number * size + at}@example.org".lower().replace(" ", ""),
                    phone_number=f"01632 960{line[at][0]:03d}",
                    cell_number=f"07700 900{line[at][1]:03d}",
                    picture=f"{PORTRAITS}/{folder}/{portrait[at]}.jpg",
                )
            )
        return people


def _pool(draws: Iterable[str]) -> list[str]:
    return sorted(set(draws))


class RandomUser:
    """People from the API of randomuser.me (https://randomuser.me/documentation), one request a page."""

    def __init__(self, url: str, election: Election, offline: Offline):
        self.url, self.offline = url, offline
        self.query = {
            "seed": f"{election.name}-{election.seed}",
            "nat": election.nationality.lower(),
            "inc": API_FIELDS,
        }

    def page(self, number: int, size: int) -> list[Person]:
        """`size` people; pages count from 0. Those of a page that the API does not give are made up offline."""
        return self.ask(number, size) or self.offline.page(number, size)

    def ask(self, number: int, size: int) -> list[Person] | None:
        """What the API gives; says why when that can't be used."""
        query: dict[str, Any] = {**self.query, "page": number + 1, "results": size}
        try:
            answer = requests.get(self.url, params=query, timeout=TIMEOUT_SECONDS)
            answer.raise_for_status()
            people = [_person(result) for result in answer.json()["results"]]
            if len(people) != size:
                raise ValueError(f"{len(people)} people came, not {size}")
            return people
        except requests.ConnectionError:
            reason = "it can't be reached"
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            reason = f"{type(error).__name__}: {error}"
        log.info("voters are made up offline: randomuser.me: %s", reason)
        return None


def _person(result: dict[str, Any]) -> Person:
    street = result["location"]["street"]
    person = Person(
        voter_name=f"{result['name']['first']} {result['name']['last']}",
        gender=result["gender"],
        address_street=f"{street['number']} {street['name']}",
        address_postcode=str(result["location"]["postcode"]),
        email=result["email"],
        phone_number=result["phone"],
        cell_number=result["cell"],
        picture=result["picture"]["large"],
    )
    if not all(isinstance(text, str) and text.strip() and "\0" not in text for text in person):
        raise ValueError("a person has an empty field")
    return person


People = Offline | RandomUser


def choose_people(url: str, election: Election) -> People:
    """The API if it answers and the election is small enough for a free service, else the generator; says which."""
    offline = Offline(election)
    if election.replayed or election.registered > API_MOST_PEOPLE:
        many = f"{election.registered:,} are too many to ask of randomuser.me"
        log.info("voters are made up offline: %s", "this is a real election" if election.replayed else many)
        return offline
    api = RandomUser(url, election, offline)
    if not api.ask(0, 1):
        return offline
    log.info("voters come from randomuser.me")
    return api


def name_candidates(election: Election, people: People) -> list[Candidate]:
    """The candidates; in a simulated election those without a name get a made-up person's, and the portrait."""
    nameless = [candidate for candidate in election.candidates if not candidate.candidate_name]
    if not nameless:
        return list(election.candidates)
    named = {
        candidate.candidate_id: structs.replace(
            candidate, candidate_name=person.voter_name, photo_url=candidate.photo_url or person.picture
        )
        for candidate, person in zip(nameless, people.page(CANDIDATES_PAGE, len(nameless)), strict=True)
    }
    return [named.get(candidate.candidate_id, candidate) for candidate in election.candidates]
