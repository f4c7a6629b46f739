"""Counts the votes: votes_topic in, aggregated_* and rejected_votes out, enriched from PostgreSQL on the way.

A vote counts if it is well formed, for a known candidate, by a registered voter, and is that voter's first. Validation
comes before the deduplication, so a bad vote never uses up a voter's turn. Killed at any moment, it goes on from its
checkpoint.

    python spark-streaming.py
"""

from election.counting.count import Count, open_count
from election.counting.tallies import (
    first_votes,
    label_tallies,
    parse_messages,
    reject_votes,
    tally_votes,
    validate_votes,
)
from election.platform.runtime import Stop, run_script
from election.platform.settings import Settings


def count_votes(count: Count) -> None:
    messages = count.read_votes()
    votes = validate_votes(parse_messages(messages))
    tallies = tally_votes(first_votes(votes))
    count.write_totals(label_tallies(tallies))
    count.write_rejected(reject_votes(votes))


def main(settings: Settings, stop: Stop) -> None:
    with open_count(settings, stop) as count:
        count.keep_running(count_votes)


if __name__ == "__main__":
    run_script("spark-streaming", main)
