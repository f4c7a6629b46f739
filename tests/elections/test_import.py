"""Published files as they are: each of tests/elections/published/ gives the same votes, or a message."""

import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from election.model import topics
from election.model.definition import Election, load_election
from election.model.errors import DefinitionError, ElectionError, UsageError
from election.model.findings import Findings
from election.model.messages import Tally
from election.results.board import Board
from election.results.export import Results, gather
from election.results.formats import as_csv, as_openelections
from election.results.look import HeldElection
from local.bring import checking, importing
from local.bring.columns import Asked, find_columns, parse_count
from local.bring.reading import read_sheet
from local.bring.shaping import Brought, Shaping

PUBLISHED = Path(__file__).with_name("published")
VOTES = {("North", "Ann Lee"): 1200, ("North", "Bob Kay"): 5, ("Montréal", "Bob Kay"): 7}
GOVERNOR = {("Adams, North", "Ann Lee"): 1200, ("Adams, North", "Bob Kay"): 5, ("York, North", "Bob Kay"): 7}
OTHERS = {("North", "Blank votes"): 3, ("North", "Spoiled ballots"): 2, ("North", "Write-ins"): 1}

TAKEN: dict[str, tuple[list[str], dict[tuple[str, str], int], list[str]]] = {
    "blank_spoiled.csv": (
        [],
        VOTES | OTHERS | {("Montréal", "Spoiled ballots"): 1},
        ["invalid votes", "Blank votes      blank", "Spoiled ballots  invalid", "Write-ins        write-in"],
    ),
    "excel_named.csv": ([], VOTES, ["Excel, sheet 'Results'; header in line 3", "left out: a percentage"]),
    "long.csv": ([], VOTES, ["a line for each place and candidate", "2,007 registered"]),
    "modes.csv": (["--sum"], VOTES, ["mode       not used"]),
    "openelections.csv": (
        ["--only", "office=governor"],
        GOVERNOR,
        ["2 lines whose office is not", "'Total' is a total"],
    ),
    "parties.csv": ([], VOTES, ["Ann Lee  Red   1,200"]),
    "semicolons_cp1252.csv": ([], VOTES, ["Windows-1252, semicolons between the columns"]),
    "sep_line.csv": ([], VOTES, ["header in line 2", "Empty cells taken as 0 votes: 1"]),
    "tabs_utf16.txt": ([], {(place, name.upper()): votes for (place, name), votes in VOTES.items()}, ["utf-16, tabs"]),
    "title_above.csv": ([], VOTES, ["UTF-8 with a mark", "Official results, 3 November", "line 7: no numbers in"]),
    "totals_percents.csv": ([], VOTES, ["left out: a percentage", "Ballots Cast       left out: a total"]),
    "two_sheets.xlsx": (["--sheet", "Results"], VOTES, []),
    "wide.csv": ([], VOTES, ["Ann Lee   candidate", "1,212 votes"]),
}
REFUSED: dict[str, tuple[list[str], str]] = {
    "binary.csv": ([], "this is no text: it has control characters"),
    "column_twice.csv": ([], "the column 'Ann Lee' is there twice"),
    "empty.csv": ([], "the file is empty"),
    "no_excel.xlsx": ([], "this is no Excel file that can be read"),
    "no_name.csv": ([], "column 3 has numbers and no name"),
    "no_place.csv": ([], "which column names the place? Say so with --place; the columns are 'Remark', 'Note'"),
    "no_votes.csv": ([], "which column has the votes? Name it with --votes; the columns are 'Early', 'Late'"),
    "old.xls": ([], "this is an old Excel file: save it as .xlsx or CSV"),
    "only_words.csv": ([], "no line names the columns"),
    "open_quote.csv": ([], "line 3: a quote is not closed"),
    "openelections.csv": ([], "has 2 contests; choose one with --only 'office=...': 'Governor', 'State House'"),
    "place_twice.csv": ([], "line 3: 'North' is there twice"),
    "text_in_votes.csv": ([], "line 3: Ann Lee is '12x'; a whole number is wanted"),
    "two_sheets.xlsx": ([], "it has the sheets Results, Notes; choose one with --sheet"),
    "wide.csv": (["--votes", "Anne Lee"], "there is no column for --votes 'Anne Lee'; did you mean 'Ann Lee'?"),
}

