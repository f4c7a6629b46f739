"""The results written as JSON, as a long CSV, and as CSV with OpenElections' columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import simplejson

from election.model.rows import Candidate
from election.results.export import Group, Results

OPENELECTIONS = "county", "precinct", "office", "district", "candidate", "party", "votes"
# What `run.py import` takes for an election in the long form.
LONG = "location", "candidate", "party", "votes", "registered"


def as_json(results: Results) -> str:
    """One JSON object."""
    held, verdict = results.held, results.verdict
    return simplejson.dumps(
        {
            "election": held.name,
            "title": held.title,
            "status": results.status,
            "read_at": _utc(results.read_at),
            "last_vote_at": _utc(results.last_vote_at),
            "registered": held.registered,
            "votes_expected": held.votes_expected,
            "votes": results.counted,
            "turnout": _share(results.counted, held.registered),
            "audit": verdict
            and {
                "agrees": verdict.agrees,
                "votes": verdict.votes,
                "root": verdict.root,
                "audited_at": _utc(verdict.audited_at),
                "differences": verdict.differences,
            },
            "candidates": [
                {
                    "candidate_id": candidate.candidate_id,
                    "candidate": candidate.candidate_name,
                    "party": candidate.party_affiliation,
                    "kind": candidate.kind,
                    "votes": results.votes[candidate.candidate_id],
                    "share": _share(results.votes[candidate.candidate_id], results.counted),
                }
                for candidate in results.candidates
            ],
            "locations": [_as_object("location", group) for group in results.locations],
            "genders": [_as_object("gender", group) for group in results.genders],
            "age_groups": [_as_object("age_group", group) for group in results.age_groups],
            "minutes": [{"minute": minute, "votes": votes} for minute, votes in results.minutes.items()],
            "rejected": results.rejected,
        },
        ensure_ascii=False,
        indent=1,
    )


def _as_object(key: str, group: Group) -> dict[str, Any]:
    turnout = _share(group.ballots, group.registered)
    return {key: group.name, "registered": group.registered, "turnout": turnout, "votes": group.votes}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _utc(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if time else None


def as_csv(results: Results) -> str:
    """A line for each candidate in each place, which `run.py import` takes back."""
    return _csv(
        LONG,
        (
            (group.name, candidate.candidate_name, candidate.party_affiliation, votes, group.registered)
            for group, candidate, votes in _lines(results)
        ),
    )


def as_openelections(results: Results) -> str:
    """The same with OpenElections' columns; a place is a county."""
    return _csv(
        OPENELECTIONS,
        (
            (group.name, "", results.held.title, "", candidate.candidate_name, candidate.party_affiliation, votes)
            for group, candidate, votes in _lines(results)
        ),
    )


def _lines(results: Results) -> Iterator[tuple[Group, Candidate, int]]:
    for group in results.locations:
        for candidate in results.candidates:
            yield group, candidate, group.votes[candidate.candidate_id]


def _csv(head: Iterable[str], lines: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return text.getvalue()
