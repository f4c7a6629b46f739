"""A published file as rows of text, whatever its encoding and separator are."""

import codecs
import csv
import io
import re
import unicodedata
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

from election.model.errors import DefinitionError, first_line

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
BOMS = (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")
LOOKED_AT = 200


@dataclass(frozen=True)
class Sheet:
    """A file's rows, each with the number of its line, and how they were read, in words."""

    path: Path
    rows: list[tuple[int, list[str]]]
    how: str


def read_sheet(path: Path, encoding: str | None = None, sheet: str | None = None) -> Sheet:
    """The rows of a CSV, TSV or XLSX file, without the empty ones; its name says nothing.

    Raises DefinitionError.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DefinitionError(f"{path}: the file can't be read: {error.strerror}") from None
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DefinitionError(f"{path}: this is an old Excel file: save it as .xlsx or CSV")
    rows, how = _read_excel(path, data, sheet) if data.startswith(b"PK") else _read_text(path, data, encoding)
    if not rows:
        raise DefinitionError(f"{path}: the file is empty")
    width = max(len(fields) for _, fields in rows)
    return Sheet(path, [(line, fields + [""] * (width - len(fields))) for line, fields in rows], how)


def _read_excel(path: Path, data: bytes, sheet: str | None) -> tuple[list[tuple[int, list[str]]], str]:
    try:
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = {page.title: [list(map(_cell, row)) for row in page.iter_rows(values_only=True)] for page in book}
    except Exception as error:  # noqa: BLE001  a file from anywhere: openpyxl raises whatever its XML and ZIP readers do
        raise DefinitionError(f"{path}: this is no Excel file that can be read ({first_line(error)})") from None
    filled = [title for title, rows in sheets.items() if any(map(any, rows))]
    if sheet is None and len(filled) > 1:
        raise DefinitionError(f"{path}: it has the sheets {', '.join(filled)}; choose one with --sheet")
    if sheet is not None and sheet not in filled:
        raise DefinitionError(f"{path}: there is no sheet {sheet!r} with rows; there are {', '.join(filled)}")
    title = sheet or next(iter(filled), "")
    rows = [(line, fields) for line, fields in enumerate(sheets.get(title, []), 1) if any(fields)]
    return rows, f"Excel, sheet {title!r}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return _clean(str(value))


def _clean(text: str) -> str:
    """In NFC and on one line: a line break inside a cell is how a heading was folded."""
    return " ".join(unicodedata.normalize("NFC", text).replace("\0", " ").split())


def _read_text(path: Path, data: bytes, encoding: str | None) -> tuple[list[tuple[int, list[str]]], str]:
    text, encoding = _decode(path, data, encoding)
    told = re.match(r'"?sep=([^"\r\n])"?\s*$', text, re.IGNORECASE | re.MULTILINE)
    separator = told[1] if told else _choose_separator(text)
    rows, line = [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for fields in reader:
            if broken := next((field for field in fields if field.count("\n") > 3), None):
                what = f"a field has {broken.count(chr(10)) + 1} lines ({broken[:60]!r}...); a quote is not closed"
                raise DefinitionError(f"{path}, line {line}: {what}")
            fields = [_clean(field) for field in fields]
            if any(fields) and not (told and line == 1):
                rows.append((line, fields))
            line = reader.line_num + 1
    except csv.Error as error:
        what = "a field is too long" if "larger" in str(error) else "a quote is not closed or is followed by text"
        raise DefinitionError(f"{path}, line {line}: {what}; mend the line") from None
    return rows, f"{encoding}, {SEPARATORS.get(separator, repr(separator))} between the columns"


def _decode(path: Path, data: bytes, encoding: str | None) -> tuple[str, str]:
    """The text and its encoding: the one asked for, the one that a mark names, otherwise UTF-8, then Windows-1252."""
    marked = next((name for mark, name in BOMS if data.startswith(mark)), None)
    tried = [encoding] if encoding else [marked] if marked else ["utf-8", "cp1252"]
    if tried[0] == "utf-8" and any(byte < 9 for byte in data[:100_000]):
        raise DefinitionError(f"{path}: this is no text: it has control characters; CSV, TSV or XLSX is wanted")
    for name in tried:
        try:
            text = data.decode(name)
        except LookupError:
            what = "there is no such encoding; cp1255 and iso-8859-7 are two"
            raise DefinitionError(f"--encoding {name}: {what}") from None
        except UnicodeError:
            continue
        return text, {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a mark", "cp1252": "Windows-1252"}.get(name, name)
    raise DefinitionError(f"{path}: the text is not in {' or '.join(tried)}; name its encoding with --encoding")


def _choose_separator(text: str) -> str:
    """The one that parts the most lines into equally many fields."""

    def fit(separator: str) -> tuple[float, int]:
        lines = csv.reader(io.StringIO("\n".join(text.splitlines()[:LOOKED_AT])), delimiter=separator)
        try:
            widths = Counter(len(fields) for fields in lines if any(fields))
        except csv.Error:
            return 0, 0
        width, times = max(widths.items(), key=lambda item: item[1], default=(0, 0))
        return (times / widths.total() if width > 1 else 0), width

    return max(SEPARATORS, key=fit)
