"""Runs the benchmarks and prints a table: `python3 run.py bench [PART ...]`.

    cast      votes per second of voting.py, beside the plain ways and the floor
    latency   milliseconds from a vote to its total: real-time mode, Apache Flink, Spark's micro-batches
    backlog   seconds to seed, to cast, and to count a backlog from a standing start, beside Apache Flink
    whole     run.py's whole election at a hundredth, a tenth and all of the voters: seconds, and memory of all parts
    growth    seconds to cast and count with more partitions, aggregates and places
    idle      cores that each part uses while nobody votes
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

from bench import backlog, cast, dashboard, flood, growth, latency, start, whole
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
        for name in options.ways:
            way = latency.WAYS[name]
            runs = [latency.measure(way, rate, options.seconds, options.voters) for _ in range(options.runs)]
            figures = ", ".join(
                f"{label} {spread([getattr(run, field) for run in runs])}"
                for label, field in (
                    ("p50", "p50"),
                    ("p99", "p99"),
                    ("longest of a minute", "pause"),
                    ("of all", "worst"),
                )
            )
            exact = "every total exact" if all(run.exact for run in runs) else "NOT EXACT"
            rows.append((f"{name}, {rate:,} votes/s", f"{figures} ms; {exact}"))
            print(*rows[-1], sep=": ", file=sys.stderr, flush=True)
            every += [{"name": name, "rate": rate, **asdict(run)} for run in runs]
    return rows, every


def run_backlog(options: argparse.Namespace) -> Measured:
    runs = [backlog.measure(options.voters, latency.FLINK.name in options.ways) for _ in range(options.runs)]
    votes = f"{runs[0]['votes']:,.0f} votes"
    steps = {
        f"seed {options.voters:,} voters": "seed",
        f"cast {votes}": "cast",
        f"count {votes}, {backlog.SPARK}": backlog.SPARK,
        f"count {votes}, {latency.FLINK.name}": latency.FLINK.name,
    }
    rows = [
        (name, f"{spread([run[step] for run in runs], 1)} s") for name, step in steps.items() if step in runs[0]
    ] + [("the audit after it", "; ".join("clean" if run["audited"] else "NOT CLEAN" for run in runs))]
    return rows, runs


def run_whole(options: argparse.Namespace) -> Measured:
    rows, every = [], []
    for voters in (options.voters // 100, options.voters // 10, options.voters):
        runs = [whole.measure(voters) for _ in range(options.runs)]
        exact = "every total exact, audited" if all(run.exact for run in runs) else "NOT EXACT"
        seconds, memory = spread([run.seconds for run in runs]), spread([run.memory_mb for run in runs])
        rows.append(
            (f"{voters:,} voters seeded, cast, counted", f"{seconds} s, at most {memory} MB in all parts; {exact}")
        )
        every += [{"voters": voters, **asdict(run)} for run in runs]
    return rows, every


def run_growth(options: argparse.Namespace) -> Measured:
    runs = [growth.measure(options.voters) for _ in range(options.runs)]
    rows = [
        (
            f"{runs[0][size]['votes']:,.0f} votes, {size}",
            f"cast {spread([run[size]['cast'] for run in runs], 1)} s,"
            f" counted {spread([run[size][backlog.SPARK] for run in runs], 1)} s",
        )
        for size in runs[0]
    ]
    return rows, runs


def run_idle(options: argparse.Namespace) -> Measured:
    runs = [growth.idle() for _ in range(options.runs)]
    rows = [(part, f"{spread([run[part] for run in runs], 3)} cores") for part in runs[0]]
    return [*rows, ("all parts", f"{spread([sum(run.values()) for run in runs], 3)} cores")], runs


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
    "growth": run_growth,
    "idle": run_idle,
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
    parser.add_argument(
        "--ways",
        nargs="*",
        choices=list(latency.WAYS),
        default=list(latency.WAYS),
        help="of counting, in the parts that have peers",
    )
    parser.add_argument("--save-as", metavar="NAME", help="beside the part's own figures, which stay: for one part")
    options = parser.parse_args()
    if options.save_as and len(options.parts) != 1:
        parser.error(f"--save-as names the figures of one part, and here are {len(options.parts)}")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in options.parts:
        rows, runs = PARTS[part](options)
        load = {name: getattr(options, name) for name in ("runs", "voters", "seconds", "rates", "ways")}
        results[options.save_as or part] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "load": load,
            "rows": dict(rows),
            "runs": runs,
        }
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
        if part == "latency" and not options.save_as:
            CHART.write_text(latency_chart(runs))
        print(f"\n{part}: {load}")
        for name, figures in rows:
            print(f"  {name:<55}{figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
