"""A row of each table that main.py fills: a candidate, and a registered voter. Their fields are the tables' columns."""

from datetime import date
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a vote may be for. Blank and invalid votes are counted and shown; they are never ranked and never win."""

    CANDIDATE = "candidate"
    WRITE_IN = "write-in"
    BLANK = "blank"
    INVALID = "invalid"

    @property
    def ranked(self) -> bool:
        return self in (Kind.CANDIDATE, Kind.WRITE_IN)


class Candidate(msgspec.Struct, frozen=True):
    """Who or what a vote may be for. Texts that are not known are empty."""

    candidate_id: str
    candidate_name: str
    party_affiliation: str = ""
    biography: str = ""
    campaign_platform: str = ""
    photo_url: str = ""
    kind: Kind = Kind.CANDIDATE


class RegisteredVoter(msgspec.Struct, frozen=True):
    """A voter of the roll."""

    voter_id: str
    voter_name: str
    date_of_birth: date
    gender: str
    nationality: str
    registration_number: str
    address_street: str
    address_city: str
    address_state: str
    address_country: str
    address_postcode: str
    email: str
    phone_number: str
    cell_number: str
    picture: str
    registered_age: int


CANDIDATE_COLUMNS = Candidate.__struct_fields__
VOTER_COLUMNS = RegisteredVoter.__struct_fields__
