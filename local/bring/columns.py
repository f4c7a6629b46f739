"""What each column of a published table holds: what the options say, then what its name says, then what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from election.model.errors import UsageError
from election.model.findings import fold, nearest
from local.bring.reading import Sheet
from local.bring.words import Role, role_of

HEADER_WITHIN = 20
NOTHING = {"", "-", "–", "—", "n/a", "na", "."}
GROUPED = re.compile(r"[1-9]\d{0,2}([,.' ’])\d{3}(\1\d{3})*")
DECIMAL = re.compile(r"-?\d*[.,]\d+ ?%?|-?\d+ ?%")
NO_VOTES = re.compile(
    r"\b(id|code|fips|nr|no|number|num|year|geoid|objectid|lat|lon|latitude|longitude|date|time)\b|^#"
)
# Which option names a column of this role.
OPTIONS = {
    Role.CANDIDATE: "--candidate",
    Role.VOTES: "--votes",
    Role.REGISTERED: "--registered",
    Role.PARTY: "--party",
    Role.CONTEST: "--only",
}


@dataclass(frozen=True)
class Asked:
    """What the options say about the columns."""

    place: Sequence[str] = ()
    candidate: str | None = None
    votes: str | None = None
    registered: str | None = None
    party: str | None = None
    ignore: Sequence[str] = ()
    only: dict[str, str] = field(default_factory=dict)
    add_up: bool = False

    @property
    def names(self) -> list[tuple[str, str, Role]]:
        """Each column that an option names: the option, the name, the role."""
        single = [
            (OPTIONS[role], name, role)
            for role, name in (
                (Role.CANDIDATE, self.candidate),
                (Role.VOTES, self.votes),
                (Role.REGISTERED, self.registered),
                (Role.PARTY, self.party),
            )
            if name
        ]
        several = [("--place", name, Role.PLACE) for name in self.place]
        return single + several + [("--ignore", name, Role.IGNORED) for name in self.ignore]


@dataclass(frozen=True)
class Columns:
    """A table: where its header stands, what its columns are called and hold, and the rows below."""

    line: int
    above: list[str]
    names: list[str]
    roles: list[Role]
    rows: list[tuple[int, list[str]]]

    def where(self, *roles: Role) -> list[int]:
        return [index for index, role in enumerate(self.roles) if role in roles]

    @property
    def long(self) -> bool:
        """Whether each line is one candidate's votes in one place; otherwise each candidate has a column."""
        return bool(self.where(Role.VOTES))


def parse_count(text: str) -> int | None:
    """A count as people write it, with or without thousands separators; None when it is none."""
    if GROUPED.fullmatch(text):
        text = re.sub(r"\D", "", text)
    text = re.sub(r"\.0+$", "", text)
    return int(text) if text.isdecimal() and len(text) < 13 else None


def find_columns(sheet: Sheet, asked: Asked) -> Columns:
    """Raises UsageError, which asks what can't be known."""
    at = _find_header(sheet, asked)
    line, header = sheet.rows[at]
    rows = sheet.rows[at + 1 :]
    names = [name or f"column {number}" for number, name in enumerate(header, 1)]
    roles: list[Role | None] = [role_of(name) for name in names]
    _ask_for(sheet, names, roles, asked)
    values = [[row[index] for _, row in rows if row[index] not in NOTHING] for index in range(len(names))]
    long = _is_long(sheet, names, roles, values)
    if not long:
        roles = [Role.TOTAL if role is Role.VOTES else role for role in roles]
    _choose_by_content(names, roles, values, long)
    if not long:
        _find_sums(roles, rows)
    decided = [role or Role.NOT_USED for role in roles]
    _check(sheet, names, decided, long)
    above = [" ".join(filter(None, fields)) for _, fields in sheet.rows[:at]]
    return Columns(line, above, names, decided, rows)


