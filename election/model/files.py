"""An election's text and CSV files, read so that every problem is found, each with file, line, value and what to do."""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from election.model.findings import Findings, nearest
from election.model.messages import LONGEST_TEXT

# Every vote is cast by a voter of its own: more of them fit in no memory here.
MOST_VOTERS = 100_000_000
# What a file is that is no text, by its first bytes.
NO_TEXT = {
    b"PK\x03\x04": "an Excel or other packed file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_text(path: Path, findings: Findings) -> str | None:
    """The text of a file in UTF-8; None when it can't be had, which the findings tell."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        findings.problem(path, "the file is missing")
        return None
    except OSError as error:
        findings.problem(path, f"the file can't be read: {error.strerror}")
        return None
    for start, what in NO_TEXT.items():
        if data.startswith(start):
            advice = "save it as CSV in UTF-8, or let python3 run.py import read it"
            findings.problem(path, f"this is {what}, not UTF-8 text: {advice}")
            return None
    try:
        # Letters that are composed in two ways look the same, and are one name.
        return unicodedata.normalize("NFC", data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"not UTF-8 text (byte {data[error.start : error.start + 1].hex()}): save the file as UTF-8"
        findings.problem(f"{path}, line {line}", what)
        return None


def broken(text: str) -> str | None:
    """Why a text can't be shown in one line or kept in a message; None when it can."""
    if len(text) > LONGEST_TEXT:
        return f"has {len(text):,} characters, more than {LONGEST_TEXT:,}"
    if "\n" in text or "\r" in text:
        return f"has a line break ({text!r:.80}); perhaps a quote is not closed"
    if bad := next((one for one in text if unicodedata.category(one) in ("Cc", "Zl", "Zp")), None):
        return f"has the control character {bad!r}; remove it"
    return None


@dataclass(frozen=True)
class Row:
    """A line of a CSV file: where it stands, and its fields by column; an optional column that is left out is empty."""

    where: str
    fields: Mapping[str, str]
    findings: Findings

    def __getitem__(self, column: str) -> str:
        return self.fields.get(column, "")

    def problem(self, what: str) -> None:
        self.findings.problem(self.where, what)

    def is_place(self) -> bool:
        """Whether the line's location is a name; the findings tell why not."""
        if why := broken(self["location"]) if self["location"] else "is empty":
            self.problem(f"location {why}")
        return not why

    def count(self, column: str) -> int:
        """A count; 0 for what is none, which the findings tell."""
        text = self[column]
        if re.fullmatch("[0-9]{1,9}", text) and int(text) <= MOST_VOTERS:
            return int(text)
        plain = re.sub("[,' \u2019\u00a0\u202f]", "", text)
        hint = f"; write {plain}" if re.fullmatch("[0-9]{1,9}", plain) and plain != text else ""
        self.problem(f"{column} is {text!r:.40}; a whole number from 0 to {MOST_VOTERS:,} is wanted{hint}")
        return 0

    def weight(self, column: str) -> float:
        """A number above 0; 1 for what is none, which the findings tell."""
        try:
            weight = float(self[column])
        except ValueError:
            weight = -1
        if not 0 < weight < math.inf:
            self.problem(f"{column} is {self[column]!r:.40}; a number above 0 is wanted")
            return 1
        return weight


@dataclass
class Table:
    """A CSV file: the columns that its first line names, and the lines that have a field for each."""

    path: Path
    findings: Findings
    columns: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def problem(self, what: str) -> None:
        """Tells what is wrong with the columns."""
        self.findings.problem(f"{self.path}, line 1", what)

    def has_columns(self, required: Collection[str], optional: Collection[str] = ()) -> bool:
        """Whether all the required columns are there; the findings tell which are missing, and which are unknown."""
        known = [*required, *optional]
        missing = [column for column in required if column not in self.columns]
        if self.columns and missing:
            self.problem(f"the column {', '.join(missing)} is missing")
        for column in self.columns:
            if column not in known:
                self.problem(f"the column {column!r:.80} is unknown{nearest(column, known)}")
        return not missing

    def by_place(
        self, candidates: Mapping[str, str], required: Collection[str], optional: Collection[str] = ()
    ) -> Iterator[tuple[Row, dict[str, str]]]:
        """Of a table with a line for each place and a column for each candidate: the lines, each with those columns.

        `candidates` is what a column may be called, to the candidate_id.
        """
        if not self.has_columns(required, (*optional, *candidates)):
            return
        columns = {candidates[column]: column for column in self.columns if column in candidates}
        if lacking := sorted(set(candidates.values()) - columns.keys()):
            self.problem(f"there is no column for the candidates {', '.join(lacking)[:200]}")
        if len(columns) < sum(column in candidates for column in self.columns):
            self.problem("a candidate has two columns, one with the id and one with the name")
        places = set[str]()
        for row in self.rows:
            if row["location"] in places:
                row.problem(f"{row['location']} is there twice; one line for each place is wanted")
            elif row.is_place():
                places.add(row["location"])
                yield row, columns


def read_csv(path: Path, findings: Findings) -> Table:
    """A file's columns and rows; the lines that can't be used are told to the findings."""
    table = Table(path, findings)
    text = read_text(path, findings)
    if text is None:
        return table
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for fields in reader:
            where, line = f"{path}, line {line}", reader.line_num + 1
            fields = [field.strip() for field in fields]
            if not any(fields):
                continue
            if not table.columns:
                if not _are_columns(where, fields, findings):
                    return table
                table.columns = fields
            elif len(fields) != len(table.columns):
                what = f"{len(table.columns)} columns are wanted, not {len(fields)}; quote a field that holds a comma"
                findings.problem(where, what)
            else:
                table.rows.append(Row(where, dict(zip(table.columns, fields, strict=True)), findings))
    except csv.Error as error:
        what = "a quote is not closed or is followed by text; write a quote inside a field twice"
        if "field larger" in str(error):
            what = f"a field has more than {csv.field_size_limit():,} characters; perhaps a quote is not closed"
        findings.problem(f"{path}, line {line}", f"{what}; nothing after it was read")
        return table
    if not table.columns:
        findings.problem(path, "the file is empty")
    return table


def _are_columns(where: str, columns: list[str], findings: Findings) -> bool:
    if len(columns) == 1 and (other := next((sign for sign in ";\t|" if sign in columns[0]), None)):
        findings.problem(where, f"the columns are separated by {other!r}; commas are wanted")
        return False
    twice = sorted({name for name in columns if columns.count(name) > 1})
    for name in twice:
        findings.problem(where, f"the column {name!r} is there twice; remove or rename one")
    return not twice
