"""Which script waits, or starts again, with the same words for so long that waiting won't mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# A script that says the same for so long is named.
NAMED_SECONDS = 60
# When nothing at all moves for so long, `--until-counted` gives up.
HOPELESS_SECONDS = 300
# Scripts repeat what they wait for every ten seconds; what is not said again for so long is over.
FORGOTTEN_SECONDS = 30


@dataclass
class Trouble:
    """What a script says, since when and until when; `figure` is what the script had achieved then."""

    text: str
    since: float
    latest: float
    figure: int


@dataclass
class Troubles:
    """Told every second what each script said last, and the figure that it moves: voters, votes recorded or counted."""

    started: float
    held: dict[str, Trouble] = field(default_factory=dict)
    moved: float = 0.0
    _said: set[tuple[str, str]] = field(default_factory=set)
    _figures: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.moved = self.started

    def look(self, now: float, lines: Mapping[str, str], figures: Mapping[str, int]) -> None:
        if dict(figures) != self._figures:
            self._figures, self.moved = dict(figures), now
        for script, line in lines.items():
            event, bad = parse_event(line)
            if bad:
                self.note(now, script, event)
            elif event and (script, event) not in self._said:
                self._said.add((script, event))
                self.moved = now
        for script, trouble in list(self.held.items()):
            if now - trouble.latest > FORGOTTEN_SECONDS or trouble.figure != self._figures.get(script, 0):
                del self.held[script]

    def note(self, now: float, script: str, text: str) -> None:
        """Takes in one trouble. The same one with other numbers is the same."""
        held = self.held.get(script)
        if held and shape(held.text) == shape(text):
            held.text, held.latest = text, now
        else:
            self.held[script] = Trouble(text, now, now, self._figures.get(script, 0))

    def lasting(self, now: float) -> list[str]:
        """A sentence for each script that is to be named."""
        return [
            f"{script} has said the same for {now - trouble.since:.0f} s: {trouble.text}"
            for script, trouble in self.held.items()
            if now - trouble.since >= NAMED_SECONDS
        ]

    def hopeless(self, now: float) -> bool:
        """Whether nothing has moved for five minutes, and a script has been in the same trouble all the while."""
        oldest = min((trouble.since for trouble in self.held.values()), default=now)
        return now - max(self.moved, oldest) >= HOPELESS_SECONDS


def shape(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def parse_event(line: str) -> tuple[str, bool]:
    """The message of a line of a script's log, without time, name and level; and whether it tells of a trouble.

    >>> parse_event("12:00:01 voting          INFO    waiting for Kafka at 127.0.0.1:9092: Connection refused")
    ('waiting for Kafka at 127.0.0.1:9092: Connection refused', True)
    """
    words = line.split(None, 3)
    if len(words) < 4 or words[0].count(":") != 2:
        return "", False
    return words[3], words[2] in ("WARNING", "ERROR", "CRITICAL") or words[3].startswith("waiting for ")
