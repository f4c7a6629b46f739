"""locations.csv: the places of a simulated election, whose outcome its seed decides."""

import math
from pathlib import Path

import numpy as np

from election.model.candidates import by_id_or_name
from election.model.files import read_csv
from election.model.findings import Findings
from election.model.keys import Keys
from election.model.results import Location
from election.model.rows import Candidate

# How far support in a simulated place may stray from what locations.csv says.
SUPPORT_NOISE = 0.08


def simulate(path: Path, keys: Keys, candidates: tuple[Candidate, ...], findings: Findings) -> tuple[Location, ...]:
    """Draws the outcome in each place from its size and support, the seed deciding the rest."""
    table = read_csv(path, findings)
    ids = [candidate.candidate_id for candidate in candidates]
    places = []
    for row, columns in table.by_place(by_id_or_name(candidates), ("location", "cities", "size")):
        support = [row.weight(columns[one]) for one in ids if one in columns]
        places.append((row["location"], row["cities"], row.weight("size"), support))
    if table.columns and not table.rows:
        findings.problem(path, "no places; write a line for each")
    if keys.voters < 1:
        findings.problem(path.with_name("election.toml"), "voters is missing; write voters = 10000")
    if findings.problems:
        return ()
    random = np.random.default_rng(keys.seed)
    registered = _share_out(keys.voters, [size for _, _, size, _ in places])
    locations = []
    for (name, cities, _, support), here in zip(places, registered, strict=True):
        ballots = round(here * min(1, keys.turnout * random.uniform(0.85, 1.15)))
        noise = random.normal(1, SUPPORT_NOISE, len(support)).clip(0.2)
        shares = _share_out(ballots, [weight * factor for weight, factor in zip(support, noise, strict=True)])
        locations.append(Location(name, tuple(cities.split(";")), here, dict(zip(ids, shares, strict=True))))
    return tuple(locations)


def _share_out(total: int, weights: list[float]) -> list[int]:
    """`total` split in proportion to the weights by largest remainders; the parts add up to it."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [math.floor(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts
