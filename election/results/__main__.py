"""The results so far, for programs: per candidate, per place, turnout and by minute.

    python -m election.results --json              one JSON object, with the audit's root
    python -m election.results --csv               a line for each candidate in each place; run.py import takes it back
    python -m election.results --openelections     the same with OpenElections' columns
    python -m election.results --json --out FILE   into a file, which appears whole or not at all

What is counted, how far the count is and what the last published audit found is said on standard error. Exit code 2:
the results could not be read.
"""

import argparse
import sys
from pathlib import Path

from election.platform.settings import load_settings
from election.results.export import Results, read_results
from election.results.formats import as_csv, as_json, as_openelections
from election.results.look import run_command

FORMATS = {"json": as_json, "csv": as_csv, "openelections": as_openelections}


def summary(results: Results) -> str:
    """One line: how far the count is, and what the last published audit found."""
    audit = "no audit is published"
    if verdict := results.audit:
        found = "agrees" if verdict.agrees else f"found {verdict.differences:,} differences"
        audit = f"the audit of {verdict.audited_at:%Y-%m-%d %H:%M:%S} UTC {found}, Merkle root {verdict.root}"
    return f"{results.title}: {results.status}, {results.votes:,} of {results.votes_expected:,} votes; {audit}"


def write(text: str, file: Path) -> None:
    part = Path(f"{file}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m election.results", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    formats = parser.add_mutually_exclusive_group(required=True)
    for name in FORMATS:
        formats.add_argument(f"--{name}", dest="format", action="store_const", const=name)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to this file, not to standard output")
    options = parser.parse_args(arguments)

    def export() -> int:
        results = read_results(load_settings(login="streamlit-app"))
        text = FORMATS[options.format](results)
        if options.out:
            write(text, options.out)
        else:
            sys.stdout.buffer.write(text.encode())
        sys.stderr.write(summary(results) + "\n")
        return 0

    return run_command("election.results", export)


if __name__ == "__main__":
    sys.exit(main())
