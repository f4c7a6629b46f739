"""`run.py`: the whole election on this machine."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from election import PROJECT
from election.model.definition import ELECTIONS, Election, load_election
from election.model.errors import UsageError
from election.platform.runtime import Stop
from election.platform.settings import load_settings
from local.environment import build_environment
from local.pipeline import DASHBOARD, PORTS, Pipeline
from local.supervisor import Supervisor

HELD = "election.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--election", metavar="NAME", help="a folder of elections/, or a path (default: simulated)")
    parser.add_argument("--voters", type=int, metavar="N", help="registered voters of a simulated election")
    parser.add_argument("--rate", type=float, metavar="VOTES_PER_SECOND", help="0 is as fast as possible")
    parser.add_argument("--no-dashboard", action="store_true", help="leave the dashboard out")
    parser.add_argument("--until-counted", action="store_true", help="end with the result table when all is counted")
    parser.add_argument("--fresh", action="store_true", help="start over: forget the votes of the last run")
    add_folder(parser)


def add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, default=PROJECT / "var", help="where data and logs are kept (default: var)"
    )


def run(options: argparse.Namespace) -> int:
    """Runs the election until Ctrl-C, or until everything is counted; the exit code."""
    stop = begin(options)
    election = choose_election(options)
    settings = {"ELECTION": str(election.folder)}
    if not election.replayed:
        settings["VOTERS"] = str(election.registered)
    if options.rate is not None:
        settings["RATE"] = str(options.rate)
    load_settings({**os.environ, **settings})  # before anything starts
    with Pipeline(options.folder, settings, fresh=options.fresh) as pipeline:
        hold(election, options.folder)
        say_moved_ports(pipeline, "Kafka", "PostgreSQL", "the dashboard")
        print("starting Kafka and PostgreSQL", flush=True)
        pipeline.start_services(stop)
        for part in ("main", "spark-streaming", *(() if options.no_dashboard else (DASHBOARD,))):
            pipeline.start(part)
        return Supervisor(pipeline, election, stop).watch(until_counted=options.until_counted)


def begin(options: argparse.Namespace) -> Stop:
    """Forgets other programs' variables, for what this process itself calls, and listens to signals from now on.

    What fails after a signal, because of it, is no error: local/cli.py asks `options.stop`.
    """
    ours = build_environment()
    os.environ.clear()
    os.environ.update(ours)
    options.folder = Path(os.path.abspath(options.folder))
    options.stop = Stop().listen()
    return options.stop


def choose_election(options: argparse.Namespace) -> Election:
    """The election to run: the one asked for, else the one that the last run left, else the default.

    Raises SettingError, DefinitionError, and UsageError when the last run left another election and --fresh is missing.
    """
    held = {} if options.fresh else read_held(options.folder)
    asked = {} if options.voters is None else {"VOTERS": str(options.voters)}
    settings = load_settings({**os.environ, **asked})
    name = options.election or os.environ.get("ELECTION") or held.get("election") or settings.election
    voters = settings.voters or (held["voters"] if name == held.get("election") else None)
    election = load_election(name, voters)
    if held and held["fingerprint"] != election.fingerprint:
        raise UsageError(
            f"{options.folder} holds votes of another election ({held['election']}, {held['registered']:,} voters):"
            " add --fresh to start over; to carry on with it, leave out --election, --voters, ELECTION and VOTERS"
        )
    return election


def read_held(folder: Path) -> dict[str, Any]:
    """What `hold` noted; nothing when the note is missing or damaged: main.py looks into the database anyway."""
    try:
        return dict(json.loads((folder / HELD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def hold(election: Election, folder: Path) -> None:
    """Notes whose votes the folder holds, for the next run; by name where it can, since the project may move."""
    held = {
        "election": election.name if election.folder.parent == ELECTIONS else str(election.folder),
        "voters": None if election.replayed else election.registered,
        "registered": election.registered,
        "fingerprint": election.fingerprint,
    }
    part = folder / f"{HELD}.part"
    part.write_text(json.dumps(held), encoding="utf-8")
    part.replace(folder / HELD)


def say_moved_ports(pipeline: Pipeline, *names: str) -> None:
    for name in names:
        if pipeline.ports[name] != PORTS[name]:
            print(f"port {PORTS[name]} is taken: {name} uses {pipeline.ports[name]}")
