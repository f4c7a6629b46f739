"""An election as a folder of data, read and checked.

elections/NAME/election.toml     title, seed, date, nationality, country, locale; voters, turnout, rate where they apply
elections/NAME/candidates.csv    candidate_id,candidate_name,party_affiliation,biography,campaign_platform,photo_url
elections/NAME/results.csv       location,candidate_id,votes[,registered]: replays a real election, or
elections/NAME/locations.csv     location,cities,size,<candidate_id>...: simulates one (relative size and support)
elections/NAME/locations.geojson optional outlines; each feature's `location` property names its place
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from election import PROJECT
from election.model.errors import DefinitionError
from election.model.files import read_count, read_csv, read_toml, read_weight
from election.model.messages import LONGEST_TEXT
from election.model.rows import CANDIDATE_COLUMNS, Candidate

ELECTIONS = PROJECT / "elections"
CANDIDATE_FIELDS = tuple(name for name in CANDIDATE_COLUMNS if name != "kind")
TALLIED_FIELDS = "candidate_id", "candidate_name", "party_affiliation", "photo_url"
RESULT_FIELDS = "location", "candidate_id", "votes"
LOCATION_FIELDS = "location", "cities", "size"
# How far support in a simulated place may stray from what locations.csv says.
SUPPORT_NOISE = 0.08


@dataclass(frozen=True)
class Location:
    """A place: how many are registered, and the votes of each candidate there, in the order of candidates.csv."""

    name: str
    cities: tuple[str, ...]
    registered: int
    votes: dict[str, int]

    @property
    def ballots(self) -> int:
        return sum(self.votes.values())


@dataclass(frozen=True)
class Election:
    """An election whose outcome is known: who stands, and how many vote for whom in each place."""

    name: str
    title: str
    seed: int
    nationality: str
    country: str
    locale: str
    date: date
    rate: float
    replayed: bool
    candidates: tuple[Candidate, ...]
    locations: tuple[Location, ...]
    folder: Path
    fingerprint: str

    @property
    def registered(self) -> int:
        return sum(location.registered for location in self.locations)

    @property
    def ballots(self) -> int:
        return sum(location.ballots for location in self.locations)

    @property
    def votes_per_candidate(self) -> dict[str, int]:
        """The election's outcome: candidate_id to votes."""
        ids = [candidate.candidate_id for candidate in self.candidates]
        return {name: sum(location.votes.get(name, 0) for location in self.locations) for name in ids}

    @property
    def votes_by_location(self) -> dict[tuple[str, str], int]:
        """(location, candidate_id) to votes, without the zeros."""
        return {
            (location.name, candidate): votes
            for location in self.locations
            for candidate, votes in location.votes.items()
            if votes
        }


def find_folder(name: str) -> Path:
    """The folder of the election `name`: one of elections/, or any path.

    Raises DefinitionError, with the names there are.
    """
    for folder in (ELECTIONS / name, Path(name)):
        if (folder / "election.toml").is_file():
            return folder.resolve()
    known = ", ".join(sorted(path.parent.name for path in ELECTIONS.glob("*/election.toml")))
    raise DefinitionError(
        f"ELECTION={name!r} is no election: there are {known}, or give a folder with an election.toml"
    )


def load_election(name: str, voters: int | None = None) -> Election:
    """Reads and checks the election `name`; `voters` replaces the number of registered voters of a simulated one.

    Raises DefinitionError.
    """
    folder = find_folder(name)
    table = read_toml(folder / "election.toml")
    candidates = tuple(_read_candidates(folder / "candidates.csv"))
    ids = [candidate.candidate_id for candidate in candidates]
    replayed = (folder / "results.csv").is_file()
    if replayed:
        if voters is not None:
            raise DefinitionError(f"VOTERS={voters}: {folder.name} replays real ballots, their number can't be changed")
        locations = _read_results(folder / "results.csv", ids, str(table.get("city", "")))
    else:
        locations = _simulate(folder, table, ids, voters)
    return Election(
        name=folder.name,
        title=str(table["title"]),
        seed=int(table["seed"]),
        nationality=str(table.get("nationality", "GB")),
        country=str(table.get("country", "United Kingdom")),
        locale=str(table.get("locale", "en_GB")),
        date=table["date"],
        rate=float(table.get("rate", 0)),
        replayed=replayed,
        candidates=candidates,
        locations=locations,
        folder=folder,
        fingerprint=_fingerprint(folder, sum(location.registered for location in locations)),
    )


