"""election.toml: what is said about an election as a whole."""

import datetime
import tomllib
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from election.model.files import MOST_VOTERS, read_text
from election.model.findings import Findings, nearest

LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\S[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z"


class Keys(msgspec.Struct):
    """The keys, each with its default; the description is how to write one."""

    title: Annotated[str, Meta(pattern=LINE, description='"some text"')] = ""
    seed: Annotated[int, Meta(ge=0, description="a whole number, 0 or more")] = 0
    date: Annotated[datetime.date, Meta(description="2026-05-07")] = datetime.date.min
    nationality: Annotated[str, Meta(pattern=LINE, description='"GB"')] = "GB"
    country: Annotated[str, Meta(pattern=LINE, description='"United Kingdom"')] = "United Kingdom"
    locale: Annotated[str, Meta(pattern=LINE, description='"en_GB"')] = "en_GB"
    city: Annotated[str, Meta(pattern=LINE, description='"the name of the city"')] = ""
    rate: Annotated[float, Meta(ge=0, le=1e9, description="votes per second, 0 for as fast as possible")] = 0
    voters: Annotated[int, Meta(ge=1, le=MOST_VOTERS, description="a whole number, 1 or more")] = 0
    turnout: Annotated[float, Meta(ge=0, le=1, description="a part between 0 and 1")] = 1
    map_name: Annotated[str, Meta(pattern=LINE, description='"the property that names a place"')] = ""


KINDS = get_type_hints(Keys, include_extras=True)
REQUIRED = "title", "seed", "date"


def read_keys(path: Path, findings: Findings) -> Keys:
    """The keys that are given and can be used; the others have their defaults."""
    text = read_text(path, findings)
    if text is None:
        return Keys()
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        findings.problem(path, str(error))
        return Keys()
    for name in REQUIRED:
        if name not in table:
            findings.problem(path, f"{name} is missing; write {name} = {_wanted(name)}")
    read = {name: _read(path, name, given, findings) for name, given in table.items()}
    return Keys(**{name: value for name, value in read.items() if value is not None})


def _read(path: Path, name: str, given: Any, findings: Findings) -> Any:
    """The value as the key's type; None, which the findings tell, for what can't be used."""
    if name not in KINDS:
        findings.problem(path, f"the key {name} is unknown{nearest(name, KINDS)}")
        return None
    try:
        return msgspec.convert(given, KINDS[name])
    except msgspec.ValidationError:
        shown = str(given) if isinstance(given, datetime.date) else repr(given)
        findings.problem(path, f"{name} is {shown:.80}; write {name} = {_wanted(name)}")
        return None


def _wanted(name: str) -> str:
    return str(KINDS[name].__metadata__[0].description)
