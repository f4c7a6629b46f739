"""Runs the benchmarks and prints a table: `python3 run.py bench [PART ...]`.

    cast      votes per second of voting.py, beside the plain ways and the floor
    latency   milliseconds from a vote to its total, real-time mode beside micro-batches
    backlog   seconds to seed, cast and count an election from a standing start
    whole     run.py's whole election: seconds, and memory of all parts together
    start     seconds from run.py to the dashboard's answer and to the first counted vote
    flood     seconds to count good votes among three times as many bad messages, beside the good ones alone
    dashboard the server's CPU by open pages, a cold open, and the delay from a vote's commit to its figure in a browser

Results go to bench/results.json, with the machine they were measured on and every single run; the latency also becomes
a chart, docs/images/latency.svg.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import backlog, cast, dashboard, flood, latency, start, whole
from bench.chart import CHART, latency_chart
from bench.harness import machine, spread

RESULTS = Path(__file__).with_name("results.json")
# The table's rows, and the runs that they come from.
Measured = tuple[list[tuple[str, str]], Sequence[Any]]


def run_cast(options: argparse.Namespace) -> Measured:
    runs = [cast.measure(options.voters) for _ in range(options.runs)]
    floors = [run[cast.FLOOR] for run in runs]
    rows = [
        (
            name,
            f"{spread([run[name] for run in runs])} votes/s,"
            f" {spread([100 * run[name] / low for run, low in zip(runs, floors, strict=True)], 1)} % of the floor",
        )
        for name in runs[0]
    ]
    return rows, runs


def run_latency(options: argparse.Namespace) -> Measured:
    rows, every = [], []
    for rate in options.rates:
        for name, trigger in (("real time", "real-time"), ("micro-batches", "0 seconds")):
            runs = [latency.measure(trigger, rate, options.seconds, options.voters) for _ in range(options.runs)]
            figures = ", ".join(
                f"{label} {spread([getattr(run, field) for run in runs])}"
                for label, field in (("p50", "p50"), ("p99", "p99"), ("max", "worst"))
            )
            exact = "every total exact" if all(run.exact for run in runs) else "NOT EXACT"
            rows.append((f"{name}, {rate:,} votes/s", f"{figures} ms; {exact}"))
            every += [{"name": name, "rate": rate, **asdict(run)} for run in runs]
    CHART.write_text(latency_chart(every))
    return rows, every


def run_backlog(options: argparse.Namespace) -> Measured:
    runs = [backlog.measure(options.voters) for _ in range(options.runs)]
    rows = [
        (
            f"{step} {runs[0]['voters' if step == 'seed' else 'votes']:,.0f}",
            f"{spread([run[step] for run in runs], 1)} s",
        )
        for step in ("seed", "cast", "count")
    ] + [("the audit after it", "; ".join("clean" if run["audited"] else "NOT CLEAN" for run in runs))]
    return rows, runs


def run_whole(options: argparse.Namespace) -> Measured:
    runs = [whole.measure(options.voters) for _ in range(options.runs)]
    exact = "every total exact, audited" if all(run.exact for run in runs) else "NOT EXACT"
    rows = [
        (f"{options.voters:,} voters seeded, cast, counted", f"{spread([run.seconds for run in runs])} s; {exact}"),
        ("memory of all parts together, at most", f"{spread([run.memory_mb for run in runs])} MB"),
    ]
    return rows, [asdict(run) for run in runs]


def run_start(options: argparse.Namespace) -> Measured:
    runs = [start.measure() for _ in range(options.runs)]
    rows = [
        ("from the command to the dashboard's answer", f"{spread([run.dashboard for run in runs], 1)} s"),
        ("from the command to the first counted vote", f"{spread([run.counted for run in runs], 1)} s"),
    ]
    return rows, [asdict(run) for run in runs]


def run_flood(options: argparse.Namespace) -> Measured:
    runs = [flood.measure(options.voters) for _ in range(options.runs)]
    good, bad = f"{runs[0]['good']:,} good votes", f"{runs[0]['bad']:,} bad messages"
    ratios = [run["flooded"] / run["alone"] for run in runs]
    rows = [
        (f"{good} alone", f"{spread([run['alone'] for run in runs], 1)} s"),
        (
            f"{good} among {bad}",
            f"{spread([run['flooded'] for run in runs], 1)} s, {spread(ratios, 2)} times as long for"
            f" {1 + flood.BAD_PER_GOOD} times the messages",
        ),
    ]
    return rows, runs


def run_dashboard(options: argparse.Namespace) -> Measured:
    runs = [dashboard.measure(options.voters, options.seconds) for _ in range(options.runs)]
    rows = [
        (
            f"server CPU, {pages} pages open",
            f"{spread([run.percent[pages] for run in runs], 1)} % of a core,"
            f" {spread([run.refreshes[pages] for run in runs], 2)} refreshes/s of each page",
        )
        for pages in dashboard.PAGES
    ]
    for name, field, unit in (
        ("server memory after all pages", "memory_mb", "MB"),
        ("server start", "server_up", "s"),
        ("first figures, first viewer of a new server", "cold_open", "s"),
        ("first figures, next viewer", "next_open", "s"),
        ("from commit to the browser's page, p50", "p50", "ms"),
        ("from commit to the browser's page, p99", "p99", "ms"),
    ):
        figures = spread([getattr(run, field) for run in runs], 1 if unit == "s" else 0)
        rows.append((name, f"{figures} {unit}"))
    return rows, [asdict(run) for run in runs]


PARTS = {
    "cast": run_cast,
    "latency": run_latency,
    "backlog": run_backlog,
    "whole": run_whole,
    "start": run_start,
    "flood": run_flood,
    "dashboard": run_dashboard,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="run.py bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS), metavar="PART")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--voters", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=120, help="of each latency window")
    parser.add_argument(
        "--rates", type=int, nargs="*", default=[200, 2000], help="votes per second of the latency part"
    )
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in options.parts:
        rows, runs = PARTS[part](options)
        load = {name: getattr(options, name) for name in ("runs", "voters", "seconds", "rates")}
        results[part] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "load": load,
            "rows": dict(rows),
            "runs": runs,
        }
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
        print(f"\n{part}: {load}")
        for name, figures in rows:
            print(f"  {name:<55}{figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
