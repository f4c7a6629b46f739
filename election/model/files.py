"""The files of an election, read so that every problem is found, each with file, line, value and what to do."""

from __future__ import annotations

import csv
import io
import math
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from election.model.findings import Findings, nearest
from election.model.messages import LONGEST_TEXT

# Every vote is cast by a voter of its own: more of them fit in no memory here.
MOST_VOTERS = 100_000_000
TOML_KEYS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "title": (str, '"some text"'),
    "seed": (int, "a whole number, 0 or more"),
    "date": (date, "2026-05-07"),
    "nationality": (str, '"GB"'),
    "country": (str, '"United Kingdom"'),
    "locale": (str, '"en_GB"'),
    "city": (str, '"the name of the city"'),
    "rate": ((int, float), "votes per second, 0 for as fast as possible"),
    "voters": (int, "a whole number, 1 or more"),
    "turnout": ((int, float), "a part between 0 and 1"),
    "map_name": (str, '"the property of locations.geojson that holds the name of a place"'),
}
TOML_LIMITS = {"seed": (0, math.inf), "rate": (0, 1e9), "voters": (1, MOST_VOTERS), "turnout": (0, 1)}
REQUIRED_KEYS = "title", "seed", "date"
# What a file is that is no text, by its first bytes.
NO_TEXT = {
    b"PK\x03\x04": "an Excel or other packed file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
SAVE_AS_UTF8 = "save it as CSV in UTF-8, or let python3 run.py import read it"


@dataclass(frozen=True)
class Row:
    """A line of a CSV file: where it stands, and its fields by column."""

    where: str
    fields: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.fields[column]


@dataclass
class Table:
    """A CSV file: the columns that its first line names, and the lines that have a field for each."""

    columns: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


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
            findings.problem(path, f"this is {what}, not UTF-8 text: {SAVE_AS_UTF8}")
            return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"not UTF-8 text (byte {data[error.start : error.start + 1].hex()}): save the file as UTF-8"
        findings.problem(f"{path}, line {line}", what)
        return None
    if "\0" in text:
        findings.problem(f"{path}, line {text[: text.index(chr(0))].count(chr(10)) + 1}", "a NUL character: remove it")
        return None
    if not unicodedata.is_normalized("NFC", text):
        findings.warn(
            path, "some letters are composed (Unicode's NFD); names that are the same in NFC are taken as one"
        )
    return unicodedata.normalize("NFC", text)


def read_toml(path: Path, findings: Findings) -> dict[str, Any]:
    """The keys of election.toml that are known and can be used."""
    text = read_text(path, findings)
    if text is None:
        return {}
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        findings.problem(path, str(error))
        return {}
    for name in REQUIRED_KEYS:
        if name not in table:
            findings.problem(path, f"{name} is missing; write {name} = {TOML_KEYS[name][1]}")
    return {name: value for name, value in table.items() if _is_usable(path, name, value, findings)}


def _is_usable(path: Path, name: str, value: Any, findings: Findings) -> bool:
    if name not in TOML_KEYS:
        findings.problem(path, f"the key {name} is unknown{nearest(name, TOML_KEYS)}")
        return False
    kind, wanted = TOML_KEYS[name]
    least, most = TOML_LIMITS.get(name, (-math.inf, math.inf))
    usable = isinstance(value, kind) and not isinstance(value, (bool, datetime))
    if usable and isinstance(value, (int, float)):
        usable = least <= value <= most
    elif usable and isinstance(value, str):
        usable = bool(value.strip()) and broken(value) is None
    elif usable and isinstance(value, date):
        usable = value.year >= 1000
    if not usable:
        findings.problem(
            path, f"{name} is {str(value) if isinstance(value, date) else repr(value):.80}; write {name} = {wanted}"
        )
    return usable


def read_csv(path: Path, findings: Findings) -> Table:
    """A file's columns and rows; the lines that can't be used are told to the findings."""
    table = Table()
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
                table.rows.append(Row(where, dict(zip(table.columns, fields, strict=True))))
    except csv.Error as error:
        findings.problem(f"{path}, line {line}", f"{_said(error)}; nothing after it was read")
        return table
    if not table.columns:
        findings.problem(path, "the file is empty")
    return table


def _said(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a field has more than {csv.field_size_limit():,} characters; perhaps a quote is not closed"
    return "a quote is not closed or is followed by text; write a quote inside a field twice"


def _are_columns(where: str, columns: Sequence[str], findings: Findings) -> bool:
    found = len(findings.problems)
    if len(columns) == 1 and (other := next((sign for sign in ";\t|" if sign in columns[0]), None)):
        findings.problem(where, f"the columns are separated by {other!r}; commas are wanted")
        return False
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        findings.problem(where, f"the column {name!r} is there twice; remove or rename one" if name else UNNAMED)
    return len(findings.problems) == found


UNNAMED = "two columns have no name; name or remove them"


def broken(text: str) -> str | None:
    """Why a text can't be shown in one line or kept in a message; None when it can."""
    if len(text) > LONGEST_TEXT:
        return f"has {len(text):,} characters, more than {LONGEST_TEXT:,}"
    if "\n" in text or "\r" in text:
        return f"has a line break ({text!r:.80}); perhaps a quote is not closed"
    if bad := next((one for one in text if unicodedata.category(one) in ("Cc", "Zl", "Zp")), None):
        return f"has the control character {bad!r}; remove it"
    return None


def read_count(row: Row, column: str, findings: Findings) -> int:
    """A count; 0 for what is none, which the findings tell."""
    text = row[column]
    if text.isascii() and text.isdigit():
        if len(text) <= len(str(MOST_VOTERS)) and int(text) <= MOST_VOTERS:
            return int(text)
        findings.problem(row.where, f"{column} is {text!r:.40}; at most {MOST_VOTERS:,} can be counted")
        return 0
    plain = "".join(one for one in text if one not in ",.' \u2019\u00a0\u202f")
    hint = f"; write {plain}" if plain.isascii() and plain.isdigit() and plain != text and "." not in text else ""
    findings.problem(row.where, f"{column} is {text!r:.40}; a whole number, 0 or more, is wanted{hint}")
    return 0


def read_weight(row: Row, column: str, findings: Findings) -> float:
    try:
        weight = float(row[column])
    except ValueError:
        weight = -1
    if not 0 < weight < math.inf:
        findings.problem(row.where, f"{column} is {row[column]!r:.40}; a number above 0 is wanted")
        return 1
    return weight
