"""candidates.csv: who stands. Only a name is required; an id that is not given is made from it."""

from collections.abc import Collection
from pathlib import Path

import msgspec

from election.model.files import Row, broken, read_csv
from election.model.findings import Findings, fold, nearest
from election.model.rows import CANDIDATE_COLUMNS, Candidate, Kind

# These go into messages and keys; the others may have lines.
SHORT_TEXTS = "candidate_id", "candidate_name", "party_affiliation", "photo_url"
LONGEST_ID = 60


def read_candidates(path: Path, replayed: bool, findings: Findings) -> tuple[Candidate, ...]:
    """The candidates in the file's order. One without a name is shown by its party in a replayed election."""
    table = read_csv(path, findings)
    table.has_columns((), CANDIDATE_COLUMNS)
    if table.columns and not {"candidate_name", "party_affiliation"} & set(table.columns):
        table.problem("the column candidate_name is missing")
        return ()
    known: dict[str, Candidate] = {}
    for row in table.rows:
        if candidate := _read_candidate(row, replayed, known):
            known[candidate.candidate_id] = candidate
    if table.columns and not table.rows:
        findings.problem(path, "nobody stands; write a line for each candidate")
    return tuple(known.values())


def _read_candidate(row: Row, replayed: bool, known: Collection[str]) -> Candidate | None:
    """The candidate of a line, also of one with a problem, so that the results are not blamed for it."""
    texts = {column: row[column] for column in CANDIDATE_COLUMNS}
    shown = texts["candidate_name"] or texts["party_affiliation"]
    has_ids = "candidate_id" in row.fields
    key = texts["candidate_id"] if has_ids else make_id(shown)
    kind = texts["kind"] or Kind.CANDIDATE
    problems = [f"{column} {why}" for column in SHORT_TEXTS if (why := broken(texts[column]))]
    if has_ids and (not key or key in known):
        problems.append(f"candidate_id {key!r} is empty or there twice")
    elif not shown:
        problems.append("candidate_name and party_affiliation are empty; one of them is needed")
    elif key in known:
        problems.append(f"{shown!r} is there twice; add a column candidate_id that tells them apart")
    if bad := next((sign for sign in "|{}" if sign in key), None):
        problems.append(f"candidate_id {key!r} has a {bad!r}, which means something else in messages; remove it")
    if kind not in list(Kind):
        problems.append(f"kind is {kind!r}{nearest(kind, Kind)}")
        kind = Kind.CANDIDATE
    for problem in problems:
        row.problem(problem)
    if not key or key in known:
        return None
    if replayed:
        texts["candidate_name"] = shown
    return msgspec.convert(texts | {"candidate_id": key, "kind": kind}, Candidate)


def make_id(name: str) -> str:
    """An id from a name: its letters and digits without case and accents, joined by '-'."""
    words = "".join(one if one.isalnum() else " " for one in fold(name)).split()
    return "-".join(words)[:LONGEST_ID] or "candidate"


def by_id_or_name(candidates: tuple[Candidate, ...]) -> dict[str, str]:
    """What a results file may call a candidate, to the candidate_id; a name that two have stands for neither."""
    names = [candidate.candidate_name for candidate in candidates]
    called = {one.candidate_name: one.candidate_id for one in candidates if names.count(one.candidate_name) == 1}
    return called | {one.candidate_id: one.candidate_id for one in candidates}
