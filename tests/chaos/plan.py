"""What happens in a round: drawn from its seed and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.chaos.faults import FAULTS

QUICK_FAULTS = (
    "kill_voting",
    "kill_main",
    "kill_spark_jvm",
    "kill_kafka",
    "kill_postgres",
    "repeat_votes",
    "other_candidate",
)
# A vote for another candidate is an attack on a log that holds the first one; a wiped log does not.
NEVER_TOGETHER = {"wipe_kafka", "other_candidate"}
LONGEST_DOWNTIME_SECONDS = 4.0
DASHBOARD_FAULTS = {"kill_dashboard", "pause_dashboard"}
# At full speed too, counting begins and ends later than casting.
OF_THE_COUNT = {*DASHBOARD_FAULTS, *(name for name in FAULTS if "spark" in name), "remove_checkpoint"}
# How long a paced round votes, a quick one does, and, about, one at full speed, by its small batches.
PACED_SECONDS, QUICK_SECONDS, FULL_SPEED_SECONDS = 40, 20, 8
READERS = 3


@dataclass(frozen=True)
class Event:
    """A fault, and how many seconds after the start of the round's clock it happens."""

    at: float
    fault: str
    seed: str
    downtime: float

    def __str__(self) -> str:
        return f"{self.fault}@{self.at:.1f}s"


@dataclass(frozen=True)
class Plan:
    """One round: an election, how fast it votes, what goes wrong when, and when somebody begins to read the tallies.

    Its clock starts with the scripts, or, at full speed, with the first recorded vote: all are cast soon after.
    """

    seed: int
    voters: int
    rate: int
    partitions: int
    batch_size: int
    voting_processes: int
    dashboard: bool
    events: tuple[Event, ...]
    readers: tuple[float, ...]

    @property
    def from_first_vote(self) -> bool:
        return not self.rate

    def __str__(self) -> str:
        pace = f"{self.rate} votes/s" if self.rate else "full speed"
        shared = f", {self.voting_processes} voting.py" if self.voting_processes > 1 else ""
        return f"seed {self.seed}: {self.voters} voters, {pace}{shared}; {', '.join(map(str, self.events))}"


def draw_plan(seed: int, *, quick: bool = False) -> Plan:
    """The round of this seed. The quick one is small, and holds a few faults of the plain kinds."""
    random = Random(seed)
    paced = quick or random.random() < 0.7
    voters = 2000 if quick else random.randrange(2000, 8000) if paced else random.randrange(8000, 16000)
    seconds = QUICK_SECONDS if quick else PACED_SECONDS if paced else FULL_SPEED_SECONDS
    last = QUICK_SECONDS if quick else PACED_SECONDS
    names = list(QUICK_FAULTS if quick else FAULTS)
    chosen = random.sample(names, 4 if quick else random.randint(2, 6))
    if set(chosen) >= NEVER_TOGETHER:
        chosen.remove("other_candidate")
    soonest = 2 if paced else 0
    moments = [random.uniform(soonest, last if fault in OF_THE_COUNT else seconds) for fault in chosen]
    if random.random() < 0.3:
        moments[: len(moments) // 2 + 1] = [moments[0]] * (len(moments) // 2 + 1)
    events = sorted(
        (
            Event(moment, fault, f"{seed}-{fault}", random.uniform(0, LONGEST_DOWNTIME_SECONDS))
            for moment, fault in zip(moments, chosen, strict=True)
        ),
        key=lambda event: event.at,
    )
    return Plan(
        seed=seed,
        voters=voters,
        rate=voters // seconds if paced else 0,
        partitions=random.choice([1, 2, 3, 4]),
        batch_size=random.choice([20, 200, 1000] if paced else [5, 10]),
        voting_processes=1 if quick else random.choice([1, 1, 2, 3]),
        dashboard=not DASHBOARD_FAULTS.isdisjoint(chosen),
        events=tuple(events),
        readers=tuple(sorted(random.uniform(soonest, last) for _ in range(READERS))),
    )
