"""How the system itself does, worked out from what is known: does it add up, is each part up."""

from dataclasses import dataclass
from enum import StrEnum

from dashboard.figures.view import CONNECTING_TO_POSTGRESQL, NO_LOGIN, View
from dashboard.figures.words import age, number, span, votes
from election.model import topics
from election.results.board import CONNECTING as CONNECTING_TO_KAFKA
from election.results.board import NO_TOPICS
from election.results.look import NO_ELECTION

# A vote is on its way for milliseconds: when nothing moves for this long and the sums still differ, something is wrong.
STUCK_SECONDS = 30
FRESH_SECONDS = 10
UNTOLD = "can't be told without Kafka and its topics"
# The board hears from Kafka every 5 s, and a look at PostgreSQL and Kafka can take half a minute.
SILENT_SECONDS, UNWATCHED_SECONDS = 12, 90


class Agreement(StrEnum):
    """Whether record and tally tell the same."""

    UNKNOWN = "not checked yet"
    AGREES = "in agreement"
    UNDER_WAY = "votes under way"
    DIFFERS = "they differ"


def check(view: View) -> tuple[Agreement, str]:
    """Compares record and tally candidate by candidate, and the log's length with the record; says why, in a sentence.

    A tally that lags is under way, unless nothing has moved for half a minute; a tally above the record is wrong.
    """
    watched = view.watched
    if not watched.database_at or watched.log_messages is None:
        return Agreement.UNKNOWN, "Record, log and tally are compared once PostgreSQL and Kafka have answered."
    if database_problem(view) or watched.kafka_problem:
        seen = age(view.now - min(watched.database_at, watched.kafka_at))
        return Agreement.UNKNOWN, f"Record, log and tally can't be compared now; they last were {seen}."
    above = sum(max(number - watched.record.get(one, 0), 0) for one, number in watched.tally.items())
    if above:
        return Agreement.DIFFERS, f"The tally has {votes(above)} that the record does not have."
    unlogged = max(watched.recorded - watched.log_messages, 0)
    waiting = watched.recorded - sum(watched.tally.values())
    still = max(watched.database_at, watched.kafka_at) - watched.moved_at
    if (waiting or unlogged) and watched.moved_at and still >= STUCK_SECONDS:
        missing = f"the log lacks {votes(unlogged)}" if unlogged else f"the tally lacks {votes(waiting)}"
        return Agreement.DIFFERS, f"Nothing has moved for {span(still)}, but {missing} of the record."
    if waiting or unlogged:
        return Agreement.UNDER_WAY, f"{votes(max(waiting, unlogged))} recorded and on the way to the tally."
    return Agreement.AGREES, "Every candidate has as many votes in the tally as in the record."


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
    return [
        _service(view, "Kafka", "carries the messages", kafka_problem(view)),
        _service(view, "PostgreSQL", "keeps roll and record", database_problem(view)),
        _script(view, "main.py", "seeds, marks who has voted", topics.MAIN_GROUP),
        _script(view, "voting.py", "casts the votes", topics.VOTING_GROUP),
        Part("spark-streaming.py", "counts", *_counting(view)),
    ]


def _service(view: View, name: str, role: str, problem: str | None) -> Part:
    state = State.UP if problem is None else State.WAITING if problem in calm(view) else State.DOWN
    return Part(name, role, state, problem or "answers")


def _script(view: View, name: str, role: str, group: str) -> Part:
    seen = view.watched.groups.get(group)
    if seen is None or view.watched.kafka_problem:
        return Part(name, role, State.UNKNOWN, UNTOLD)
    state, running = (State.UP, f"{seen.members} running") if seen.members else (State.DOWN, "not running")
    return Part(name, role, state, f"{running}, {number(seen.lag, 'message')} behind")


def _counting(view: View) -> tuple[State, str]:
    """Spark is no member of a consumer group: it is judged by what it does."""
    watched, tallied = view.watched, sum(view.watched.tally.values())
    if kafka_problem(view) or watched.log_messages is None:
        return State.UNKNOWN, UNTOLD
    if view.now - view.board.changed_at < FRESH_SECONDS:
        return State.UP, "counting"
    behind = watched.log_messages - tallied - len(view.board.rejected)
    if behind <= 0 or watched.recorded == tallied:
        return State.IDLE, "nothing to count"
    return State.DOWN, f"{number(behind, 'message')} to count and nothing is counted"


def kafka_problem(view: View) -> str | None:
    """Why no new figures come from Kafka, or None."""
    if view.counting_problem:
        return view.counting_problem
    silent = view.now - (view.heard_at or view.now)
    return view.watched.kafka_problem or f"silent for {span(silent)}" if silent > SILENT_SECONDS else None


def database_problem(view: View) -> str | None:
    """Why nothing new is known of PostgreSQL, or None."""
    if view.watched.database_problem:
        return view.watched.database_problem
    silent = view.now - (view.watched.looked_at or view.now)
    return f"silent for {span(silent)}" if silent > UNWATCHED_SECONDS else None


def waiting(view: View) -> list[str]:
    """What main.py has not made so far, for a page that never had figures: at the start that is no fault.

    main.py makes the logins before the topics: once these are there, a login that is refused is a fault.
    """
    kafka, database = kafka_problem(view), view.watched.database_problem
    unprepared = database == NO_ELECTION or (database == NO_LOGIN and kafka)
    found = [database] if database and unprepared and not view.watched.database_at else []
    return [*found, NO_TOPICS] if kafka == NO_TOPICS and not view.heard_at else found


def calm(view: View) -> tuple[str, ...]:
    """Problems that are no fault."""
    return CONNECTING_TO_KAFKA, CONNECTING_TO_POSTGRESQL, *waiting(view)


def problems(view: View) -> list[str]:
    """What is down and how old the figures are that are shown in its place, one sentence each."""
    found = []
    for name, problem, told_at, nothing in (
        ("Kafka", kafka_problem(view), view.heard_at, "No figures yet."),
        ("PostgreSQL", database_problem(view), view.watched.database_at, "The roll and the record can't be shown yet."),
    ):
        if problem and problem not in calm(view):
            known = f"Its figures are from {age(view.now - told_at)}." if told_at else nothing
            found.append(f"{name} does not answer ({problem}). {known}")
    return found
