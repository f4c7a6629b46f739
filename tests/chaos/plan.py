"""What happens in a round: drawn from its seed and nothing else."""

from dataclasses import dataclass
from random import Random

from tests.chaos.faults import FAULTS

# How long a paced round votes. At full speed all is cast soon, and counted for as long.
VOTING_SECONDS = 40
SOONEST_SECONDS, LONGEST_DOWNTIME_SECONDS = 2.0, 4.0


@dataclass(frozen=True)
class Event:
    """A fault, how many seconds after the start of the scripts it happens, and how long a server is down."""

    at: float
    fault: str
    downtime: float = 1.0

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
    checkpoint_interval: str = "5 seconds"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the round's scripts."""
        return {
            "VOTERS": str(self.voters),
            "RATE": str(self.rate),
            "RAMP_UP_SECONDS": "0",
            "KAFKA_PARTITIONS": str(self.partitions),
            "VOTING_BATCH_SIZE": str(self.batch_size),
            "SPARK_CHECKPOINT_INTERVAL": self.checkpoint_interval,
            "SPARK_DRIVER_MEMORY": "1g",
            "RANDOMUSER_URL": "http://127.0.0.1:9/",
        }

    def __str__(self) -> str:
        pace = f"{self.rate} votes/s" if self.rate else "full speed"
        shared = f", {self.voting_processes} voting.py" if self.voting_processes > 1 else ""
        return f"seed {self.seed}: {self.voters} voters, {pace}{shared}; {', '.join(map(str, self.events))}"


def draw_plan(seed: int) -> Plan:
    """The round of this seed."""
    random = Random(seed)
    paced = random.random() < 0.7
    voters = random.randrange(2000, 8000) if paced else random.randrange(8000, 16000)
    chosen = random.sample(list(FAULTS), random.randint(2, 6))
    moments = [random.uniform(SOONEST_SECONDS, VOTING_SECONDS) for _ in chosen]
    if random.random() < 0.3:
        moments[: len(moments) // 2 + 1] = [moments[0]] * (len(moments) // 2 + 1)
    events = [
        Event(moment, fault, random.uniform(0, LONGEST_DOWNTIME_SECONDS))
        for moment, fault in zip(moments, chosen, strict=True)
    ]
    return Plan(
        seed=seed,
        voters=voters,
        rate=voters // VOTING_SECONDS if paced else 0,
        partitions=random.choice([1, 2, 3, 4]),
        batch_size=random.choice([20, 200, 1000] if paced else [5, 10]),
        voting_processes=random.choice([1, 1, 2, 3]),
        events=tuple(sorted(events, key=lambda event: event.at)),
    )
