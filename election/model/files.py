"""The files of an election, read with a message that names file and line where they can't be."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from election.model.errors import DefinitionError


def read_toml(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: {error}") from None
    for name, kind, wanted in (
        ("title", str, '"some text"'),
        ("seed", int, "a whole number"),
        ("date", date, "2026-05-07"),
    ):
        if not isinstance(table.get(name), kind):
            raise DefinitionError(f"{path}: {name} is missing or of another kind; write {name} = {wanted}")
    return table


def read_csv(path: Path, required: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """(where, row) of each row; `where` is 'FILE, line N'."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DefinitionError(f"{path} is missing") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise DefinitionError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in required if name not in (reader.fieldnames or [])]
    if missing:
        raise DefinitionError(f"{path}, line 1: the column {', '.join(missing)} is missing")
    for found in reader:
        where = f"{path}, line {reader.line_num}"
        if None in found or None in found.values():
            raise DefinitionError(f"{where}: {len(reader.fieldnames or [])} columns are wanted")
        yield where, {name: value.strip() for name, value in found.items()}


def read_count(where: str, name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise DefinitionError(f"{where}: {name} is {text!r}; a whole number, 0 or more, is wanted")
    return int(text)


def read_weight(where: str, name: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1
    if not 0 < weight < math.inf:
        raise DefinitionError(f"{where}: {name} is {text!r}; a number above 0 is wanted")
    return weight
