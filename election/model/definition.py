"""An election as a folder of data, read and checked. docs/elections.md describes the files.

elections/NAME/election.toml     title, seed, date; nationality, country, locale, city, rate, map_name;
                                 voters and turnout of a simulated election
elections/NAME/candidates.csv    candidate_name, and what else is known: the fields of `rows.Candidate`
elections/NAME/results.csv       replays a real election: location,candidate_id,votes[,registered], or wide, or
elections/NAME/locations.csv     simulates one: location,cities,size,<candidate_id>... (relative size and support)
elections/NAME/locations.geojson optional outlines of the places
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from election import PROJECT
from election.model.candidates import read_candidates
from election.model.errors import DefinitionError
from election.model.files import MOST_VOTERS, read_toml
from election.model.findings import Findings
from election.model.outlines import Outlines, read_outlines
from election.model.results import Location, read_results
from election.model.rows import Candidate
from election.model.simulation import simulate

__all__ = ["ELECTIONS", "Election", "Location", "find_folder", "load_election", "read_election"]

ELECTIONS = PROJECT / "elections"


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
    outlines: Outlines | None = field(default=None, compare=False, repr=False)

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
        try:
            if (folder / "election.toml").is_file():
                return folder.resolve()
        except (OSError, ValueError):  # a name that no file can have
            break
    known = ", ".join(sorted(path.parent.name for path in ELECTIONS.glob("*/election.toml")))
    raise DefinitionError(
        f"ELECTION={name!r} is no election: there are {known}, or give a folder with an election.toml"
        " (python3 run.py import makes one from a file of results)"
    )


def load_election(name: str, voters: int | None = None) -> Election:
    """Reads and checks the election `name`; `voters` replaces the number of registered voters of a simulated one.

    Raises DefinitionError, which tells every problem.
    """
    findings = Findings()
    election = read_election(find_folder(name), voters, findings)
    findings.require_none()
    assert election
    return election


def read_election(folder: Path, voters: int | None, findings: Findings) -> Election | None:
    """The election of a folder; None when it has a problem. The findings tell every problem and warning."""
    keys = read_toml(folder / "election.toml", findings)
    results = folder / "results.csv"
    replayed = results.exists() or not (folder / "locations.csv").exists()
    candidates = read_candidates(folder / "candidates.csv", replayed, findings)
    if replayed:
        if voters is not None:
            findings.problem(f"VOTERS={voters}", f"{folder.name} replays real ballots, their number can't be changed")
        for name in sorted({"voters", "turnout"} & keys.keys()):
            findings.warn(folder / "election.toml", f"{name} is not used: results.csv says who votes")
        locations = read_results(results, candidates, keys.get("city", ""), findings) if candidates else ()
    else:
        locations = simulate(folder / "locations.csv", keys, candidates, voters, findings) if candidates else ()
    if voters is not None and voters > MOST_VOTERS:
        findings.problem(f"VOTERS={voters}", f"at most {MOST_VOTERS:,} can be counted")
    names = [location.name for location in locations]
    outlines = read_outlines(folder / "locations.geojson", names, keys.get("map_name"), findings)
    if findings.problems:
        return None
    return Election(
        name=folder.name,
        title=keys["title"],
        seed=keys["seed"],
        nationality=keys.get("nationality", "GB"),
        country=keys.get("country", "United Kingdom"),
        locale=keys.get("locale", "en_GB"),
        date=keys["date"],
        rate=float(keys.get("rate", 0)),
        replayed=replayed,
        candidates=candidates,
        locations=locations,
        folder=folder,
        fingerprint=_fingerprint(folder, sum(location.registered for location in locations)),
        outlines=outlines,
    )


def _fingerprint(folder: Path, registered: int) -> str:
    digest = hashlib.sha256(str(registered).encode())
    for path in (*sorted(folder.glob("*.csv")), folder / "election.toml"):
        if path.is_file():
            # A file is the same whichever way its lines end: Git for Windows changes that.
            digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()
