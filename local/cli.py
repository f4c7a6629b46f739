"""What `python3 run.py` does once its packages are there."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import subprocess
import sys
from pathlib import Path

from election import PROJECT
from election.model.definition import Election, find_folder, load_election
from election.model.errors import (
    AlreadyRunning,
    DefinitionError,
    JarsNotAvailable,
    JavaNotUsable,
    NotStarted,
    SettingError,
    UsageError,
)
from election.platform.runtime import Stop
from election.platform.settings import load_settings
from local.pipeline import DASHBOARD, Pipeline
from local.supervisor import Supervisor

HELD = "election.json"


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description="A real-time election on one machine, without Docker.")
    parser.add_argument("--election", metavar="NAME", help="a folder of elections/, or a path (default: simulated)")
    parser.add_argument("--voters", type=int, metavar="N", help="registered voters of a simulated election")
    parser.add_argument("--rate", type=float, metavar="VOTES_PER_SECOND", help="0 is as fast as possible")
    parser.add_argument("--no-dashboard", action="store_true", help="leave the dashboard out")
    parser.add_argument("--until-counted", action="store_true", help="end with the result table when all is counted")
    parser.add_argument(
        "--folder", type=Path, default=PROJECT / "var", help="where data and logs are kept (default: var)"
    )
    parser.add_argument("--fresh", action="store_true", help="start over: forget the votes of the last run")
    commands = parser.add_subparsers(dest="command", metavar="services | test | bench")
    commands.add_parser("services", help="only Kafka and PostgreSQL, and what to export for the scripts")
    test = commands.add_parser("test", help="every check, and every test that is not marked slow")
    test.add_argument("--all", action="store_true", help="also the tests marked slow, each of which takes minutes")
    bench = commands.add_parser("bench", help="the benchmarks; bench -h lists them", add_help=False)
    bench.add_argument("bench", nargs=argparse.REMAINDER)
    test.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    return parser.parse_args(arguments)


def choose_election(options: argparse.Namespace) -> Election:
    """The election to run: the one asked for, else the one that the last run left, else the default.

    Raises DefinitionError, and UsageError when the last run left another election and --fresh is missing.
    """
    left = options.folder / HELD
    held = json.loads(left.read_text()) if left.exists() and not options.fresh else {}
    settings = load_settings()
    name = options.election or held.get("election") or settings.election
    carries_on = held and find_folder(name) == Path(held["election"])
    voters = options.voters or (held["voters"] if carries_on else settings.voters)
    election = load_election(name, voters)
    if held and held["fingerprint"] != election.fingerprint:
        raise UsageError(
            f"{options.folder} holds votes of another election ({held['election']}, {held['registered']:,} voters):"
            " add --fresh to start over, or leave --election and --voters out to carry on with it"
        )
    return election


def hold(election: Election, folder: Path) -> None:
    """Notes whose votes the folder holds, for the next run."""
    held = {
        "election": str(election.folder),
        "voters": None if election.replayed else election.registered,
        "registered": election.registered,
        "fingerprint": election.fingerprint,
    }
    (folder / HELD).write_text(json.dumps(held))


def script_settings(options: argparse.Namespace, election: Election) -> dict[str, str]:
    """The settings that the options stand for, for the four scripts."""
    settings = {"ELECTION": str(election.folder)}
    if not election.replayed:
        settings["VOTERS"] = str(election.registered)
    if options.rate is not None:
        settings["RATE"] = str(options.rate)
    return settings


def run_election(options: argparse.Namespace, stop: Stop) -> int:
    """Runs the election until Ctrl-C, or until everything is counted; the exit code."""
    election = choose_election(options)
    with Pipeline(options.folder, script_settings(options, election), fresh=options.fresh) as pipeline:
        hold(election, options.folder)
        say_moved_ports(pipeline)
        print("starting Kafka and PostgreSQL", flush=True)
        pipeline.start_services()
        for part in ("main", "spark-streaming", "voting", *(() if options.no_dashboard else (DASHBOARD,))):
            pipeline.start(part)
        return Supervisor(pipeline, election, stop).watch(until_counted=options.until_counted)


def run_services(options: argparse.Namespace, stop: Stop) -> int:
    """Kafka and PostgreSQL until Ctrl-C, and what each script's terminal needs."""
    with Pipeline(options.folder) as pipeline:
        say_moved_ports(pipeline)
        pipeline.start_services()
        exports = "\n".join(f"export {name}={value}" for name, value in pipeline.environment.items())
        print(
            "Kafka and PostgreSQL are up. In each terminal, from this folder:\n\n"
            f"source .venv/bin/activate\n{exports}\n\n"
            "then one of, in any order:\n\n"
            "python main.py\npython voting.py\npython spark-streaming.py\nstreamlit run streamlit-app.py\n\n"
            "Ctrl-C here stops both.",
            flush=True,
        )
        while not stop.wait(1):
            for name, server in (("Kafka", pipeline.kafka), ("PostgreSQL", pipeline.postgres)):
                if server.process and not server.process.running:
                    raise NotStarted(f"{name} ended; {server.process.end_of_log()}")
    return 0


def say_moved_ports(pipeline: Pipeline) -> None:
    for name, (preferred, port) in pipeline.moved_ports.items():
        print(f"port {preferred} is taken: {name} uses {port}")


def run_tests(options: argparse.Namespace) -> int:
    """Runs the linter, the formatter's check, the type checker and pytest; the first that fails gives the exit code."""
    python = [sys.executable, "-m"]
    checks = [
        [*python, "ruff", "check", "."],
        [*python, "ruff", "format", "--check", "."],
        [*python, "mypy"],
        [str(Path(sys.executable).with_name("lint-imports"))],
        [*python, "pytest", *([] if options.all else ["-m", "not slow"]), *options.pytest],
    ]
    for check in checks:
        print("$", " ".join(check).replace(sys.executable, "python"), flush=True)
        if code := subprocess.call(check, cwd=PROJECT):
            return code
    return 0


def main(arguments: list[str]) -> int:
    """The exit code; expected problems end in one line."""
    options = parse_arguments(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        if options.command == "test":
            return run_tests(options)
        if options.command == "bench":
            return subprocess.call([sys.executable, "-m", "bench", *options.bench], cwd=PROJECT)
        stop = Stop().listen()
        return run_services(options, stop) if options.command == "services" else run_election(options, stop)
    except (
        *(AlreadyRunning, DefinitionError, JarsNotAvailable, JavaNotUsable),
        *(NotStarted, NotStarted, SettingError, UsageError),
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("error: the disk is full: make room, or keep the election elsewhere with --folder", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
