"""results.csv: a real election's votes, long (a line for each place and candidate) or wide (a column for each)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from election.model.candidates import by_id_or_name
from election.model.files import MOST_VOTERS, Row, Table, read_csv
from election.model.findings import Findings, nearest
from election.model.rows import Candidate
from election.model.topics import MOST_KEYS


@dataclass(frozen=True)
class Location:
    """A place: how many are registered, and the votes of each candidate there, in the order of candidates.csv.

    Without a known number of registered voters, its voters are those who voted, and turnout says nothing.
    """

    name: str
    cities: tuple[str, ...]
    registered: int
    votes: dict[str, int]
    registered_known: bool = True

    @property
    def ballots(self) -> int:
        return sum(self.votes.values())


@dataclass
class _Place:
    votes: dict[str, int] = field(default_factory=dict)
    registered: int | None = None

    def register(self, row: Row) -> None:
        if not row["registered"]:
            return
        given = row.count("registered")
        if self.registered not in (None, given):
            what = f"{row['location']} has {self.registered} registered on another line"
            row.problem(f"{what}, here {given}; write one number")
        self.registered = given


def read_results(path: Path, candidates: tuple[Candidate, ...], city: str, findings: Findings) -> tuple[Location, ...]:
    table, called = read_csv(path, findings), by_id_or_name(candidates)
    is_long = "votes" in table.columns or "candidate_id" in table.columns
    places = _read_long(table, called) if is_long else _read_wide(table, called)
    locations = tuple(_locate(path, name, place, candidates, city, findings) for name, place in places.items())
    registered = sum(location.registered for location in locations)
    if registered > MOST_VOTERS:
        findings.problem(path, f"{registered:,} voters in all; at most {MOST_VOTERS:,} can be counted")
    pairs = sum(bool(votes) for location in locations for votes in location.votes.values())
    if pairs > MOST_KEYS:
        what = f"{pairs:,} pairs of a place and a candidate with votes; at most {MOST_KEYS:,} can be shown"
        findings.problem(path, f"{what}: join places, or leave candidates out")
    if not registered and not findings.problems:
        findings.problem(path, "nobody votes: there is no place with a vote or a registered voter")
    return locations


def _read_long(table: Table, called: Mapping[str, str]) -> dict[str, _Place]:
    places: dict[str, _Place] = {}
    if not table.has_columns(("location", "candidate_id", "votes"), ("registered",)):
        return places
    for row in table.rows:
        name, candidate = row["location"], called.get(row["candidate_id"])
        if candidate is None:
            what = f"candidate_id {row['candidate_id']!r:.80} is not in candidates.csv"
            row.problem(what + nearest(row["candidate_id"], called))
        if not row.is_place() or candidate is None:
            continue
        place = places.setdefault(name, _Place())
        if candidate in place.votes:
            row.problem(f"{name}, {row['candidate_id']} is there twice; one line for each is wanted")
        else:
            place.votes[candidate] = row.count("votes")
        place.register(row)
    return places


def _read_wide(table: Table, called: Mapping[str, str]) -> dict[str, _Place]:
    places: dict[str, _Place] = {}
    for row, columns in table.by_place(called, ("location",), ("registered",)):
        place = _Place({candidate: row.count(column) for candidate, column in columns.items()})
        place.register(row)
        places[row["location"]] = place
    return places


def _locate(
    path: Path, name: str, place: _Place, candidates: tuple[Candidate, ...], city: str, findings: Findings
) -> Location:
    votes = {candidate.candidate_id: place.votes.get(candidate.candidate_id, 0) for candidate in candidates}
    ballots = sum(votes.values())
    if place.registered is not None and place.registered < ballots:
        what = f"{name} has {ballots:,} votes but {place.registered:,} registered"
        findings.warn(path, f"{what}: no turnout is shown for it")
    known = place.registered is not None and place.registered >= ballots
    return Location(name, (city or name,), place.registered if known and place.registered else ballots, votes, known)