def _fingerprint(folder: Path, registered: int) -> str:
    digest = hashlib.sha256(str(registered).encode())
    for path in (*sorted(folder.glob("*.csv")), folder / "election.toml"):
        # A file is the same whichever way its lines end: Git for Windows changes that.
        digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _read_candidates(path: Path) -> Iterator[Candidate]:
    seen: set[str] = set()
    for where, row in read_csv(path, CANDIDATE_FIELDS):
        if not row["candidate_id"] or row["candidate_id"] in seen:
            raise DefinitionError(f"{where}: candidate_id {row['candidate_id']!r} is empty or there twice")
        if not row["party_affiliation"]:
            raise DefinitionError(f"{where}: party_affiliation is empty")
        for name in TALLIED_FIELDS:
            if len(row[name]) > LONGEST_TEXT:
                raise DefinitionError(f"{where}: {name} has {len(row[name]):,} characters, more than {LONGEST_TEXT:,}")
        seen.add(row["candidate_id"])
        yield msgspec.convert({name: row[name] for name in CANDIDATE_FIELDS}, Candidate)
    if not seen:
        raise DefinitionError(f"{path}: nobody stands")


def _read_results(path: Path, candidate_ids: list[str], city: str) -> tuple[Location, ...]:
    votes: dict[str, dict[str, int]] = {}
    registered: dict[str, int] = {}
    for where, row in read_csv(path, RESULT_FIELDS):
        location, candidate = row["location"], row["candidate_id"]
        if not location:
            raise DefinitionError(f"{where}: location is empty")
        if candidate not in candidate_ids:
            raise DefinitionError(f"{where}: candidate_id {candidate!r} is not in candidates.csv")
        here = votes.setdefault(location, {})
        if candidate in here:
            raise DefinitionError(f"{where}: {location}, {candidate} is there twice; one line for each is wanted")
        here[candidate] = read_count(where, "votes", row["votes"])
        if row.get("registered"):
            given = read_count(where, "registered", row["registered"])
            if registered.setdefault(location, given) != given:
                raise DefinitionError(f"{where}: {location} has {registered[location]} registered on another line")
    for location, here in votes.items():
        if registered.setdefault(location, sum(here.values())) < sum(here.values()):
            raise DefinitionError(
                f"{path}: {location} has {sum(here.values())} votes but {registered[location]} registered"
            )
    return tuple(
        Location(name, (city or name,), registered[name], {key: here.get(key, 0) for key in candidate_ids})
        for name, here in votes.items()
    )


def _simulate(
    folder: Path, table: dict[str, Any], candidate_ids: list[str], voters: int | None
) -> tuple[Location, ...]:
    """Draws the outcome in each place from its size and support, the seed deciding the rest."""
    path = folder / "locations.csv"
    places: list[tuple[str, tuple[str, ...], float, list[float]]] = []
    for where, row in read_csv(path, (*LOCATION_FIELDS, *candidate_ids)):
        if any(row["location"] == name for name, *_ in places):
            raise DefinitionError(f"{where}: {row['location']} is there twice")
        support = [read_weight(where, name, row[name]) for name in candidate_ids]
        places.append(
            (row["location"], tuple(row["cities"].split(";")), read_weight(where, "size", row["size"]), support)
        )
    total = voters if voters is not None else int(table.get("voters", 0))
    turnout = float(table.get("turnout", 1))
    if total < 1 or not 0 <= turnout <= 1:
        raise DefinitionError(f"{folder / 'election.toml'}: voters must be 1 or more and turnout between 0 and 1")
    if not places:
        raise DefinitionError(f"{path}: no places")
    random = np.random.default_rng(int(table["seed"]))
    registered = _share_out(total, [size for _, _, size, _ in places])
    locations = []
    for (name, cities, _, support), here in zip(places, registered, strict=True):
        ballots = round(here * min(1, turnout * random.uniform(0.85, 1.15)))
        noise = random.normal(1, SUPPORT_NOISE, len(support)).clip(0.2)
        shares = _share_out(ballots, [weight * factor for weight, factor in zip(support, noise, strict=True)])
        locations.append(Location(name, cities, here, dict(zip(candidate_ids, shares, strict=True))))
    return tuple(locations)


def _share_out(total: int, weights: list[float]) -> list[int]:
    """`total` split in proportion to the weights by largest remainders; the parts add up to it."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
