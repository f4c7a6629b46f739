"""The tables of the benchmark: the figures of its runs by name, each as the median, and the range where runs differ.

A record is what one run found, in JSON's types, as bench/results.json keeps it; each part's table is made of all of its
records.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from bench.backlog import SPARK
from bench.cast import FLOOR
from bench.dashboard import PAGES
from bench.flood import BAD_PER_GOOD
from bench.latency import FLINK

CEILING_MS = 1000

Record = dict[str, Any]
Records = Sequence[Record]
Rows = dict[str, str]


def spread(values: Iterable[float], digits: int = 0) -> str:
    """'median (lowest to highest)'."""
    values = list(values)
    low, middle, high = min(values), statistics.median(values), max(values)
    if len(values) == 1:
        return f"{middle:,.{digits}f}"
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def by(records: Records, *fields: str) -> dict[tuple[Any, ...], list[Record]]:
    """The records that are alike in these fields, in the order of their first."""
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        groups.setdefault(tuple(record[field] for field in fields), []).append(record)
    return groups


def verdict(records: Records, said: str = "every total exact") -> str:
    return said if all(record["exact"] for record in records) else "NOT EXACT"


def by_rate_and_way(records: Records) -> dict[tuple[Any, ...], list[Record]]:
    """The records of the latency, the ways of one rate beside each other, the lowest rate first."""
    return by(sorted(records, key=lambda record: record["rate"]), "rate", "name")


def cast(records: Records) -> Rows:
    return {
        way: f"{spread(record[way] for record in records)} votes/s,"
        f" {spread((100 * record[way] / record[FLOOR] for record in records), 1)} % of the floor"
        for way in records[0]
    }


def latency(records: Records) -> Rows:
    labels = {"p50": "p50", "p99": "p99", "p999": "p99.9", "pause": "longest of a minute", "worst": "of all"}
    return {
        f"{name}, {rate:,} votes/s": ", ".join(
            f"{label} {spread(record[field] for record in same)}" for field, label in labels.items()
        )
        + f" ms; {verdict(same)}"
        for (rate, name), same in by_rate_and_way(records).items()
    }


def ceiling(records: Records) -> Rows:
    """Of each way, the highest rate up to which 99 of 100 votes were counted within a second at every rate."""
    rows = {}
    for (name,), same in by(records, "name").items():
        slow = [rate for (rate,), runs in by(same, "rate").items() if max(run["p99"] for run in runs) > CEILING_MS]
        kept = [run["rate"] for run in same if run["rate"] < min(slow, default=math.inf)]
        delays = ", ".join(
            f"{rate:,}: {spread(run['p99'] for run in runs)}" for (rate,), runs in by(same, "rate").items()
        )
        rows[name] = f"{max(kept, default=0):,} votes/s; p99 in ms at each rate: {delays}; {verdict(same)}"
    return rows


def backlog(records: Records) -> Rows:
    votes = f"{records[0]['votes']:,.0f} votes"
    steps = {
        f"seed {records[0]['voters']:,} voters": "seed",
        f"cast {votes}": "cast",
        f"count {votes}, {SPARK}": SPARK,
        f"count {votes}, {FLINK.name}": FLINK.name,
    }
    rows = {
        name: f"{spread((record[step] for record in records if step in record), 1)} s"
        for name, step in steps.items()
        if any(step in record for record in records)
    }
    clean = ("clean" if record["audited"] and record.get("flink exact", True) else "NOT CLEAN" for record in records)
    return {**rows, "the audit after it": "; ".join(clean)}


def whole(records: Records) -> Rows:
    return {
        f"{voters:,} voters seeded, cast, counted": f"{spread(record['seconds'] for record in same)} s,"
        f" at most {spread(record['memory_mb'] for record in same)} MB in all parts;"
        f" {verdict(same, 'every total exact, audited')}"
        for (voters,), same in by(records, "voters").items()
    }


def growth(records: Records) -> Rows:
    return {
        f"{records[0][size]['votes']:,.0f} votes, {size}": ", ".join(
            f"{done} {spread((record[size][step] for record in records), 1)} s"
            for done, step in (("cast", "cast"), ("counted", SPARK))
        )
        for size in records[0]
    }


def idle(records: Records) -> Rows:
    rows = {part: f"{spread((record[part] for record in records), 3)} cores" for part in records[0]}
    return {**rows, "all parts": f"{spread((sum(record.values()) for record in records), 3)} cores"}


def first(records: Records) -> Rows:
    return {
        f"{name}, from the command": f"first vote counted after {spread((one['first_counted'] for one in same), 1)} s;"
        f" delays p50 {spread(one['p50'] for one in same)}, p99 {spread(one['p99'] for one in same)},"
        f" longest {spread(one['worst'] for one in same)} ms;"
        f" later than 2 s: {spread((100 * one['late'] for one in same), 1)} % of the totals"
        for (name,), same in by(records, "name").items()
    }


def crash(records: Records, killed: str = "{}, kill -9 of the count") -> Rows:
    return {
        killed.format(name): f"totals move again after {spread((one['moves'] for one in same), 1)} s,"
        f" none more than a second late after {spread((one['fresh'] for one in same), 1)} s; {verdict(same)}"
        for (name,), same in by(records, "name").items()
    }


def kills(records: Records) -> Rows:
    return crash(records, "kill -9 of {}")


def cost(records: Records) -> Rows:
    rows = {}
    for (rate,), same in by(records, "rate").items():
        parts = [name for name in same[0] if name != "rate"]
        beside = [sum(one[name] for name in parts if name != "spark-streaming") for one in same]
        each = ", ".join(f"{name} {spread((one[name] for one in same), 2)}" for name in parts)
        rows[f"{rate:,} votes/s"] = f"{spread(beside, 2)} cores beside Spark ({each})"
    return rows


def flood(records: Records) -> Rows:
    good, bad = f"{records[0]['good']:,} good votes", f"{records[0]['bad']:,} bad messages"
    ratios = spread((record["flooded"] / record["alone"] for record in records), 2)
    return {
        f"{good} alone": f"{spread((record['alone'] for record in records), 1)} s",
        f"{good} among {bad}": f"{spread((record['flooded'] for record in records), 1)} s,"
        f" {ratios} times as long for {1 + BAD_PER_GOOD} times the messages",
    }


def dashboard(records: Records) -> Rows:
    cpu = {
        f"server CPU, {pages} pages open": f"{spread((record['percent'][str(pages)] for record in records), 1)} % of a"
        f" core, {spread((record['refreshes'][str(pages)] for record in records), 2)} refreshes/s of each page"
        for pages in PAGES
    }
    figures = (
        ("server memory after all pages", "memory_mb", "MB"),
        ("server start", "server_up", "s"),
        ("first figures, first viewer of a new server", "cold_open", "s"),
        ("first figures, next viewer", "next_open", "s"),
        ("from commit to the browser's page, p50", "p50", "ms"),
        ("from commit to the browser's page, p99", "p99", "ms"),
    )
    return cpu | {
        name: f"{spread((record[field] for record in records), 1 if unit == 's' else 0)} {unit}"
        for name, field, unit in figures
    }
