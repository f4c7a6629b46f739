"""What a round looks for, and what it demands in the end: each `judge_` returns what is wrong, as sentences."""

from __future__ import annotations

import http.client
from collections.abc import Collection
from contextlib import closing

import psycopg2

from election.audit.report import Report
from election.model import topics
from election.model.definition import Election
from election.model.messages import parse_tally
from election.platform.kafka import make_reader
from election.platform.kafka_topics import read_to_end
from election.platform.postgres import connect
from election.platform.settings import Settings
from election.results.board import Board

COUNTS = b"votes so far are counted"
BEGINS_AGAIN = b"starting again", b"starts again"
ANSWER_SECONDS = 5


def has_votes(settings: Settings) -> bool:
    """Whether a vote is recorded. False while PostgreSQL can't be asked."""
    try:
        with closing(connect(settings)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM votes LIMIT 1")
            return cursor.fetchone() is not None
    except psycopg2.Error:
        return False


def counts_again(said: bytes) -> bool:
    """Whether spark-streaming, by what it has logged, has counted what there was and not begun again since."""
    return said.rfind(COUNTS) > max(map(said.rfind, BEGINS_AGAIN))


def judge_answer(board: Board, election: Election) -> list[str]:
    """The tally must be the known answer."""
    problems = []
    per_candidate = {name: votes for name, votes in election.votes_per_candidate.items() if votes}
    if board.votes_per_candidate != per_candidate:
        problems.append(f"tally {board.votes_per_candidate}, known answer {per_candidate}")
    if board.votes_by_location != election.votes_by_location:
        problems.append("the tally by location is not the known answer")
    return problems


def judge_last_messages(settings: Settings, board: Board) -> list[str]:
    """What was said last of each key must be the largest: it is what compaction leaves."""
    names = [topic.name for topic in topics.AGGREGATED]
    last: dict[tuple[str, str], int] = {}
    with closing(make_reader(settings, names)) as reader:
        for messages in read_to_end(reader, names):
            for message in messages:
                key = str(message.topic()), (message.key() or b"").decode()
                last[key] = parse_tally(message.value()).total_votes
    largest = {(name, key): row.total_votes for name in names for key, row in board.totals[name].items()}
    lower = [key for key, votes in largest.items() if last[key] != votes]
    return [f"the last message of {len(lower)} keys is not the largest: {lower[:5]}"] if lower else []


def judge_notes(report: Report, contested: Collection[str]) -> list[str]:
    """The audit must name the voters for whom a later vote for somebody else was forged, and nobody else."""
    named = next((note for note in report.notes if "later vote for another candidate" in note.what), None)
    count, names = (named.count, named.examples) if named else (0, ())
    expected = sorted(contested)
    if count == len(expected) and list(names) == expected[: len(names)] and (names or not expected):
        return []
    return [f"{len(expected)} voters have a forged later vote; the audit notes {named}"]


def dashboard_answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as connection:
        try:
            connection.request("GET", "/_stcore/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