# A table, and what it holds: what looks like a number of the line, a share, a total or a heading may be a candidate.
READ: dict[str, tuple[str, dict[tuple[str, str], int]]] = {
    "the votes against": ("Precinct,Yes,No\nNorth,1,2\nEast,3,9\n", {("North", "No"): 2, ("East", "No"): 9}),
    "numbers of lines": ("No,Precinct,Ann,Bob\n1,North,3,4\n2,East,5,6\n", {("North", "Ann"): 3, ("East", "Ann"): 5}),
    "a share": ("Precinct,Fair Share Party,Bob,Vote share\nNorth,3,4,43\n", {("North", "Fair Share Party"): 3}),
    "a list": (
        "Precinct,Candidate,Votes\nLyon,Ensemble pour Lyon,3\nLyon,Sum,3\n",
        {("Lyon", "Ensemble pour Lyon"): 3},
    ),
    "numbers of districts": ("Precinct,District,Ann,Bob\nNorth,5,3,4\nEast,6,5,6\n", {("North, 5", "Ann"): 3}),
    "a sum in one line": ("Precinct,Ann,Bob,Cy\nNorth,50,30,20\n", {("North", "Ann"): 50}),
    "a total's county": (
        "County,Precinct,Ann,Bob\nYork,North,3,4\nYork,East,5,6\nTotal,,8,10\n",
        {("North", "Ann"): 3},
    ),
}


def bring(path: Path, folder: Path, *arguments: str, day: str | None = "2026-11-03") -> Election:
    """The election that the command makes of a file, and of other files among the arguments."""
    parser = ArgumentParser()
    importing.add_arguments(parser)
    given = [str(path), *arguments, "--to", str(folder), *(["--date", day] if day else [])]
    assert importing.run(parser.parse_args(given)) == 0
    return load_election(str(folder))


def by_name(election: Election) -> dict[tuple[str, str], int]:
    names = {one.candidate_id: one.candidate_name for one in election.candidates}
    return {(place, names[candidate]): votes for (place, candidate), votes in election.votes_by_location.items()}


@pytest.mark.parametrize("name", TAKEN)
def test_a_published_file_gives_its_votes_and_says_what_was_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    arguments, votes, said = TAKEN[name]
    assert by_name(bring(PUBLISHED / name, tmp_path / "to", *arguments)) == votes
    output = capsys.readouterr().out
    assert [words for words in said if words not in output] == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_known_or_used_is_asked_or_refused(tmp_path: Path, name: str) -> None:
    arguments, message = REFUSED[name]
    with pytest.raises(ElectionError) as refused:
        bring(PUBLISHED / name, tmp_path / "to", *arguments)
    assert message in str(refused.value)
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("what", READ)
def test_a_column_or_a_line_is_what_it_holds_not_what_it_is_called(tmp_path: Path, what: str) -> None:
    text, votes = READ[what]
    (tmp_path / "table.csv").write_text(text)
    found = by_name(bring(tmp_path / "table.csv", tmp_path / "to"))
    assert votes.items() <= found.items()
    assert {name for _, name in found} <= {"Yes", "No", "Ann", "Bob", "Cy", "Fair Share Party", "Ensemble pour Lyon"}


@pytest.mark.parametrize(
    ("one", "other", "arguments", "message"),
    [
        ("County,Precinct,Ann,Bob\nAdams,North,1,2\n", "County,Precinct,Ann,Bob\nYork,North,3,4\n", [], None),
        (
            "Precinct,Office,Candidate,Votes\nA,Mayor,Ann,1\n",
            "Precinct,Office,Candidate,Votes\nB,Clerk,Bob,1\n",
            [],
            "2 contests",
        ),
        (
            "Precinct,Office,District,Candidate,Votes\nA,House,1,Ann,1\nB,House,2,Bob,1\n",
            "",
            [],
            "'District' has 2 contests",
        ),
        ("Precinct,Registered,Ann,Bob\nA,9,1,2\nA,9,1,2\n", "", ["--sum"], None),
        ("Precinct,Registered,Ann,Bob\nA,9,1,2\nA,8,1,2\n", "", ["--sum"], "--ignore 'Registered'"),
        ("Precinct,Ann,Bob\nA,1,2\n", "", ["--only", "precinct=A", "--only", "precinct=B"], "names a column twice"),
    ],
)
def test_what_lines_and_files_say_of_the_same_is_one_or_asked(
    tmp_path: Path, one: str, other: str, arguments: list[str], message: str | None
) -> None:
    for name, text in ("one.csv", one), ("other.csv", other or one):
        (tmp_path / name).write_text(text)
    more = [str(tmp_path / "other.csv")] if other else []
    if message:
        with pytest.raises(ElectionError, match=message):
            bring(tmp_path / "one.csv", tmp_path / "to", *more, *arguments)
    else:
        election = bring(tmp_path / "one.csv", tmp_path / "to", *more, *arguments)
        assert [place.name for place in election.locations] == (["Adams, North", "York, North"] if other else ["A"])
        assert election.registered == (10 if other else 9)


