"""The full audit that the dashboard has made, in the background, once everything is counted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from dashboard.figures import words
from dashboard.figures.view import Audited, Watched
from election.audit import auditor as audit
from election.audit.report import Report

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 30.0, 960.0


class FinalAudit:
    """One audit of each state of a complete count: the same state is not audited twice.

    `settled` gives a report that calls missing what has not moved for the audit's patience, as `audit.settled` does.
    An audit that could not be made is tried again, each time after twice as long.
    """

    def __init__(self, settled: Callable[[], Report], clock: Callable[[], float] = time.monotonic):
        self._settled, self._clock = settled, clock
        self._state: object = None
        self._audited: Audited | None = None
        self._retry_at, self._rest_seconds = 0.0, FIRST_RETRY_SECONDS
        self._thread: threading.Thread | None = None

    def of(self, watched: Watched) -> Audited | None:
        """What the audit of just this state found, or None while there is none. Never waits.

        While Kafka or PostgreSQL is down, what the last audit found.
        """
        if not watched.complete:
            return None
        if watched.database_problem or watched.kafka_problem:
            return self._audited
        state = (watched.log_messages, watched.record, watched.sizes)
        if state == self._state:
            return self._audited
        if self._clock() >= self._retry_at and not (self._thread and self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, args=(state,), name="audit", daemon=True)
            self._thread.start()
        return None

    def _run(self, state: object) -> None:
        try:
            report = self._settled()
        except audit.CannotLook as error:
            log.warning("the audit could not look: %s. It is tried again in %.0f s", error, self._rest_seconds)
        except Exception:
            log.exception("the audit failed; it is tried again in %.0f s", self._rest_seconds)
        else:
            self._audited = Audited(time.time(), report.agrees, say_found(report))
            self._state, self._rest_seconds = state, FIRST_RETRY_SECONDS
            return
        self._retry_at = self._clock() + self._rest_seconds
        self._rest_seconds = min(2 * self._rest_seconds, LONGEST_RETRY_SECONDS)


def say_found(report: Report) -> str:
    """What the audit found, in numbers: whom it concerns is for the auditor to read, and not on the page."""
    if report.differences:
        return "; ".join(f"{one.what.split(';')[0]}: {words.count(one.count)}" for one in report.differences)
    return f"{words.votes(report.size)} agree one by one"
