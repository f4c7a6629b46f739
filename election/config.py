"""Settings, read from the environment here and nowhere else. `.env.example` documents each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


class SettingError(Exception):
    """A setting has a value that can't be used; the message names it, the value and what would do."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be set from outside. Rates are per second, 0 means as fast as possible."""

    election: str = "simulated"
    voters: int | None = None
    rate: float | None = None

    kafka_bootstrap_servers: str = "localhost:9092"
    kafka_partitions: int = 4
    kafka_replication_factor: int = 1

    postgres_host: str = "localhost"
    postgres_port: int = 5432
    postgres_db: str = "voting"
    postgres_user: str = "postgres"
    postgres_password: str = field(default="postgres", repr=False)

    spark_master: str | None = None
    spark_trigger: str = "real-time"
    spark_checkpoint_interval: str = "60 seconds"
    spark_checkpoint_dir: str = str(PROJECT / "var" / "checkpoints")
    spark_shuffle_partitions: int = 2
    spark_driver_memory: str = "2g"
    spark_jars_dir: str | None = None

    randomuser_url: str = "https://randomuser.me/api/"
    voting_batch_size: int = 1000
    log_level: str = "INFO"
    health_file: str | None = None

    @property
    def postgres(self) -> dict[str, Any]:
        """Keyword arguments for psycopg2.connect."""
        return {
            "host": self.postgres_host,
            "port": self.postgres_port,
            "dbname": self.postgres_db,
            "user": self.postgres_user,
            "password": self.postgres_password,
        }

    @property
    def real_time(self) -> bool:
        return self.spark_trigger == "real-time"


def _whole(name: str, text: str, minimum: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise SettingError(f"{name}={text!r} is not a whole number") from None
    if number < minimum:
        raise SettingError(f"{name}={text!r} must be {minimum} or more")
    return number


def _rate(name: str, text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1
    if not 0 <= rate < float("inf"):
        raise SettingError(f"{name}={text!r} is not a rate: give votes per second, or 0 for as fast as possible")
    return rate


WHOLE_NUMBERS = {
    "voters": 1,
    "kafka_partitions": 1,
    "kafka_replication_factor": 1,
    "postgres_port": 1,
    "spark_shuffle_partitions": 1,
    "voting_batch_size": 1,
}


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process: each is the variable of its name in capitals, or its default; empty means default.

    Raises SettingError.
    """
    values: dict[str, object] = {}
    for name in Settings.__dataclass_fields__:
        variable = name.upper()
        text = environment.get(variable, "").strip()
        if not text:
            continue
        if name in WHOLE_NUMBERS:
            values[name] = _whole(variable, text, WHOLE_NUMBERS[name])
        elif name == "rate":
            values[name] = _rate(variable, text)
        else:
            values[name] = text
    return Settings(**values)  # type: ignore[arg-type]
