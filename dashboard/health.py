"""How the system itself does, worked out from what is known: does it add up, is each part up, how fast is it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dashboard.view import (
    CONNECTING_TO_POSTGRESQL,
    LATE_SECONDS,
    NO_ELECTION,
    NO_LOGIN,
    SILENT_SECONDS,
    View,
    Watched,
)
from dashboard.words import age, count, number, span, votes
from election.results import CONNECTING as CONNECTING_TO_KAFKA
from election.results import NO_TOPICS, RejectedVote

# A vote is on its way for milliseconds: when nothing moves for this long and the sums still differ, something is wrong.
STUCK_SECONDS = 30
FRESH_SECONDS = 10
WINDOW_SECONDS = 60
RATE_SECONDS = 10
# The watch rests after a look that took long, for three quarters of a minute at most.
UNWATCHED_SECONDS = 90
# A voter is never shown together with a choice, not even in a message that doesn't count.
VOTER_ID = re.compile(rb'[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,27}|(?<="voter_id")(\s*:\s*)"[^"]*"?')


class Agreement(StrEnum):
    """Whether record and tally tell the same."""

    UNKNOWN = "not checked yet"
    AGREES = "in agreement"
    UNDER_WAY = "votes under way"
    DIFFERS = "they differ"


@dataclass(frozen=True)
class Check:
    """The result of comparing record, log and tally, and why, in a sentence."""

    agreement: Agreement
    words: str


def check(watched: Watched, now: float) -> Check:
    """Compares record and tally candidate by candidate, and the log's length with the record.

    A tally that lags is under way, unless nothing has moved for half a minute; a tally above the record is wrong.
    """
    if not watched.database_at or watched.log_messages is None:
        return Check(Agreement.UNKNOWN, "Record, log and tally are compared once PostgreSQL and Kafka have answered.")
    if watched.database_problem or watched.kafka_problem or unwatched(watched, now):
        seen = age(now - min(watched.database_at, watched.kafka_at))
        return Check(Agreement.UNKNOWN, f"Record, log and tally can't be compared now; they last were {seen}.")
    above = sum(max(number - watched.record.get(one, 0), 0) for one, number in watched.tally.items())
    if above:
        return Check(Agreement.DIFFERS, f"The tally has {votes(above)} that the record does not have.")
    unlogged = max(watched.recorded - watched.log_messages, 0)
    waiting = watched.recorded - sum(watched.tally.values())
    still = max(watched.database_at, watched.kafka_at) - watched.moved_at
    if (waiting or unlogged) and watched.moved_at and still >= STUCK_SECONDS:
        missing = f"the log lacks {votes(unlogged)}" if unlogged else f"the tally lacks {votes(waiting)}"
        return Check(Agreement.DIFFERS, f"Nothing has moved for {span(still)}, but {missing} of the record.")
    if waiting or unlogged:
        return Check(Agreement.UNDER_WAY, f"{votes(max(waiting, unlogged))} recorded and on the way to the tally.")
    asked = age(now - min(watched.database_at, watched.kafka_at))
    return Check(Agreement.AGREES, f"Every candidate has as many votes in the tally as in the record (seen {asked}).")


def unwatched(watched: Watched, now: float) -> float | None:
    """For how many seconds the watch, though awake, has not come to the end of a look; None when that is no fault."""
    since = max(watched.looked_at, watched.awake_since)
    return now - since if since and now - since > UNWATCHED_SECONDS else None


class State(StrEnum):
    """What can be said about a part of the system."""

    UP = "up"
    DOWN = "down"
    IDLE = "idle"
    WAITING = "waiting"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    """A part of the system, its state, and what shows it."""

    name: str
    role: str
    state: State
    words: str


def parts(view: View) -> list[Part]:
    """Every part, with what the dashboard can see of it from outside."""
    watched, kafka, database = view.watched, kafka_problem(view), view.watched.database_problem
    listed = [
        Part("Kafka", "carries the messages", _service(view, kafka), kafka or "answers"),
        Part("PostgreSQL", "keeps roll and record", _service(view, database), database or "answers"),
    ]
    for group, name, role in (
        ("roll", "main.py", "seeds, marks who has voted"),
        ("voting", "voting.py", "casts the votes"),
    ):
        seen = watched.groups.get(group)
        if seen is None or watched.kafka_problem:
            listed.append(Part(name, role, State.UNKNOWN, "can't be told without Kafka and its topics"))
        elif seen.members:
            listed.append(Part(name, role, State.UP, f"{count(seen.members)} running, {say_lag(seen.lag)}"))
        else:
            listed.append(Part(name, role, State.DOWN, "not running"))
    listed.append(_counting(view))
    return listed


def _service(view: View, problem: str | None) -> State:
    if problem is None:
        return State.UP
    calm = CONNECTING_TO_KAFKA, CONNECTING_TO_POSTGRESQL, *waiting(view)
    return State.WAITING if problem in calm else State.DOWN


def say_lag(messages: int) -> str:
    """How far a consumer group is behind."""
    return f"{number(messages, 'message')} behind" if messages else "has read everything"


def _counting(view: View) -> Part:
    """Spark is no member of a consumer group: it is judged by what it does."""
    name, role = "spark-streaming.py", "counts"
    watched = view.watched
    if kafka_problem(view) or watched.log_messages is None:
        return Part(name, role, State.UNKNOWN, "can't be told without Kafka and its topics")
    behind = watched.log_messages - sum(watched.tally.values()) - sum(view.rejected.values())
    if view.now - view.changed_at < FRESH_SECONDS:
        return Part(name, role, State.UP, "counting")
    if behind <= 0 or watched.recorded == sum(watched.tally.values()):
        return Part(name, role, State.IDLE, "nothing to count")
    waits = "waits" if behind == 1 else "wait"
    return Part(name, role, State.DOWN, f"{number(behind, 'message')} {waits} and nothing is counted")


def kafka_problem(view: View) -> str | None:
    """Why no new figures come from Kafka, or None."""
    if view.counting_problem:
        return view.counting_problem
    if view.heard_at and view.now - view.heard_at > SILENT_SECONDS:
        return f"silent for {span(view.now - view.heard_at)}"
    return view.watched.kafka_problem if view.now - view.heard_at > LATE_SECONDS else None


def connecting(view: View) -> bool:
    """Whether Kafka or PostgreSQL have not been asked to the end yet, so that nothing can be said about them."""
    return view.counting_problem == CONNECTING_TO_KAFKA or view.watched.database_problem == CONNECTING_TO_POSTGRESQL


def waiting(view: View) -> list[str]:
    """What main.py has not made so far, for a page that never had figures: at the start that is no fault."""
    found = []
    if view.watched.database_problem in (NO_LOGIN, NO_ELECTION) and not view.watched.database_at:
        found.append(view.watched.database_problem)
    if kafka_problem(view) == NO_TOPICS and not view.heard_at:
        found.append(NO_TOPICS)
    return found


def problems(view: View) -> list[str]:
    """What is down and how old the figures are that are shown in its place, one sentence each."""
    found, calm = [], waiting(view)
    if (trouble := kafka_problem(view)) and trouble not in (CONNECTING_TO_KAFKA, *calm):
        known = f"The figures are from {age(view.now - view.heard_at)}." if view.heard_at else "No figures yet."
        found.append(f"Kafka does not answer ({trouble}). {known}")
    if (trouble := view.watched.database_problem) and trouble not in (CONNECTING_TO_POSTGRESQL, *calm):
        at = view.watched.database_at
        known = f"What it told is from {age(view.now - at)}." if at else "The roll and the record can't be shown yet."
        found.append(f"PostgreSQL does not answer ({trouble}). {known}")
    if seconds := unwatched(view.watched, view.now):
        found.append(
            f"For {span(seconds)} the dashboard has not come to look at PostgreSQL and Kafka: its log says why."
            " Record, lag and rates are as old."
        )
    return found


def rates(watched: Watched) -> tuple[float, float] | None:
    """Votes cast and votes counted per second over the last ten seconds or so; None before there are two samples."""
    if len(watched.samples) < 2:
        return None
    newest = watched.samples[-1]
    oldest = next(sample for sample in watched.samples if newest.at - sample.at <= RATE_SECONDS)
    if oldest is newest:
        oldest = watched.samples[-2]
    seconds = newest.at - oldest.at
    return max(newest.recorded - oldest.recorded, 0) / seconds, max(newest.counted - oldest.counted, 0) / seconds


@dataclass(frozen=True)
class Delay:
    """The delays from cast to counted that were seen in one second, in seconds."""

    at: float
    p50: float
    p99: float


def delays(latencies: Sequence[tuple[float, float]], now: float) -> list[Delay]:
    """The delay's median and 99th percentile for each second of the last minute that had votes."""
    seconds: dict[int, list[float]] = {}
    for at, delay in latencies:
        if now - WINDOW_SECONDS <= at:
            seconds.setdefault(int(at), []).append(max(delay, 0))
    return [
        Delay(second, float(np.percentile(seen, 50)), float(np.percentile(seen, 99)))
        for second, seen in sorted(seconds.items())
    ]


def overall_delay(latencies: Sequence[tuple[float, float]], now: float) -> Delay | None:
    """Median and 99th percentile over the whole last minute; None without a vote in it."""
    seen = [max(delay, 0) for at, delay in latencies if now - WINDOW_SECONDS <= at]
    return Delay(now, float(np.percentile(seen, 50)), float(np.percentile(seen, 99))) if seen else None


def shown_delay(latencies: Sequence[tuple[float, float]], now: float, interval_seconds: float) -> float | None:
    """The median time from cast to shown on a page that has refreshed every `interval_seconds` until now."""
    waited = [max(delay, 0) + (now - at) % interval_seconds for at, delay in latencies if now - WINDOW_SECONDS <= at]
    return float(np.median(waited)) if waited else None


def example(rejected: RejectedVote) -> str:
    """How a rejected message began, as printable text without the voter it names."""
    hidden = VOTER_ID.sub(
        lambda found: (found[1] or b"") + b'"(voter)"' if found[1] else b"(voter)", rejected.beginning
    )
    return hidden.decode("utf-8", "backslashreplace").encode("unicode_escape").decode() or "(empty)"
