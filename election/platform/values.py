"""How the text of a setting becomes its value, and what a text that can't be used is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from election.model.errors import SettingError

# Spark's own minimum in real-time mode.
SHORTEST_CHECKPOINT_SECONDS = 5
SECONDS = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400}


def whole_number(name: str, text: str, minimum: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise SettingError(f"{name}={text!r} is not a whole number") from None
    if number < minimum:
        raise SettingError(f"{name}={text!r} must be {minimum} or more")
    return number


def rate_per_second(name: str, text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1
    if not 0 <= rate < float("inf"):
        raise SettingError(f"{name}={text!r} is not a rate: give votes per second, or 0 for as fast as possible")
    return rate


def check_interval(text: str) -> None:
    """Raises SettingError for an interval of checkpoints that Spark would refuse again and again."""
    number, _, unit = text.partition(" ")
    try:
        seconds = float(number) * SECONDS[unit.strip().lower().removesuffix("s")]
    except (ValueError, KeyError):
        raise SettingError(f"SPARK_CHECKPOINT_INTERVAL={text!r} is no interval: write '60 seconds'") from None
    if seconds < SHORTEST_CHECKPOINT_SECONDS:
        raise SettingError(
            f"SPARK_CHECKPOINT_INTERVAL={text!r} must be {SHORTEST_CHECKPOINT_SECONDS} seconds or more, Spark's minimum"
        )


def text_from_file(variable: str, environment: Mapping[str, str]) -> str:
    """What the file holds that VARIABLE_FILE names; '' when it names none."""
    path = environment.get(f"{variable}_FILE", "").strip()
    if not path:
        return ""
    if environment.get(variable):
        raise SettingError(f"{variable} and {variable}_FILE are both set: keep one")
    try:
        text = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingError(f"{variable}_FILE={path} can't be read: {reason}") from None
    if not text:
        raise SettingError(f"{variable}_FILE={path} is empty")
    return text
