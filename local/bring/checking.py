"""run.py check: every problem of an election's folder at once; otherwise what it holds and what is suspicious."""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.cells import cell_len

from election.model.definition import Election, find_folder, read_election
from election.model.errors import DefinitionError
from election.model.findings import Findings, fold
from election.model.rows import Candidate, Kind
from election.seeding.people import require_locale

MOST_NAMES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("election", metavar="FOLDER", help="a folder of elections/, or a path")


def run(options: argparse.Namespace) -> int:
    named = Path(options.election)
    return examine(named if (named / "election.toml").is_file() else find_folder(options.election))


def examine(folder: Path) -> int:
    """Prints what is wrong with an election's folder, or what it holds; the exit code."""
    findings = Findings()
    election = read_election(folder, None, findings)
    if election:
        try:
            require_locale(election.locale)
        except DefinitionError as error:
            findings.problem(folder, str(error))
    say(f"{len(findings.problems):,} problems" if len(findings.problems) != 1 else "1 problem", findings.problems)
    if election and not findings.problems:
        describe(election)
    say("Warnings", findings.warnings)
    if election and not findings.problems:
        say("Suspicious", list(suspicions(election)) or ["nothing"])
    return 1 if findings.problems else 0


def say(title: str, lines: Sequence[str]) -> None:
    if lines:
        print("\n".join([f"{title}:", *(f"  {line}" for line in lines)]))


def describe(election: Election) -> None:
    """Prints the places, the candidates with their totals, the registered voters, and the outlines."""
    known = sum(location.registered_known for location in election.locations)
    form = "replayed" if election.replayed else "simulated"
    places = f"{len(election.locations):,} places"
    print(f"{election.title}, {election.date}, {form}: {election.folder}")
    print(f"{places}, {len(election.candidates):,} candidates, {election.ballots:,} votes")
    if known:
        print(f"{election.registered:,} registered; turnout is known in {known:,} of {places}")
    else:
        print("registered voters are not known: each vote has one voter, and there is no turnout")
    votes = election.votes_per_candidate
    print_aligned(
        [*shown(one), "" if one.kind is Kind.CANDIDATE else one.kind, f"{votes[one.candidate_id]:,}"]
        for one in election.candidates
    )
    if outlines := election.outlines:
        lacking = [location.name for location in election.locations if location.name not in outlines.shapes]
        print(f"Outlines: {len(outlines.shapes):,} of {places} have one")
        for what, names in ("Places without an outline", lacking), ("Outlines of no place", outlines.unmatched):
            if names:
                print(f"{what} ({len(names):,}): {some(names)}")
    else:
        print("Outlines: none, so there is no map (locations.geojson)")


def shown(candidate: Candidate) -> list[str]:
    """The name and the party, which is said once where a party stands without a name."""
    name, party = candidate.candidate_name or candidate.candidate_id, candidate.party_affiliation
    return [name, party if party != name else ""]


def suspicions(election: Election) -> Iterator[str]:
    """What a reader should look at: places that are sums, places spelled in two ways, and zeros."""
    locations = election.locations
    rows = [(one.name, tuple(one.votes.values())) for one in locations]
    for name, what in _sums(rows):
        yield f"{name} has exactly the votes of {what}: is it a total?"
    alike = defaultdict(list)
    for name, _ in rows:
        alike[fold(name)].append(name)
    for names in alike.values():
        if len(names) > 1:
            yield f"{' and '.join(map(repr, names))} differ only by case, accents or spaces: are they one place?"
    empty = [one.name for one in locations if not one.ballots]
    if empty:
        yield f"places without votes ({len(empty):,}): {some(empty)}"
    called = {one.candidate_id: one.candidate_name or one.candidate_id for one in election.candidates}
    zero = [called[key] for key, votes in election.votes_per_candidate.items() if not votes]
    if zero:
        yield f"candidates without votes ({len(zero):,}): {some(zero)}"


def _sums(rows: Sequence[tuple[str, tuple[int, ...]]]) -> Iterator[tuple[str, str]]:
    """The places that equal the two or more together that stand before or after."""
    for direction, ordered in ("before", rows), ("after", rows[::-1]):
        running = tuple(0 for _ in ordered[0][1])
        earlier = {running: 0}
        for at, (name, votes) in enumerate(ordered):
            start = earlier.get(tuple(sum_ - one for sum_, one in zip(running, votes, strict=True)))
            if start is not None and at - start >= 2 and any(votes):
                yield name, f"the {at - start} places {direction} it"
            running = tuple(sum_ + one for sum_, one in zip(running, votes, strict=True))
            earlier[running] = at + 1


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def print_aligned(rows: Iterable[Sequence[str]]) -> None:
    """Prints the rows with columns that stand below each other, also with wide letters; numbers to the right."""
    columns = []
    for column in zip(*rows, strict=True):
        width = max(map(cell_len, column))
        padded = ((cell, " " * (width - cell_len(cell))) for cell in column)
        if width:
            columns.append([pad + cell if cell.replace(",", "").isdigit() else cell + pad for cell, pad in padded])
    for row in zip(*columns, strict=True):
        print("  " + "  ".join(row).rstrip())
