"""How the system itself does, worked out from what is known: does it add up, is each part up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dashboard.figures.view import (
    CONNECTING_TO_POSTGRESQL,
    LATE_SECONDS,
    NO_ELECTION,
    NO_LOGIN,
    SILENT_SECONDS,
    View,
    Watched,
)
from dashboard.figures.words import age, count, number, span, votes
from election.model import topics
from election.results.board import CONNECTING as CONNECTING_TO_KAFKA
from election.results.board import NO_TOPICS

# A vote is on its way for milliseconds: when nothing moves for this long and the sums still differ, something is wrong.
STUCK_SECONDS = 30
FRESH_SECONDS = 10
# The watch rests after a look that took long, for three quarters of a minute at most.
UNWATCHED_SECONDS = 90


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
    return Check(Agreement.AGREES, "Every candidate has as many votes in the tally as in the record.")


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
        (topics.MAIN_GROUP, "main.py", "seeds, marks who has voted"),
        (topics.VOTING_GROUP, "voting.py", "casts the votes"),
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
    """What main.py has not made so far, for a page that never had figures: at the start that is no fault.

    main.py makes the logins before the topics: once these are there, a login that is refused is a fault.
    """
    found, kafka, database = [], kafka_problem(view), view.watched.database_problem
    calm = (NO_ELECTION, NO_LOGIN) if kafka else (NO_ELECTION,)
    if database and database in calm and not view.watched.database_at:
        found.append(database)
    if kafka == NO_TOPICS and not view.heard_at:
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