def _find_header(sheet: Sheet, asked: Asked) -> int:
    """The first line that fills most columns with words, and has the names that the options give, if one has."""
    wanted = {fold(name) for _, name, _ in asked.names}
    filled = sorted(sum(map(bool, fields)) for _, fields in sheet.rows)
    usual, fitting = filled[len(filled) // 2], []
    for at, (_, fields) in enumerate(sheet.rows[:HEADER_WITHIN]):
        cells = [field for field in fields if field]
        numbers = sum(parse_count(cell) is not None or bool(DECIMAL.fullmatch(cell)) for cell in cells)
        if len(cells) >= max(2, 0.6 * usual) and numbers <= len(cells) / 3:
            fitting.append((wanted <= {fold(cell) for cell in cells}, -at))
    if fitting:
        return -max(fitting)[1]
    first = [" | ".join(filter(None, fields))[:80] for _, fields in sheet.rows[:3]]
    raise UsageError(f"{sheet.path}: no line names the columns; the file begins with\n  " + "\n  ".join(first))


def _ask_for(sheet: Sheet, names: list[str], roles: list[Role | None], asked: Asked) -> None:
    """Gives the columns that options name their roles; a role that an option gives is nobody else's."""
    given = {role for _, _, role in asked.names}
    for index, role in enumerate(roles):
        if role in given:
            roles[index] = None if role is not Role.PLACE else Role.NOT_USED
    folded = [fold(name) for name in names]
    for option, name, role in asked.names:
        if fold(name) not in folded:
            raise UsageError(f"{sheet.path}: there is no column for {option} {name!r}{nearest(name, names)}")
        for index, found in enumerate(folded):
            if found == fold(name):
                roles[index] = role


def _is_long(sheet: Sheet, names: list[str], roles: list[Role | None], values: list[list[str]]) -> bool:
    if Role.CANDIDATE not in roles:
        return False
    if Role.VOTES not in roles:
        numbers = [name for name, column in zip(names, values, strict=True) if column and _are_counts(column)]
        raise UsageError(f"{sheet.path}: which column has the votes? Name it with --votes; {_list(numbers or names)}")
    return True


def _choose_by_content(names: list[str], roles: list[Role | None], values: list[list[str]], long: bool) -> None:
    """Decides about the columns whose names say nothing."""
    texts = []
    for index, (name, column) in enumerate(zip(names, values, strict=True)):
        if roles[index] is not None:
            continue
        if not column or NO_VOTES.search(fold(name)):
            roles[index] = Role.NOT_USED
        elif any(DECIMAL.fullmatch(text) and parse_count(text) is None for text in column):
            roles[index] = Role.PERCENT
        elif not long and _are_counts(column):
            roles[index] = Role.CANDIDATE
        elif fold(name) == "district" and not (long and Role.PLACE in roles):
            roles[index] = Role.PLACE
        else:
            texts.append(index)
    if Role.PLACE not in roles and not long and len(texts) == 1:
        roles[texts[0]] = Role.PLACE


def _are_counts(column: Iterable[str]) -> bool:
    """Whether most are: a column of votes with a word in it is one with a mistake."""
    column = list(column)
    return sum(parse_count(text) is not None for text in column) * 2 > len(column)


def _find_sums(roles: list[Role | None], rows: list[tuple[int, list[str]]]) -> None:
    """A column that is the sum of all other candidates' in every line is a total, whatever its name."""
    counted = [index for index, role in enumerate(roles) if role is Role.CANDIDATE]
    lines = [[parse_count(fields[index]) or 0 for index in counted] for _, fields in rows]
    for at, index in enumerate(counted):
        if len(counted) > 2 and any(map(any, lines)) and all(2 * line[at] == sum(line) for line in lines):
            roles[index] = Role.TOTAL


def _check(sheet: Sheet, names: list[str], roles: list[Role], long: bool) -> None:
    for role, option in OPTIONS.items():
        found = [name for name, held in zip(names, roles, strict=True) if held is role]
        if len(found) > 1 and (long or role is not Role.CANDIDATE) and role is not Role.CONTEST:
            raise UsageError(
                f"{sheet.path}: more than one column may be the {role}: {_list(found)}; choose with {option}"
            )
    if Role.PLACE not in roles:
        raise UsageError(f"{sheet.path}: which column names the place? Say so with --place; {_list(names)}")
    if Role.CANDIDATE not in roles:
        what = "no column has a candidate's votes: name the columns with --candidate and --votes"
        raise UsageError(f"{sheet.path}: {what}; {_list(names)}")
    used = [name for name, role in zip(names, roles, strict=True) if role is Role.CANDIDATE]
    if twice := sorted({name for name in used if used.count(name) > 1}):
        raise UsageError(
            f"{sheet.path}: the column {twice[0]!r} is there twice; rename one, or leave both out with --ignore"
        )
    if unnamed := [name for name in used if re.fullmatch(r"column \d+", name)]:
        raise UsageError(f"{sheet.path}: {unnamed[0]} has numbers and no name; name it, or --ignore {unnamed[0]!r}")


def _list(names: Sequence[str]) -> str:
    return f"the columns are {', '.join(map(repr, names[:20]))}{' and more' if len(names) > 20 else ''}"
