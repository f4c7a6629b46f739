"""Reads the tallies beside everything else, as dashboards do that are opened at one moment or another."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Mapping
from contextlib import closing

from confluent_kafka import KafkaException

from election.model import topics
from election.platform.kafka import good_messages, make_admin, make_reader
from election.platform.kafka_topics import read_to_end, topic_id
from election.platform.settings import Settings
from election.results.board import TOPICS, Board

READ_MESSAGES, READ_SECONDS = 5000, 0.2
PAUSE_SECONDS = 1
Totals = dict[tuple[str, str], int]


def totals_of(board: Board) -> Totals:
    return {(topic, key): row.total_votes for topic, rows in board.totals.items() for key, row in rows.items()}


def fallen(before: Mapping[tuple[str, str], int], now: Mapping[tuple[str, str], int]) -> list[str]:
    """What is less now than before, in words."""
    return [
        f"the total of {key} fell from {votes} to {now.get(key, 0)}"
        for key, votes in before.items()
        if now.get(key, 0) < votes
    ]


class Watcher:
    """Demands of each of its readers that it never shows less than it did, or than another did before it began.

    A reader begins again, with an empty board, whenever Kafka fails under it. Topics that were made anew start at 0.
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        self.problems: list[str] = []
        self.shown: dict[str, Totals] = {}
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._readers: list[threading.Thread] = []

    def start_reader(self) -> None:
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        self._readers.append(reader)

    def close(self) -> None:
        self._stop.set()
        for reader in self._readers:
            reader.join()

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except KafkaException:
                self._stop.wait(PAUSE_SECONDS)
            except Exception:  # noqa: BLE001 - it is reported
                return self.problems.append(f"a reader failed: {traceback.format_exc()}")
        return None

    def _follow(self) -> None:
        """Reads the topics from their beginning until they are gone or made anew."""
        admin, board = make_admin(self.settings), Board()
        made = topic_id(admin, topics.VOTES_PER_CANDIDATE)
        with self._lock:
            before = dict(self.shown.get(made, {}))
        with closing(make_reader(self.settings, TOPICS)) as reader:
            for messages in read_to_end(reader, TOPICS):
                board.take(messages)
            # Asked again before each comparison: what was read may be the successor of the topic that `before` is of.
            while not self._stop.is_set() and topic_id(admin, topics.VOTES_PER_CANDIDATE) == made:
                now = totals_of(board)
                self._show(made, before, now)
                before = now
                board.take(good_messages(reader.consume(READ_MESSAGES, READ_SECONDS)))

    def _show(self, made: str, before: Totals, now: Totals) -> None:
        with self._lock:
            self.problems += [f"a reader saw that {what}" for what in fallen(before, now)]
            shown = self.shown.setdefault(made, {})
            for key, votes in now.items():
                shown[key] = max(votes, shown.get(key, 0))
