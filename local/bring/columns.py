"""What each column of a published table holds: what the options say, then what its name says, then what is in it."""

import re
from collections.abc import Sequence
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
    r"\b(id|code|fips|number|num|year|geoid|objectid|lat|lon|latitude|longitude)\b|^nr\b|\b(date|time)$|^#"
    r"|\w (nr|no)\.?$|^no\.? of\b"
)
# A number of the line, or the votes against a question.
NUMBER_OR_VOTES = re.compile(r"no\.?")


@dataclass(frozen=True)
class Asked:
    """What the command says: the role and the name of columns, which lines are wanted, and of how many files."""

    columns: Sequence[tuple[Role, str]] = ()
    only: dict[str, str] = field(default_factory=dict)
    add_up: bool = False
    several_files: bool = False


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


@dataclass
class Column:
    """A column of a sheet: its name, the cells that say something, and what it holds, as far as that is known."""

    name: str
    cells: list[str]
    role: Role | None

    @property
    def has_counts(self) -> bool:
        """Whether most cells are counts: a column of votes with a word in it is one with a mistake."""
        return 2 * sum(parse_count(text) is not None for text in self.cells) > len(self.cells)

    @property
    def numbers_lines(self) -> bool:
        """Whether it counts the lines: 1, 2, 3."""
        counts = [parse_count(text) or 0 for text in self.cells]
        return len(counts) > 1 and counts == list(range(counts[0], counts[0] + len(counts)))


def find_columns(sheet: Sheet, asked: Asked) -> Columns:
    """Raises UsageError, which asks what can't be known."""
    at = _find_header(sheet, asked)
    line, header = sheet.rows[at]
    rows = sheet.rows[at + 1 :]
    columns = []
    for index, name in enumerate(header):
        cells = [fields[index] for _, fields in rows if fields[index] not in NOTHING]
        columns.append(Column(name or f"column {index + 1}", cells, role_of(name)))
    try:
        _choose(columns, rows, asked)
    except UsageError as error:
        raise UsageError(f"{sheet.path}: {error}") from None
    above = [" ".join(filter(None, fields)) for _, fields in sheet.rows[:at]]
    roles = [column.role or Role.NOT_USED for column in columns]
    return Columns(line, above, [column.name for column in columns], roles, rows)


def _find_header(sheet: Sheet, asked: Asked) -> int:
    """The first line that fills most columns with words, and has the names that the options give, if one has."""
    wanted = {fold(name) for _, name in asked.columns}
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


def _choose(columns: Sequence[Column], rows: list[tuple[int, list[str]]], asked: Asked) -> None:
    """Gives every column its role. Raises UsageError."""
    _choose_by_option(columns, asked)
    long = bool(_names(columns, Role.CANDIDATE))
    if long and not _names(columns, Role.VOTES):
        counts = [column for column in columns if column.has_counts]
        raise UsageError(f"which column has the votes? Name it with --votes; {_list(counts or columns)}")
    for column in columns:
        if column.role is Role.VOTES and not long:
            column.role = Role.TOTAL
    _choose_by_content(columns, long)
    if not long:
        _find_sums(columns, rows)
    _check(columns, long)


def _names(columns: Sequence[Column], role: Role) -> list[str]:
    return [column.name for column in columns if column.role is role]


def _choose_by_option(columns: Sequence[Column], asked: Asked) -> None:
    """A role that an option gives is nobody else's."""
    given = {role for role, _ in asked.columns}
    for column in columns:
        if column.role in given:
            column.role = Role.NOT_USED if column.role is Role.PLACE else None
    for role, name in asked.columns:
        found = [column for column in columns if fold(column.name) == fold(name)]
        if not found:
            known = [column.name for column in columns]
            raise UsageError(f"there is no column for {role.option} {name!r}{nearest(name, known)}")
        for column in found:
            column.role = role


def _choose_by_content(columns: Sequence[Column], long: bool) -> None:
    """Decides about the columns whose names say nothing."""
    texts = []
    for column in [column for column in columns if column.role is None]:
        name = fold(column.name)
        if not column.cells or NO_VOTES.search(name) or (NUMBER_OR_VOTES.fullmatch(name) and column.numbers_lines):
            column.role = Role.NOT_USED
        elif any(DECIMAL.fullmatch(text) and parse_count(text) is None for text in column.cells):
            column.role = Role.PERCENT
        elif name == "district" and _names(columns, Role.CONTEST):
            column.role = Role.CONTEST
        elif name == "district" and not (long and _names(columns, Role.PLACE)):
            column.role = Role.PLACE
        elif column.has_counts and not long:
            column.role = Role.CANDIDATE
        else:
            texts.append(column)
    if len(texts) == 1 and not long and not _names(columns, Role.PLACE):
        texts[0].role = Role.PLACE


def _find_sums(columns: Sequence[Column], rows: list[tuple[int, list[str]]]) -> None:
    """A column that is the sum of all other candidates' in every line is a total, whatever its name."""
    counted = [index for index, column in enumerate(columns) if column.role is Role.CANDIDATE]
    lines = [[parse_count(fields[index]) or 0 for index in counted] for _, fields in rows]
    for at, index in enumerate(counted):
        if (
            min(len(counted) - 1, len(lines)) > 1
            and any(map(any, lines))
            and all(2 * line[at] == sum(line) for line in lines)
        ):
            columns[index].role = Role.TOTAL


def _check(columns: Sequence[Column], long: bool) -> None:
    for role in (Role.VOTES, Role.REGISTERED, Role.PARTY, *([Role.CANDIDATE] if long else [])):
        found = [column for column in columns if column.role is role]
        if len(found) > 1:
            raise UsageError(f"more than one column may be the {role}: {_list(found)}; choose with {role.option}")
    if not _names(columns, Role.PLACE):
        raise UsageError(f"which column names the place? Say so with --place; {_list(columns)}")
    candidates = _names(columns, Role.CANDIDATE)
    if not candidates:
        what = "no column has a candidate's votes: name the columns with --candidate and --votes"
        raise UsageError(f"{what}; {_list(columns)}")
    if twice := sorted({name for name in candidates if candidates.count(name) > 1}):
        raise UsageError(f"the column {twice[0]!r} is there twice; rename one, or leave both out with --ignore")
    if unnamed := [name for name in candidates if re.fullmatch(r"column \d+", name)]:
        raise UsageError(f"{unnamed[0]} has numbers and no name; name it, or --ignore {unnamed[0]!r}")


def _list(columns: Sequence[Column]) -> str:
    names = ", ".join(repr(column.name) for column in columns[:20])
    return f"the columns are {names}{' and more' if len(columns) > 20 else ''}"
