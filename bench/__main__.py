"""Runs the benchmarks and prints a table: `python3 run.py bench [PART ...]`.

    cast      votes per second of voting.py, beside the plain ways and the floor
    latency   milliseconds from a vote's casting to its total: real-time mode, Apache Flink, Spark's micro-batches
    ceiling   the highest rate at which 99 of 100 votes are counted within a second, for the same ways
    backlog   seconds to seed, to cast, and to count a backlog from a standing start, beside Apache Flink
    whole     run.py's whole election at a hundredth, a tenth and all of the voters: seconds, and memory of all parts
    growth    seconds to cast and count with more partitions, aggregates and places
    idle      cores that each part uses while nobody votes
    first     what a person sees of run.py's elections from the command on: the first vote, and every delay after it
    compose   the same of those that `docker compose up` runs, its images at hand; only when it is named
    crash     the count killed two minutes after the first vote, 1,500 a second: until totals move, until none is late
    kills     the same of PostgreSQL, voting.py and Kafka, each killed in turn
    cost      cores of each process at 200, 1,500 and 5,000 votes a second
    flood     seconds to count good votes among three times as many bad messages, beside the good ones alone
    dashboard the server's CPU by open pages, a cold open, and the delay from a vote's commit to its figure in a browser

Results go to bench/results.json one by one, with the machine and the load of each sitting; the latency also becomes
a chart, docs/images/latency.svg. Runs that take too long for one sitting are added in another: --add.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from bench import backlog, cast, cost, crash, dashboard, flood, growth, latency, seen, tables, whole
from bench.chart import CHART, latency_chart
from bench.harness import machine
from bench.tables import Record, Records, Rows

RESULTS = Path(__file__).with_name("results.json")
LOAD = "runs", "voters", "seconds", "rates", "ways"
# What must be the same in all runs that one figure is the median of.
SAME = "voters", "seconds"
ELECTIONS_SEEN, COST_RATES = ("simulated", "montreal-2013"), (200, 1500, 5000)
CEILING_RATES = 1500, 2500, 3500, 5000


def measure_latency(options: argparse.Namespace, rates: Sequence[int]) -> Iterator[Record]:
    for name in options.ways:
        found = latency.measure(latency.WAYS[name], rates, options.seconds, options.voters)
        for rate, delays in found.items():
            record = {"name": name, "rate": rate, **asdict(delays)}
            for row in tables.latency([record]).items():
                print(*row, sep=": ", file=sys.stderr, flush=True)
            yield record


def measure_backlog(options: argparse.Namespace) -> Iterator[Record]:
    yield backlog.measure(options.voters, latency.FLINK.name in options.ways)


def measure_seen(options: argparse.Namespace, start: seen.Start) -> Iterator[Record]:
    for name in ELECTIONS_SEEN:
        yield {"name": name, **asdict(seen.measure(start, name, options.seconds))}


def measure_crash(options: argparse.Namespace) -> Iterator[Record]:
    for name in options.ways:
        for _, found in crash.measure(latency.WAYS[name], crash.COUNT):
            yield {"name": name, **asdict(found)}


def measure_kills(_: argparse.Namespace) -> Iterator[Record]:
    for name, found in crash.measure(latency.REAL_TIME, crash.OTHERS):
        yield {"name": name, **asdict(found)}


def measure_whole(options: argparse.Namespace) -> Iterator[Record]:
    for voters in (options.voters // 100, options.voters // 10, options.voters):
        yield {"voters": voters, **asdict(whole.measure(voters))}


def measure_dashboard(options: argparse.Namespace) -> Iterator[Record]:
    found = dashboard.measure(options.voters, options.seconds)
    yield {**asdict(found), "p50": found.p50, "p99": found.p99}


@dataclass(frozen=True)
class Part:
    """What one run measures, and the table made of the records of all runs."""

    measure: Callable[[argparse.Namespace], Iterable[Record]]
    table: Callable[[Records], Rows]


PARTS = {
    "cast": Part(lambda options: [cast.measure(options.voters)], tables.cast),
    "latency": Part(lambda options: measure_latency(options, options.rates), tables.latency),
    "ceiling": Part(lambda options: measure_latency(options, CEILING_RATES), tables.ceiling),
    "backlog": Part(measure_backlog, tables.backlog),
    "whole": Part(measure_whole, tables.whole),
    "growth": Part(lambda options: [growth.measure(options.voters)], tables.growth),
    "idle": Part(lambda _: [growth.idle()], tables.idle),
    "first": Part(partial(measure_seen, start=seen.by_run), tables.first),
    "compose": Part(partial(measure_seen, start=seen.by_compose), tables.first),
    "crash": Part(measure_crash, tables.crash),
    "kills": Part(measure_kills, tables.kills),
    "cost": Part(lambda _: [{"rate": rate, **cost.measure(rate)} for rate in COST_RATES], tables.cost),
    "flood": Part(lambda options: [flood.measure(options.voters)], tables.flood),
    "dashboard": Part(measure_dashboard, tables.dashboard),
}


def begin_sitting(sittings: list[dict[str, Any]], options: argparse.Namespace) -> list[Record]:
    """Adds a sitting and returns its records, none so far. Raises ValueError if its load is not that of the last."""
    load = {name: getattr(options, name) for name in LOAD}
    for name in SAME:
        if sittings and load[name] != (saved := sittings[-1]["load"][name]):
            raise ValueError(f"--add: the saved runs have --{name} {saved}, these {load[name]}: give the same")
    records: list[Record] = []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    sittings.append({"at": now, "machine": machine(), "load": load, "records": records})
    return records


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], metavar="PART")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--voters", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=300, help="of each latency window")
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[2000, 200], help="votes per second of the latency part"
    )
    parser.add_argument(
        "--ways",
        nargs="*",
        choices=list(latency.WAYS),
        default=list(latency.WAYS),
        help="of counting, in the parts that have peers",
    )
    parser.add_argument("--add", action="store_true", help="more runs to those that are saved, of the same load")
    parser.add_argument("--save-as", metavar="NAME", help="beside the part's own figures, which stay: for one part")
    options = parser.parse_args()
    options.parts = options.parts or [name for name in PARTS if name != "compose"]
    if options.save_as and len(options.parts) != 1:
        parser.error(f"--save-as names the figures of one part, and here are {len(options.parts)}")
    return options


def main() -> int:
    options = parse_options()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in options.parts:
        part, title = PARTS[name], options.save_as or name
        sittings = results.get(title, {}).get("sittings", []) if options.add else []
        try:
            records = begin_sitting(sittings, options)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 2
        for record in chain.from_iterable(part.measure(options) for _ in range(options.runs)):
            records.append(json.loads(json.dumps(record)))
            every = [record for sitting in sittings for record in sitting["records"]]
            results[title] = {"rows": part.table(every), "sittings": sittings}
            RESULTS.write_text(json.dumps(results, indent=2) + "\n")
            if title == "latency":
                CHART.write_text(latency_chart(every))
        print(f"\n{title}: {sittings[-1]['load']}")
        for label, figures in results[title]["rows"].items():
            print(f"  {label:<55}{figures}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
