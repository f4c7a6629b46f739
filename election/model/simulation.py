"""locations.csv: the places of a simulated election, whose outcome its seed decides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from election.model.candidates import by_id_or_name
from election.model.files import Row, broken, read_csv, read_weight
from election.model.findings import Findings, nearest
from election.model.results import Location
from election.model.rows import Candidate

LOCATION_COLUMNS = "location", "cities", "size"
# How far support in a simulated place may stray from what locations.csv says.
SUPPORT_NOISE = 0.08


def simulate(
    path: Path,
    keys: Mapping[str, Any],
    candidates: tuple[Candidate, ...],
    voters: int | None,
    findings: Findings,
) -> tuple[Location, ...]:
    """Draws the outcome in each place from its size and support, the seed deciding the rest."""
    places = _read_places(path, candidates, findings)
    total = voters if voters is not None else keys.get("voters", 0)
    if total < 1:
        findings.problem(path.with_name("election.toml"), "voters is missing; write voters = 10000")
    if findings.problems:
        return ()
    random = np.random.default_rng(keys["seed"])
    registered = _share_out(total, [size for _, size, _ in places])
    locations = []
    for (row, _, support), here in zip(places, registered, strict=True):
        ballots = round(here * min(1, keys.get("turnout", 1) * random.uniform(0.85, 1.15)))
        noise = random.normal(1, SUPPORT_NOISE, len(support)).clip(0.2)
        shares = _share_out(ballots, [weight * factor for weight, factor in zip(support, noise, strict=True)])
        votes = dict(zip([candidate.candidate_id for candidate in candidates], shares, strict=True))
        locations.append(Location(row["location"], tuple(row["cities"].split(";")), here, votes))
    return tuple(locations)


def _read_places(
    path: Path, candidates: tuple[Candidate, ...], findings: Findings
) -> list[tuple[Row, float, list[float]]]:
    """Each place's row, size and support for each candidate."""
    table, called = read_csv(path, findings), by_id_or_name(candidates)
    support_columns = {called[column]: column for column in table.columns if column in called}
    missing = [column for column in LOCATION_COLUMNS if column not in table.columns]
    missing += [one.candidate_id for one in candidates if one.candidate_id not in support_columns]
    if table.columns and missing:
        findings.problem(f"{path}, line 1", f"the column {', '.join(missing)} is missing")
    for column in table.columns:
        if column not in (*LOCATION_COLUMNS, *called):
            known = (*LOCATION_COLUMNS, *called)
            findings.problem(f"{path}, line 1", f"the column {column!r:.80} is unknown{nearest(column, known)}")
    if not table.columns or missing:
        return []
    places: dict[str, tuple[Row, float, list[float]]] = {}
    for row in table.rows:
        why = broken(row["location"]) if row["location"] else "is empty"
        if why or row["location"] in places:
            findings.problem(row.where, f"location {why}" if why else f"{row['location']} is there twice")
            continue
        support = [read_weight(row, support_columns[one.candidate_id], findings) for one in candidates]
        places[row["location"]] = row, read_weight(row, "size", findings), support
    if not table.rows:
        findings.problem(path, "no places; write a line for each")
    return list(places.values())


def _share_out(total: int, weights: list[float]) -> list[int]:
    """`total` split in proportion to the weights by largest remainders; the parts add up to it."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
