"""Holds record, log and tally against each other: what differs, and what is only still under way.

They are read in the order tally, log, record, and a vote goes the other way. So whatever the tally has, the log must
have, and whatever the log has, must be recorded; less is lag, more is a difference.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from election.audit.recount import NOBODY, Box, Recount, Register, Totals
from election.audit.report import Finding, Line, Report
from election.model import topics
from election.model.messages import Reason
from election.results.board import Board
from election.results.look import HeldElection

WORDS = {topic.name: topic.name.removeprefix("aggregated_").replace("_", " ") for topic in topics.AGGREGATED}


def compare(held: HeldElection, register: Register, record: Box, recount: Recount, board: Board, root: str) -> Report:
    """The findings of one look."""
    recorded, logged = record.totals(), recount.box.totals()
    tallied = {topic: {key: row.total_votes for key, row in board.totals[topic].items()} for topic in WORDS}
    differences = [*_per_voter(register, record, recount.box), *_tally_ahead(logged, tallied)]
    lags = [*_not_logged(register, record, recount.box), *_tally_behind(logged, tallied)]
    for finding, is_lag in _rejections(recount, board):
        (lags if is_lag else differences).append(finding)
    names = {
        candidate.candidate_id: f"{candidate.candidate_name} ({candidate.party_affiliation})"
        for candidate in register.candidates
    }
    places = {label: label for label in register.labels["state"]}
    return Report(
        name=held.name,
        election=held.title,
        registered=len(register.numbers),
        candidates=_lines(topics.VOTES_PER_CANDIDATE, names, recorded, logged, tallied),
        locations=_lines(topics.TURNOUT_BY_LOCATION, places, recorded, logged, tallied),
        differences=tuple(differences),
        lags=tuple(lags),
        notes=tuple(_notes(recount, board)),
        rejected_by_reason={str(reason): count for reason, count in recount.rejected.by_reason.items()},
        size=len(record),
        root=root,
    )


def _lines(topic: str, labels: dict[str, str], *three: Totals) -> tuple[Line, ...]:
    keys = [*labels, *sorted({key for totals in three for key in totals[topic]} - labels.keys())]
    return tuple(Line(key, labels.get(key, key), *(totals[topic].get(key, 0) for totals in three)) for key in keys)


def _voters(what: str, register: Register, which: np.ndarray) -> list[Finding]:
    numbers = np.flatnonzero(which)
    if not len(numbers):
        return []
    return [Finding(what, len(numbers), tuple(register.voters(numbers.tolist())))]


def _not_logged(register: Register, record: Box, log: Box) -> list[Finding]:
    lacking = (record.choices != NOBODY) & (log.choices == NOBODY)
    return _voters(f"recorded votes are not on {topics.VOTES}; voters", register, lacking)


def _per_voter(register: Register, record: Box, log: Box) -> list[Finding]:
    both = (record.choices != NOBODY) & (log.choices != NOBODY)
    same = record.choices == log.choices
    return [
        *_voters(
            f"votes on {topics.VOTES} were never recorded; voters",
            register,
            (record.choices == NOBODY) & (log.choices != NOBODY),
        ),
        *_voters(f"voters are recorded for one candidate and on {topics.VOTES} for another", register, both & ~same),
        *_voters(
            f"votes have another time on {topics.VOTES} than in the record; voters",
            register,
            both & same & (record.times != log.times),
        ),
    ]


def _tally_ahead(logged: Totals, tallied: Totals) -> list[Finding]:
    return _tally_off(logged, tallied, 1, "votes more are tallied in {} than {} holds")


def _tally_behind(logged: Totals, tallied: Totals) -> list[Finding]:
    """The aggregate that is furthest behind: a vote that is under way to all of them is one vote under way."""
    behind = _tally_off(logged, tallied, -1, "votes fewer are tallied in {} than {} holds")
    return [max(behind, key=lambda finding: finding.count)] if behind else []


def _tally_off(logged: Totals, tallied: Totals, sign: int, words: str) -> list[Finding]:
    findings = []
    for topic, word in WORDS.items():
        off = {
            key: sign * (tallied[topic].get(key, 0) - logged[topic].get(key, 0))
            for key in sorted(logged[topic].keys() | tallied[topic].keys())
        }
        off = {key: votes for key, votes in off.items() if votes > 0}
        if off:
            named = tuple(f"{key} ({tallied[topic].get(key, 0):,} for {logged[topic].get(key, 0):,})" for key in off)
            findings.append(Finding(words.format(word, topics.VOTES), sum(off.values()), named))
    return findings


def _rejections(recount: Recount, board: Board) -> list[tuple[Finding, bool]]:
    """Each finding, and whether it is only lag."""
    bad, rejected = recount.rejected, board.rejected
    missing, surplus = bad.by_reason - rejected.by_reason, rejected.by_reason - bad.by_reason
    misplaced = tuple(
        f"{partition}/{offset}"
        for partition, offset in sorted(rejected.highest.items())
        if offset > bad.highest.get(partition, -1) or (offset != bad.highest[partition] and not missing)
    )
    last = f"partitions of {topics.VOTES} have another last message on {topics.REJECTED_VOTES} than their last bad one"
    found = [
        (_by_reason(f"bad messages are not on {topics.REJECTED_VOTES}; reason", missing), True),
        (_by_reason(f"messages more are on {topics.REJECTED_VOTES} than are bad; reason", surplus), False),
        (Finding(f"{last}; partition and offset", len(misplaced), misplaced), False),
    ]
    return [(finding, is_lag) for finding, is_lag in found if finding.count]


def _by_reason(what: str, reasons: Counter[Reason]) -> Finding:
    named = tuple(f"{reason} ({number:,})" for reason, number in sorted(reasons.items()))
    return Finding(what, reasons.total(), named)


def _notes(recount: Recount, board: Board) -> list[Finding]:
    notes = []
    if recount.contested:
        what = f"voters have a later vote for another candidate on {topics.VOTES}, which does not count; voters"
        notes.append(Finding(what, len(recount.contested), tuple(sorted(recount.contested))))
    if recount.repeats:
        notes.append(Finding(f"messages on {topics.VOTES} repeat a vote, and do not count", recount.repeats))
    if board.malformed:
        notes.append(
            Finding("messages on the topics of the count are not the count's, and were skipped", board.malformed)
        )
    return notes
