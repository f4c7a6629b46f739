"""results.csv: a real election's votes, long (a line for each place and candidate) or wide (a column for each)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from election.model.candidates import by_id_or_name
from election.model.files import MOST_VOTERS, Row, Table, broken, read_count, read_csv
from election.model.findings import Findings, nearest
from election.model.rows import Candidate
from election.model.topics import MOST_KEYS

LONG_COLUMNS = "location", "candidate_id", "votes", "registered"


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


def read_results(path: Path, candidates: tuple[Candidate, ...], city: str, findings: Findings) -> tuple[Location, ...]:
    table, called, places = read_csv(path, findings), by_id_or_name(candidates), dict[str, _Place]()
    if "votes" in table.columns or "candidate_id" in table.columns:
        _read_long(path, table, called, places, findings)
    elif table.columns:
        _read_wide(path, table, called, places, findings)
    locations = tuple(_locate(path, name, place, candidates, city, findings) for name, place in places.items())
    _check_size(path, locations, findings)
    return locations


def _check_size(path: Path, locations: tuple[Location, ...], findings: Findings) -> None:
    registered = sum(location.registered for location in locations)
    if registered > MOST_VOTERS:
        findings.problem(path, f"{registered:,} voters in all; at most {MOST_VOTERS:,} can be counted")
    pairs = sum(bool(votes) for location in locations for votes in location.votes.values())
    if pairs > MOST_KEYS:
        what = f"{pairs:,} pairs of a place and a candidate with votes; at most {MOST_KEYS:,} can be shown"
        findings.problem(path, f"{what}: join places, or leave candidates out")
    if not registered and not findings.problems:
        findings.problem(path, "nobody votes: there is no place with a vote or a registered voter")


def _read_long(path: Path, table: Table, called: dict[str, str], places: dict[str, _Place], findings: Findings) -> None:
    if not _has_columns(path, table, LONG_COLUMNS, LONG_COLUMNS[:3], findings):
        return
    for row in table.rows:
        name, candidate = row["location"], called.get(row["candidate_id"])
        if candidate is None:
            what = f"candidate_id {row['candidate_id']!r:.80} is not in candidates.csv"
            findings.problem(row.where, what + nearest(row["candidate_id"], called))
        if not _is_name(row, findings) or candidate is None:
            continue
        place = places.setdefault(name, _Place())
        if candidate in place.votes:
            what = f"{name}, {row['candidate_id']} is there twice; one line for each is wanted"
            findings.problem(row.where, what)
        else:
            place.votes[candidate] = read_count(row, "votes", findings)
        _read_registered(row, place, findings)


def _read_wide(path: Path, table: Table, called: dict[str, str], places: dict[str, _Place], findings: Findings) -> None:
    columns = {column: called[column] for column in table.columns if column in called}
    if not _has_columns(path, table, ("location", "registered", *called), ("location",), findings):
        return
    if lacking := sorted(set(called.values()) - set(columns.values())):
        findings.problem(f"{path}, line 1", f"there is no column for the candidates {', '.join(lacking)[:200]}")
    if len(set(columns.values())) < len(columns):
        findings.problem(f"{path}, line 1", "a candidate has two columns, one with the id and one with the name")
    for row in table.rows:
        if not _is_name(row, findings):
            continue
        if row["location"] in places:
            findings.problem(row.where, f"{row['location']} is there twice; one line for each place is wanted")
            continue
        votes = {candidate: read_count(row, column, findings) for column, candidate in columns.items()}
        places[row["location"]] = place = _Place(votes)
        _read_registered(row, place, findings)


def _has_columns(
    path: Path, table: Table, known: tuple[str, ...], required: tuple[str, ...], findings: Findings
) -> bool:
    where = f"{path}, line 1"
    missing = [column for column in required if column not in table.columns]
    unknown = [column for column in table.columns if column not in known]
    if missing:
        findings.problem(where, f"the column {', '.join(missing)} is missing")
    for column in unknown:
        findings.problem(where, f"the column {column!r:.80} is unknown{nearest(column, known)}")
    return not missing


def _is_name(row: Row, findings: Findings) -> bool:
    why = broken(row["location"]) if row["location"] else "is empty"
    if why:
        findings.problem(row.where, f"location {why}")
    return not why


def _read_registered(row: Row, place: _Place, findings: Findings) -> None:
    if not row.fields.get("registered"):
        return
    given = read_count(row, "registered", findings)
    if place.registered not in (None, given):
        what = f"{row['location']} has {place.registered} registered on another line"
        findings.problem(row.where, f"{what}, here {given}; write one number")
    place.registered = given


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
