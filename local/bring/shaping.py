"""A published table as an election: places, candidates, votes; and what was left out, said line by line."""

import re
from collections import Counter
from dataclasses import dataclass, field

from election.model.candidates import make_id
from election.model.errors import UsageError
from election.model.findings import Findings, fold, nearest
from election.model.rows import Candidate, Kind
from local.bring.columns import NOTHING, Asked, Columns, parse_count
from local.bring.reading import Sheet
from local.bring.words import Role, is_sum_of_places, is_total, role_of

# A candidate as the file has it: name, party, kind.
Choice = tuple[str, str, Kind]
KINDS = {Role.BLANK: Kind.BLANK, Role.INVALID: Kind.INVALID, Role.WRITE_IN: Kind.WRITE_IN}
WITH_PARTY = re.compile(r"(.*\S)\s*\(([^()]+)\)")


@dataclass
class Brought:
    """The election that the files hold. `left_out` says which lines were not taken, and why."""

    votes: dict[str, dict[Choice, int]] = field(default_factory=dict)
    registered: dict[str, int] = field(default_factory=dict)
    choices: dict[Choice, None] = field(default_factory=dict)
    contests: dict[str, Counter[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    empty_cells: int = 0

    def add(self, place: str, choice: Choice, votes: int, add_up: bool = False) -> bool:
        """Whether the place had no votes of this candidate yet, or they may be added up."""
        here = self.votes.setdefault(place, {})
        self.choices.setdefault(choice)
        if choice in here and not add_up:
            return False
        here[choice] = here.get(choice, 0) + votes
        return True

    @property
    def totals(self) -> dict[Choice, int]:
        return {choice: sum(here.get(choice, 0) for here in self.votes.values()) for choice in self.choices}

    @property
    def candidates(self) -> dict[Choice, Candidate]:
        """A candidate for each choice, with an id of its own."""
        ids: Counter[str] = Counter()
        found = {}
        for name, party, kind in self.choices:
            key = make_id(name or party)
            ids[key] += 1
            key = f"{key}-{ids[key]}" if ids[key] > 1 else key
            found[name, party, kind] = Candidate(key, name or party, party, kind=kind)
        return found


@dataclass
class Shaping:
    """Takes the lines of one table into the election."""

    sheet: Sheet
    columns: Columns
    asked: Asked
    brought: Brought
    findings: Findings

    def take(self) -> None:
        """Raises UsageError when there are several contests, or a filter names no column."""
        rows = self._filtered()
        self._check_contests(rows)
        places = named = self.columns.where(Role.PLACE)
        while len(places) > 1 and not self.asked.several_files and self._is_the_same_everywhere(places[0], rows):
            places = places[1:]
        heads = {} if self.columns.long else self._read_heads()
        totals: list[tuple[int, str, list[str], Counter[Choice]]] = []
        since = Counter[Choice]()
        for line, fields in rows:
            cells = [fields[index] for index in places]
            place = ", ".join(filter(None, cells))
            if fields == self.columns.names:
                self._leave_out(line, "the header again")
            elif total := next((fields[index] for index in named if is_sum_of_places(fields[index])), ""):
                totals.append((line, place or total, fields, since))
                since = Counter()
            elif self.columns.long:
                self._take_long(line, place, fields)
            else:
                self._take_wide(line, place, fields, heads)
                since.update({choice: parse_count(fields[index]) or 0 for index, choice in heads.items()})
        for line, place, fields, above in totals:
            self._leave_out(line, f"{place!r} is a total{self._compare(fields, heads, above)}")

    def _filtered(self) -> list[tuple[int, list[str]]]:
        rows = self.columns.rows
        for name, value in self.asked.only.items():
            folded = [fold(one) for one in self.columns.names]
            if fold(name) not in folded:
                raise UsageError(f"--only {name}={value}: there is no such column{nearest(name, self.columns.names)}")
            at = folded.index(fold(name))
            kept = [row for row in rows if fold(row[1][at]) == fold(value)]
            if not kept:
                raise UsageError(f"--only {name}={value}: no line has it{nearest(value, {row[1][at] for row in rows})}")
            self.brought.left_out.append(f"{len(rows) - len(kept):,} lines whose {name} is not {value!r}")
            rows = kept
        return rows

    def _check_contests(self, rows: list[tuple[int, list[str]]]) -> None:
        for index in self.columns.where(Role.CONTEST):
            name = self.columns.names[index]
            values = self.brought.contests.setdefault(fold(name), Counter())
            values.update(fields[index] for _, fields in rows if fields[index] and role_of(fields[index]) is None)
            if len(values) > 1:
                most = ", ".join(repr(value) for value, _ in values.most_common(15))
                what = f"{self.sheet.path}: the column {name!r} has {len(values)} contests; choose one with"
                raise UsageError(f"{what} --only '{name}=...': {most}{', ...' if len(values) > 15 else ''}")

    def _is_the_same_everywhere(self, index: int, rows: list[tuple[int, list[str]]]) -> bool:
        return len({fields[index] for _, fields in rows if not is_sum_of_places(fields[index])}) < 2

    def _read_heads(self) -> dict[int, Choice]:
        """For each column of votes, whose they are; 'Ann Lee (Red)' is a name with a party when all are so."""
        names = {index: self.columns.names[index] for index in self.columns.where(Role.CANDIDATE)}
        parts = {index: WITH_PARTY.fullmatch(name) for index, name in names.items()}
        heads: dict[int, Choice] = {}
        for index in self.columns.where(Role.CANDIDATE, *KINDS):
            part = parts.get(index) if all(parts.values()) else None
            name, party = (part[1], part[2]) if part else (self.columns.names[index], "")
            heads[index] = name, party, KINDS.get(self.columns.roles[index], Kind.CANDIDATE)
        return heads

    def _take_wide(self, line: int, place: str, fields: list[str], heads: dict[int, Choice]) -> None:
        known = self.columns.where(Role.REGISTERED)
        if all(fields[index] in NOTHING for index in (*heads, *known)):
            self._leave_out(line, f"no numbers in {place or next(filter(None, fields))!r:.80}")
            return
        if not place:
            self._problem(line, "the place is empty")
            return
        if place in self.brought.votes and not self.asked.add_up:
            self._problem(line, f"{place!r} is there twice{self._unused()}")
            return
        for index, choice in heads.items():
            self.brought.add(place, choice, self._count(line, index, fields), self.asked.add_up)
        self._take_registered(line, place, fields)

    def _take_long(self, line: int, place: str, fields: list[str]) -> None:
        name, party = self._field(fields, Role.CANDIDATE), self._field(fields, Role.PARTY)
        role = role_of(name) if name else None
        votes = self.columns.where(Role.VOTES)[0]
        if not name and not party and fields[votes] in NOTHING:
            self._leave_out(line, f"no candidate and no votes in {place!r:.80}")
        elif role is Role.TOTAL or is_total(name):
            self._leave_out(line, f"{name!r} is a total")
        elif not place or not (name or party):
            self._problem(line, "the place is empty" if not place else "the candidate is empty")
        elif role is Role.REGISTERED:
            self.brought.registered[place] = self._count(line, votes, fields)
        else:
            choice = name, party, KINDS.get(role, Kind.CANDIDATE) if role else Kind.CANDIDATE
            if not self.brought.add(place, choice, self._count(line, votes, fields), self.asked.add_up):
                self._problem(line, f"{place!r}, {name or party!r} is there twice{self._unused()}")
            self._take_registered(line, place, fields)

    def _take_registered(self, line: int, place: str, fields: list[str]) -> None:
        for index in self.columns.where(Role.REGISTERED):
            if fields[index] in NOTHING:
                continue
            given = self._count(line, index, fields)
            if self.brought.registered.setdefault(place, given) != given:
                held, name = self.brought.registered[place], self.columns.names[index]
                what = f"{place!r} has {held:,} registered on another line, here {given:,}"
                self._problem(line, f"{what}; write one number, or --ignore {name!r}")

    def _field(self, fields: list[str], role: Role) -> str:
        return next((fields[index] for index in self.columns.where(role)), "")

    def _count(self, line: int, index: int, fields: list[str]) -> int:
        text = fields[index]
        if text in NOTHING:
            self.brought.empty_cells += 1
            return 0
        count = parse_count(text)
        if count is None:
            self._problem(line, f"{self.columns.names[index]} is {text!r:.40}; a whole number is wanted")
        return count or 0

    def _compare(self, fields: list[str], heads: dict[int, Choice], above: Counter[Choice]) -> str:
        """Whether a total line says what all places, or those above it, add up to."""
        totals = self.brought.totals
        given = {choice: parse_count(fields[index]) or 0 for index, choice in heads.items()}
        if not heads or not any(given.values()):
            return ""
        if given == {choice: totals[choice] for choice in given}:
            return ", and all places add up to it"
        if given == {choice: above[choice] for choice in given}:
            return ", and the lines above add up to it"
        choice = next(choice for choice in given if given[choice] != totals[choice])
        return f", but {choice[0]} has {given[choice]:,} there and {totals[choice]:,} in all places"

    def _unused(self) -> str:
        """What to do about two lines for the same place."""
        unused = [self.columns.names[index] for index in self.columns.where(Role.NOT_USED)]
        apart = f" If one of {', '.join(unused[:8])} tells them apart, use --place or --only." if unused else ""
        return f".{apart} --sum adds such lines up"

    def _leave_out(self, line: int, why: str) -> None:
        self.brought.left_out.append(f"line {line}: {why}")

    def _problem(self, line: int, what: str) -> None:
        self.findings.problem(f"{self.sheet.path}, line {line}", what)