def test_several_files_are_one_election(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("Precinct,Bob Kay,Cat Moe\nEast,1,2\n")
    election = bring(PUBLISHED / "wide.csv", tmp_path / "to", str(tmp_path / "b.csv"))
    assert by_name(election) == VOTES | {("East", "Bob Kay"): 1, ("East", "Cat Moe"): 2}


def test_a_folder_that_holds_something_and_a_missing_day_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists and is not empty"):
        bring(PUBLISHED / "wide.csv", PUBLISHED)
    with pytest.raises(UsageError, match="give it with --date"):
        bring(PUBLISHED / "wide.csv", tmp_path / "to", day=None)


@pytest.mark.parametrize("name", ["", "nowhere.csv"])
def test_a_folder_or_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DefinitionError, match=f"{name}: the file can't be read: .* (directory|file)"):
        read_sheet(tmp_path / name)


def counted(election: Election) -> Results:
    """The results of an election that is counted; who has no name gets one, as from main.py."""
    people = [
        structs.replace(one, candidate_name=one.candidate_name or one.candidate_id) for one in election.candidates
    ]
    board = Board()
    for (place, candidate), votes in election.votes_by_location.items():
        tally = Tally(votes, "2026-05-07T12:00:00Z", candidate_id=candidate, state=place)
        board.totals[topics.VOTES_BY_LOCATION][f"{place}|{candidate}"] = tally
    held = HeldElection(election.name, election.title, election.registered, election.ballots)
    return gather(held, people, {place.name: place.registered for place in election.locations}, board)


@pytest.mark.parametrize("render", [as_csv, as_openelections])
@pytest.mark.parametrize("name", ["montreal-2013", "simulated"])
def test_an_export_comes_back_in_as_the_same_election(
    tmp_path: Path, name: str, render: Callable[[Results], str]
) -> None:
    election = load_election(name)
    exported = counted(election)
    (tmp_path / "out.csv").write_text(render(exported))
    back = bring(tmp_path / "out.csv", tmp_path / "to")
    ids = {one.candidate_id: mine.candidate_id for one, mine in zip(back.candidates, election.candidates, strict=True)}
    votes = {(place, ids[candidate]): votes for (place, candidate), votes in back.votes_by_location.items()}
    assert votes == election.votes_by_location
    assert [one.party_affiliation for one in back.candidates] == [one.party_affiliation for one in election.candidates]
    if render is as_csv:
        assert [one.registered for one in back.locations] == [one.registered for one in election.locations]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *(("0", 0), ("1,234", 1234), ("1 234 567", 1234567), ("1.234", 1234), ("1’234", 1234), ("12.0", 12), ("٣", 3)),
        *((text, None) for text in ("0.123", "12.5", "1,23", "-4", "x", "²", "", "12,345.678", "9" * 20)),
    ],
)
def test_counts_are_read_as_people_write_them(text: str, count: int | None) -> None:
    assert parse_count(text) == count


def test_check_names_what_is_suspicious(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "election.toml").write_text('title = "T"\nseed = 1\ndate = 2026-01-01\n')
    (tmp_path / "candidates.csv").write_text("candidate_name\nAnn\nBob\nCat\n")
    lines = "location,Ann,Bob,Cat", "A,1,2,0", "B,3,4,0", "Both,4,6,0", "É,1,0,0", "e,5,1,0", "None,0,0,0"
    (tmp_path / "results.csv").write_text("\n".join(lines))
    assert checking.examine(tmp_path) == 0
    said = capsys.readouterr().out
    assert "Both has exactly the votes of the 2 places before it" in said
    assert "'É' and 'e' differ only" in said
    assert "places without votes (1): None" in said
    assert "candidates without votes (1): Cat" in said


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=60) | st.text('Precinct,;\t|"\n0123456789.% voteséא', max_size=120).map(str.encode),
    whole=st.sampled_from([b"", *(path.read_bytes() for path in sorted(PUBLISHED.iterdir()))]),
    cut=st.integers(0, 400),
)
def test_whatever_a_file_holds_it_is_taken_or_refused_with_a_message(data: bytes, whole: bytes, cut: int) -> None:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        Path(file.name).write_bytes(whole[:cut] + data + whole[cut:])
        try:
            sheet, brought, findings = read_sheet(Path(file.name)), Brought(), Findings()
            Shaping(sheet, find_columns(sheet, Asked()), Asked(), brought, findings).take()
            findings.require_none()
        except (DefinitionError, UsageError):
            return
        assert all(count >= 0 for count in brought.totals.values())
