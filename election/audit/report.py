"""What an audit found, and how it is told."""

from dataclasses import asdict, dataclass, replace
from typing import Self

import simplejson

EXAMPLES = 20


@dataclass(frozen=True)
class Finding:
    """Something that differs or lags: what, how many votes, and which; as text, the first few of those."""

    what: str
    count: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        first = self.examples[:EXAMPLES]
        more = f", … ({self.count:,} in all)" if 0 < len(first) < self.count else ""
        named = f": {', '.join(first)}{more}" if first else ""
        return f"{self.count:,} {self.what}{named}"


@dataclass(frozen=True)
class Line:
    """One line of the table: a candidate or a location, and what each of the three says."""

    key: str
    label: str
    recorded: int
    logged: int
    tallied: int


@dataclass(frozen=True)
class Report:
    """What one look at the election found."""

    name: str
    election: str
    registered: int
    candidates: tuple[Line, ...]
    locations: tuple[Line, ...]
    differences: tuple[Finding, ...]
    lags: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    rejected_by_reason: dict[str, int]
    root: str

    @property
    def recorded(self) -> int:
        return sum(line.recorded for line in self.candidates)

    @property
    def logged(self) -> int:
        return sum(line.logged for line in self.candidates)

    @property
    def tallied(self) -> int:
        return sum(line.tallied for line in self.candidates)

    @property
    def under_way(self) -> int:
        """How many messages have not arrived yet where they must: lag, not difference."""
        return sum(lag.count for lag in self.lags)

    @property
    def agrees(self) -> bool:
        """Record, log and tally say the same and nothing is under way."""
        return not self.differences and not self.lags

    @property
    def exit_code(self) -> int:
        """0: all agree. 1: they differ. 2: no verdict, something is still under way."""
        return 1 if self.differences else 2 if self.lags else 0

    @property
    def progress(self) -> tuple[int, ...]:
        """Equal in two reports only if nothing has moved between them."""
        return self.recorded, self.logged, self.tallied, self.under_way, sum(self.rejected_by_reason.values())

    def settled(self) -> Self:
        """The report when nothing more is to come: what is still under way is missing."""
        return replace(self, differences=self.differences + self.lags, lags=())


def render_report(report: Report) -> str:
    """The report as text: two tables, every finding, and the verdict."""
    verdict = f"Record, log and tally agree on {report.recorded:,} votes."
    if report.differences:
        verdict = f"Record, log and tally DIFFER in {len(report.differences)} ways."
    elif report.lags:
        verdict = f"No difference so far; {report.under_way:,} under way."
    return "\n".join(
        [
            f"{report.election}: {report.recorded:,} votes recorded, {report.registered:,} registered",
            "",
            *_table("candidate", report.candidates),
            "",
            *_table("location", report.locations),
            "",
            f"record: {report.recorded:,} votes, Merkle root {report.root}",
            *(f"rejected: {count:,} {reason}" for reason, count in sorted(report.rejected_by_reason.items())),
            *(f"note: {note}" for note in report.notes),
            *(f"under way: {lag}" for lag in report.lags),
            *(f"DIFFERENCE: {difference}" for difference in report.differences),
            "",
            verdict,
        ]
    )


def _table(head: str, lines: tuple[Line, ...]) -> list[str]:
    width = max([len(line.label) for line in lines] + [len(head)])
    return [
        f"{head:<{width}} {'record':>12} {'log':>12} {'tally':>12}",
        *(f"{line.label:<{width}} {line.recorded:>12,} {line.logged:>12,} {line.tallied:>12,}" for line in lines),
    ]


def as_json(report: Report) -> str:
    """The report for machines, on one line."""
    summary = {name: getattr(report, name) for name in ("agrees", "under_way", "recorded", "logged", "tallied")}
    return simplejson.dumps({**summary, **asdict(report)})
