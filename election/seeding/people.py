"""Who the voters are: people from randomuser.me, or people of the same shape made up offline.

Either way the election decides where they live, how old they are and what they vote, so its outcome is the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import requests
from faker import Faker
from faker.config import AVAILABLE_LOCALES

from election.model.definition import Election
from election.model.errors import DefinitionError
from election.model.findings import nearest

log = logging.getLogger(__name__)

PORTRAITS = "https://randomuser.me/api/portraits"
PORTRAITS_PER_GENDER = 100
POOL_DRAWS = 4000
API_FIELDS = "gender,name,location,email,phone,cell,picture"
# As its documentation says, a request gives at most 5,000 people; a million would be a burden on a free service.
API_MOST_PEOPLE = 25_000
ATTEMPTS, FIRST_PAUSE_SECONDS, TIMEOUT_SECONDS = 4, 0.5, (3.05, 30)


class Person(NamedTuple):
    """What a voter's row needs of a person; the election draws the rest."""

    name: str
    gender: str
    street: str
    postcode: str
    email: str
    phone: str
    cell: str
    picture: str


class People(Protocol):
    """A source of people. The same page of the same election is always the same people."""

    name: str

    def page(self, number: int, size: int) -> list[Person]: ...


class PeopleUnavailable(Exception):
    """randomuser.me can't be reached or answers in another shape; the text is the reason."""


class RandomUser:
    """People from the API of randomuser.me (https://randomuser.me/documentation), one request a page."""

    name = "randomuser.me"

    def __init__(self, url: str, election: Election, pause_seconds: float = FIRST_PAUSE_SECONDS):
        self.url, self.pause_seconds = url, pause_seconds
        self.query = {
            "seed": f"{election.name}-{election.seed}",
            "nat": election.nationality.lower(),
            "inc": API_FIELDS,
            "noinfo": "",
        }

    def page(self, number: int, size: int) -> list[Person]:
        """`size` people; pages count from 0.

        Raises PeopleUnavailable after four attempts with growing pauses between them.
        """
        query: dict[str, Any] = {**self.query, "page": number + 1, "results": size}
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(self.pause_seconds * 2 ** (attempt - 1))
            try:
                answer = requests.get(self.url, params=query, timeout=TIMEOUT_SECONDS)
                answer.raise_for_status()
                return self._people(answer.json(), size)
            except requests.ConnectionError:
                raise PeopleUnavailable("it can't be reached") from None
            except (requests.RequestException, ValueError, KeyError, TypeError) as error:
                reason = f"{type(error).__name__}: {error}"
        raise PeopleUnavailable(reason)

    @staticmethod
    def _people(answer: dict[str, Any], size: int) -> list[Person]:
        if "error" in answer:
            raise ValueError(answer["error"])
        results = answer["results"]
        if len(results) != size:
            raise ValueError(f"{len(results)} people came, not {size}")
        return [RandomUser._person(result) for result in results]

    @staticmethod
    def _person(result: dict[str, Any]) -> Person:
        street = result["location"]["street"]
        person = Person(
            name=f"{result['name']['first']} {result['name']['last']}",
            gender=result["gender"],
            street=f"{street['number']} {street['name']}",
            postcode=str(result["location"]["postcode"]),
            email=result["email"],
            phone=result["phone"],
            cell=result["cell"],
            picture=result["picture"]["large"],
        )
        if not all(isinstance(text, str) and text.strip() and "\0" not in text for text in person):
            raise ValueError("a person has an empty field")
        return person


def require_locale(locale: str) -> None:
    """Raises DefinitionError when Faker has no names for it."""
    if locale not in AVAILABLE_LOCALES:
        what = f"election.toml: no names can be made up for locale = {locale!r}{nearest(locale, AVAILABLE_LOCALES)}"
        raise DefinitionError(what)


class Offline:
    """People made up here: pools of names and streets drawn from Faker once, combined by numpy.

    Phone numbers are from the ranges that Ofcom keeps for drama, e-mail addresses from example.org (RFC 2606).
    """

    name = "offline"

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
        """`size` people; pages count from 0."""
        random = np.random.default_rng((self.seed, number))
        genders = np.array(["female", "male"])[(random.random(size) < 0.49).astype(int)].tolist()
        draw = lambda pool: random.integers(len(pool), size=size).tolist()  # noqa: E731
        first = {gender: draw(names) for gender, names in self.first.items()}
        last, streets, postcodes = draw(self.last), draw(self.streets), draw(self.postcodes)
        house, line = random.integers(1, 200, size).tolist(), random.integers(1000, size=(size, 2)).tolist()
        portrait = random.integers(PORTRAITS_PER_GENDER, size=size).tolist()
        people = []
        for at, gender in enumerate(genders):
            given, family = self.first[gender][first[gender][at]], self.last[last[at]]
            folder = "women" if gender == "female" else "men"
            people.append(
                Person(
                    name=f"{given} {family}",
                    gender=gender,
                    street=f"{house[at]} {self.streets[streets[at]]}",
                    postcode=self.postcodes[postcodes[at]],
                    email=f"{given}.{family}{number * size + at}@example.org".lower().replace(" ", ""),
                    phone=f"01632 960{line[at][0]:03d}",
                    cell=f"07700 900{line[at][1]:03d}",
                    picture=f"{PORTRAITS}/{folder}/{portrait[at]}.jpg",
                )
            )
        return people


def _pool(draws: Iterable[str]) -> Sequence[str]:
    return sorted(set(draws))


class WithFallback:
    """People from the API, and from the offline generator for any page that the API does not give."""

    name = RandomUser.name

    def __init__(self, api: RandomUser, offline: Offline):
        self.api, self.offline = api, offline

    def page(self, number: int, size: int) -> list[Person]:
        try:
            return self.api.page(number, size)
        except PeopleUnavailable as error:
            log.warning("page %d of %s made up offline instead: %s", number, self.api.name, error)
            return self.offline.page(number, size)


def choose_people(url: str, election: Election) -> People:
    """The API if it answers and the election is small enough for a free service, else the generator; says which."""
    offline = Offline(election)
    if election.replayed or election.registered > API_MOST_PEOPLE:
        log.info(
            "voters are made up offline: %s are too many to ask of %s", f"{election.registered:,}", RandomUser.name
        )
        return offline
    api = RandomUser(url, election)
    try:
        api.page(0, 1)
    except PeopleUnavailable as error:
        log.info("voters are made up offline: %s: %s", api.name, error)
        return offline
    log.info("voters come from %s", api.name)
    return WithFallback(api, offline)
