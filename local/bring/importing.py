"""run.py import: a published file of results becomes the folder of an election."""

import argparse
import csv
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from election.model.errors import UsageError
from election.model.findings import Findings
from local.bring.checking import examine, print_aligned, say
from local.bring.columns import Asked, Columns, find_columns
from local.bring.reading import Sheet, read_sheet
from local.bring.shaping import Brought, Shaping
from local.bring.words import Role

MOST_SHOWN = 12
# A count that is watched takes about four minutes; more votes a second than this are too many for one machine.
WATCHED_SECONDS, LEAST_RATE, MOST_RATE = 240, 20, 1500
DAY = re.compile(r"(1[0-9]\d\d|20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")

PEOPLE = ["candidate_id", "candidate_name", "party_affiliation", "kind"]
COLUMNS = {
    Role.PLACE: "names the place; several together name it",
    Role.CANDIDATE: "names the candidate (a line for each place and candidate)",
    Role.VOTES: "has the votes",
    Role.REGISTERED: "has the number of registered voters",
    Role.PARTY: "names the party",
    Role.IGNORE: "is left out",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV, TSV or XLSX, as it was published")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="the new folder of the election")
    for role, what in COLUMNS.items():
        what = f"the column that {what}"
        parser.add_argument(role.option, dest=role.name, action="append", default=[], metavar="COLUMN", help=what)
    parser.add_argument(
        "--only", action="append", default=[], metavar="COLUMN=VALUE", help="only lines with this value, as one contest"
    )
    parser.add_argument("--sum", action="store_true", help="add up lines of the same place and candidate")
    parser.add_argument("--title", help="the election's title (default: the line above the header, or the file's name)")
    parser.add_argument("--date", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the election's day")
    parser.add_argument("--encoding", help="the text's encoding, as cp1255 or iso-8859-7 (default: found out)")
    parser.add_argument("--sheet", help="the sheet of an Excel file")


def run(options: argparse.Namespace) -> int:
    """Writes the folder and examines it as `check` does; the exit code. Raises ElectionError."""
    if options.to.exists() and (not options.to.is_dir() or any(options.to.iterdir())):
        raise UsageError(f"--to {options.to}: it exists and is not empty; name a new folder")
    named = [(role, name) for role in COLUMNS for name in getattr(options, role.name)]
    only = dict(_filter(text) for text in options.only)
    if len(only) < len(options.only):
        raise UsageError(f"--only names a column twice: {', '.join(options.only)}; only one value of it can be wanted")
    asked = Asked(named, only, options.sum, several_files=len(options.files) > 1)
    brought, findings, title = Brought(), Findings(), options.title
    for path in options.files:
        sheet = read_sheet(path, options.encoding, options.sheet)
        columns = find_columns(sheet, asked)
        say_columns(sheet, columns)
        Shaping(sheet, columns, asked, brought, findings).take()
        title = title or next(iter(columns.above), None)
    say_lines(brought)
    findings.require_none()
    write_folder(options.to, brought, title or options.files[0].stem, options.date or _day(options.files[0]))
    print(f"\nWrote {options.to}. Look at election.toml: the title, the day, and where the made-up voters live.\n")
    code = examine(options.to)
    if code == 0:
        print(f"\nTo watch it being counted: python3 run.py --election {options.to}")
    return code


def _filter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--only {text!r}: write COLUMN=VALUE, as --only 'office=Governor'")
    return name.strip(), value.strip()


def _day(path: Path) -> date:
    """The day in the file's name, as OpenElections has it. Raises UsageError when there is none."""
    if found := DAY.search(path.stem):
        with suppress(ValueError):
            return date(*map(int, found.groups()))
    raise UsageError("the election's day is not known: give it with --date, as --date 2026-11-03")


def say_columns(sheet: Sheet, columns: Columns) -> None:
    """Prints what was taken for what."""
    form = "a line for each place and candidate" if columns.long else "a column for each candidate"
    print(f"{sheet.path}: {sheet.how}; header in line {columns.line}; {form}")
    for text in columns.above:
        print(f"  above the header: {text[:100]}")
    print_aligned([("Column", "Taken as"), *zip(columns.names, columns.roles, strict=True)])


def say_lines(brought: Brought) -> None:
    """Prints which lines were left out."""
    more = len(brought.left_out) - MOST_SHOWN
    say("\nLeft out", [*brought.left_out[:MOST_SHOWN], *([f"and {more:,} more"] if more > 0 else [])])
    if brought.empty_cells:
        print(f"\nEmpty cells taken as 0 votes: {brought.empty_cells:,}")


def write_folder(folder: Path, brought: Brought, title: str, day: date) -> None:
    """Writes election.toml, candidates.csv and results.csv."""
    candidates, ballots = brought.candidates, sum(brought.totals.values())
    people = list(candidates.values())
    rate = max(LEAST_RATE, min(MOST_RATE, round(ballots / WATCHED_SECONDS)))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "election.toml").write_text(
        f"title = {json.dumps(title, ensure_ascii=False)}\n"
        f"seed = {day:%Y%m%d}\n"
        f"date = {day.isoformat()}\n"
        f"rate = {rate}  # votes per second\n"
        "# Where the made-up voters live, and whose names they have:\n"
        '# country = "United Kingdom"\n# nationality = "GB"\n# locale = "en_GB"\n',
        encoding="utf-8",
    )
    lines = [[getattr(one, column) for column in PEOPLE] for one in people]
    _write_csv(folder / "candidates.csv", PEOPLE, lines)
    results = [
        [place, brought.registered.get(place, ""), *(here.get(choice, 0) for choice in candidates)]
        for place, here in brought.votes.items()
    ]
    _write_csv(folder / "results.csv", ["location", "registered", *(one.candidate_id for one in people)], results)


def _write_csv(path: Path, header: list[str], lines: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *lines])
