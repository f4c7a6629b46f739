"""Holds record, log and tally against each other: what differs, and what is only still under way.

They are read in the order tally, log, record, and a vote goes the other way. So whatever the tally has, the log must
have, and whatever the log has, must be recorded; less is lag, more is a difference.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from election.audit.recount import Box, Recount, Register, Totals
from election.audit.report import Finding, Line, Report
from election.model import topics
from election.model.messages import Reason
from election.results.board import Board
from election.results.look import HeldElection

WORDS = {topic.name: topic.name.removeprefix("aggregated_").replace("_", " ") for topic in topics.AGGREGATED}


def compare(held: HeldElection, register: Register, record: Box, recount: Recount, board: Board, root: str) -> Report:
    """The findings of one look."""
    recorded, logged = record.totals(), recount.box.totals()
    tallied = {
        name: Counter({key: row.total_votes for key, row in rows.items()}) for name, rows in board.totals.items()
    }
    not_logged, other_voters = _voters(register, record, recount.box)
    behind, ahead = _tallies(logged, tallied)
    not_rejected, other_rejections = _rejections(recount, board)
    names = {
        candidate.candidate_id: f"{candidate.candidate_name} ({candidate.party_affiliation})"
        for candidate in register.candidates
    }
    places = {place: place for place, *_ in register.group_numbers}
    return Report(
        name=held.name,
        election=held.title,
        registered=len(register.voter_numbers),
        candidates=_lines(topics.VOTES_PER_CANDIDATE, names, recorded, logged, tallied),
        locations=_lines(topics.TURNOUT_BY_LOCATION, places, recorded, logged, tallied),
        differences=_found([*other_voters, *ahead, *other_rejections]),
        # A vote that is under way to all aggregates is one vote under way.
        lags=_found([not_logged, max(behind, key=lambda lag: lag.count), not_rejected]),
        notes=_found(_notes(recount, board)),
        rejected_by_reason={str(reason): count for reason, count in recount.rejected.by_reason.items()},
        root=root,
    )


def _found(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.count)


def _lines(topic: str, labels: dict[str, str], *three: Totals) -> tuple[Line, ...]:
    keys = [*labels, *sorted({key for totals in three for key in totals[topic]} - labels.keys())]
    return tuple(Line(key, labels.get(key, key), *(totals[topic][key] for totals in three)) for key in keys)


def _voters(register: Register, record: Box, log: Box) -> tuple[Finding, list[Finding]]:
    """Whose votes the log lacks; and each way in which it has another vote than the record."""
    ids, both, same = list(register.voter_numbers), record.voted & log.voted, record.choices == log.choices

    def named(what: str, which: np.ndarray) -> Finding:
        numbers = np.flatnonzero(which).tolist()
        return Finding(what, len(numbers), tuple(ids[number] for number in numbers))

    return named(f"recorded votes are not on {topics.VOTES}; voters", record.voted & ~log.voted), [
        named(f"votes on {topics.VOTES} were never recorded; voters", log.voted & ~record.voted),
        named(f"voters are recorded for one candidate and on {topics.VOTES} for another", both & ~same),
        named(
            f"votes have another time on {topics.VOTES} than in the record; voters",
            both & same & (record.times != log.times),
        ),
    ]


def _tallies(logged: Totals, tallied: Totals) -> tuple[list[Finding], list[Finding]]:
    """How far each aggregate is behind the log, and how far ahead of it."""
    behind: list[Finding] = []
    ahead: list[Finding] = []
    for topic, words in WORDS.items():
        log, tally = logged[topic], tallied[topic]
        for findings, off, how in ((behind, log - tally, "fewer"), (ahead, tally - log, "more")):
            named = tuple(f"{key} ({tally[key]:,} for {log[key]:,})" for key in sorted(off))
            what = f"votes {how} are tallied in {words} than {topics.VOTES} holds"
            findings.append(Finding(what, off.total(), named))
    return behind, ahead


def _rejections(recount: Recount, board: Board) -> tuple[Finding, list[Finding]]:
    """Which bad messages rejected_votes lacks; and what it has that is wrong."""
    bad, rejected = recount.rejected, board.rejected
    missing, surplus = bad.by_reason - rejected.by_reason, rejected.by_reason - bad.by_reason
    misplaced = tuple(
        f"{partition}/{offset}"
        for partition, offset in sorted(rejected.highest.items())
        if offset > bad.highest.get(partition, -1) or (offset != bad.highest[partition] and not missing)
    )
    last = f"partitions of {topics.VOTES} have another last message on {topics.REJECTED_VOTES} than their last bad one"
    return _by_reason(f"bad messages are not on {topics.REJECTED_VOTES}; reason", missing), [
        _by_reason(f"messages more are on {topics.REJECTED_VOTES} than are bad; reason", surplus),
        Finding(f"{last}; partition and offset", len(misplaced), misplaced),
    ]


def _by_reason(what: str, reasons: Counter[Reason]) -> Finding:
    named = tuple(f"{reason} ({number:,})" for reason, number in sorted(reasons.items()))
    return Finding(what, reasons.total(), named)


def _notes(recount: Recount, board: Board) -> list[Finding]:
    later = f"voters have a later vote for another candidate on {topics.VOTES}, which does not count; voters"
    return [
        Finding(later, len(recount.contested), tuple(sorted(recount.contested))),
        Finding(f"messages on {topics.VOTES} repeat a vote, and do not count", recount.repeats),
        Finding("messages on the topics of the count are not the count's, and were skipped", board.malformed),
    ]
