"""Who stands: the definition's candidates. Those of a simulated election that have no name get a made-up person's."""

from __future__ import annotations

from msgspec import structs

from election.model.definition import Election
from election.model.rows import Candidate
from election.seeding.people import People, Person

# A page of people that is beyond the last of any roll.
CANDIDATES_PAGE = 1_000_000


def name_candidates(election: Election, people: People) -> list[Candidate]:
    """The candidates; in a simulated election those without a name get a made-up person's, and the portrait."""
    nameless = [candidate for candidate in election.candidates if not candidate.candidate_name]
    persons = iter(people.page(CANDIDATES_PAGE, len(nameless)) if nameless else [])
    return [
        candidate if candidate.candidate_name else _named(candidate, next(persons)) for candidate in election.candidates
    ]


def _named(candidate: Candidate, person: Person) -> Candidate:
    photo = candidate.photo_url or person.picture
    return structs.replace(candidate, candidate_name=person.name, photo_url=photo)
