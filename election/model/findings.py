"""What is wrong or worth knowing about an election's files: all of it is collected, so that one reading tells all."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from election.model.errors import DefinitionError

MOST_SHOWN = 20


@dataclass
class Findings:
    """Problems make an election unusable; warnings are said, and the election is used."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def problem(self, where: object, what: str) -> None:
        self.problems.append(f"{where}: {what}")

    def warn(self, where: object, what: str) -> None:
        self.warnings.append(f"{where}: {what}")

    def require_none(self) -> None:
        """Raises DefinitionError, with the first problems, when there is one."""
        if not self.problems:
            return
        more = len(self.problems) - MOST_SHOWN
        lines = self.problems[:MOST_SHOWN] + (
            [f"and {more:,} more: python3 run.py check prints all"] if more > 0 else []
        )
        raise DefinitionError("\n".join(lines))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like this one, as the end of a sentence; otherwise all that are known."""
    known = [str(one) for one in known]
    if close := get_close_matches(name.casefold(), [one.casefold() for one in known], 1, 0.6):
        return f"; did you mean {next(one for one in known if one.casefold() == close[0])!r}?"
    if within := next((one for one in known if len(name) > 2 and name.casefold() in one.casefold()), None):
        return f"; did you mean {within!r}?"
    return f"; known are {', '.join(known[:12])}{' and more' if len(known) > 12 else ''}"


def fold(name: str) -> str:
    """The name without case, accents, Unicode form and doubled spaces, which people take for the same name."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name) if unicodedata.category(one) != "Mn")
    return " ".join(plain.casefold().split())
