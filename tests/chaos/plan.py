"""What happens in a round: drawn from its seed and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.chaos.faults import FAULTS

QUICK_FAULTS = (
    *("kill_voting", "kill_main", "kill_spark_jvm", "kill_kafka", "kill_postgres"),
    *("repeat_votes", "other_candidate"),
)
# A vote for another candidate is an attack on a log that holds the first one; a wiped log does not.
NEVER_TOGETHER = {"wipe_kafka", "other_candidate"}
LONGEST_DOWNTIME_SECONDS = 4.0
# How long a round votes. At full speed it has cast soon, and counts for as long.
PACED_SECONDS, QUICK_SECONDS = 40, 20
SOONEST_SECONDS = 2


@dataclass(frozen=True)
class Event:
    """A fault, and how many seconds after the start of the scripts it happens."""

    at: float
    fault: str
    seed: str
    downtime: float

    def __str__(self) -> str:
        return f"{self.fault}@{self.at:.1f}s"


@dataclass(frozen=True)
class Plan:
    """One round: an election, how fast it votes, and what goes wrong when."""

    seed: int
    voters: int
    rate: int
    partitions: int
    batch_size: int
    voting_processes: int
    events: tuple[Event, ...]

    def __str__(self) -> str:
        pace = f"{self.rate} votes/s" if self.rate else "full speed"
        shared = f", {self.voting_processes} voting.py" if self.voting_processes > 1 else ""
        return f"seed {self.seed}: {self.voters} voters, {pace}{shared}; {', '.join(map(str, self.events))}"


def draw_plan(seed: int, *, quick: bool = False) -> Plan:
    """The round of this seed. The quick one is small, and holds a few faults of the plain kinds."""
    random = Random(seed)
    paced = quick or random.random() < 0.7
    voters = 2000 if quick else random.randrange(2000, 8000) if paced else random.randrange(8000, 16000)
    seconds = QUICK_SECONDS if quick else PACED_SECONDS
    chosen = random.sample(QUICK_FAULTS if quick else list(FAULTS), 4 if quick else random.randint(2, 6))
    if set(chosen) >= NEVER_TOGETHER:
        chosen.remove("other_candidate")
    moments = [random.uniform(SOONEST_SECONDS, seconds) for _ in chosen]
    if random.random() < 0.3:
        moments[: len(moments) // 2 + 1] = [moments[0]] * (len(moments) // 2 + 1)
    events = [
        Event(moment, fault, f"{seed}-{fault}", random.uniform(0, LONGEST_DOWNTIME_SECONDS))
        for moment, fault in zip(moments, chosen, strict=True)
    ]
    return Plan(
        seed=seed,
        voters=voters,
        rate=voters // seconds if paced else 0,
        partitions=random.choice([1, 2, 3, 4]),
        batch_size=random.choice([20, 200, 1000] if paced else [5, 10]),
        voting_processes=1 if quick else random.choice([1, 1, 2, 3]),
        events=tuple(sorted(events, key=lambda event: event.at)),
    )
