"""An election as a folder of data, read and checked. docs/elections.md describes the files."""

import hashlib
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from election import PROJECT
from election.model.candidates import read_candidates
from election.model.errors import DefinitionError
from election.model.findings import Findings
from election.model.keys import read_keys
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
    """The folder of an election: one of elections/, or any path. Raises DefinitionError, with those there are."""
    for folder in (ELECTIONS / name, Path(name)):
        # False too for a name that no file can have: it is too long, or has a zero byte.
        if os.path.isfile(folder / "election.toml"):
            return folder.resolve()
    known = ", ".join(sorted(path.parent.name for path in ELECTIONS.glob("*/election.toml")))
    raise DefinitionError(
        f"ELECTION={name!r} is no election: there are {known}, or give a folder with an election.toml"
        " (python3 run.py import makes one from a file of results)"
    )


def load_election(name: str, voters: int | None = None) -> Election:
    """The election `name`; `voters` replaces a simulated one's number. Raises DefinitionError with all problems."""
    findings = Findings()
    election = read_election(find_folder(name), voters, findings)
    findings.require_none()
    assert election
    return election


def read_election(folder: Path, voters: int | None, findings: Findings) -> Election | None:
    """The election of a folder; None when it has a problem. The findings tell every problem and warning."""
    keys = read_keys(folder / "election.toml", findings)
    results = folder / "results.csv"
    replayed = results.exists() or not (folder / "locations.csv").exists()
    candidates = read_candidates(folder / "candidates.csv", replayed, findings)
    locations: tuple[Location, ...] = ()
    if voters is not None:
        keys.voters = voters
        if replayed:
            findings.problem(f"VOTERS={voters}", f"{folder.name} replays real ballots, their number can't be changed")
    if candidates and replayed:
        locations = read_results(results, candidates, keys.city, findings)
    elif candidates:
        locations = simulate(folder / "locations.csv", keys, candidates, findings)
    names = [location.name for location in locations]
    outlines = read_outlines(folder / "locations.geojson", names, keys.map_name, findings)
    if findings.problems:
        return None
    return Election(
        name=folder.name,
        title=keys.title,
        seed=keys.seed,
        nationality=keys.nationality,
        country=keys.country,
        locale=keys.locale,
        date=keys.date,
        rate=keys.rate,
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
