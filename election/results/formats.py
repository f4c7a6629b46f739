"""The results written as JSON, as a long CSV, and as CSV with OpenElections' columns."""

import csv
import io
from collections.abc import Sequence

import msgspec
import simplejson

from election.results.export import Results

OPENELECTIONS = "county", "precinct", "office", "district", "candidate", "party", "votes"
# What `run.py import` takes for an election in the long form.
LONG = "location", "candidate", "party", "votes", "registered"


def as_json(results: Results) -> str:
    return simplejson.dumps(msgspec.to_builtins(results), ensure_ascii=False, indent=1)


def as_csv(results: Results, columns: Sequence[str] = LONG) -> str:
    """A line for each candidate in each place, which `run.py import` takes back."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for place in results.locations:
        named = {"location": place["location"], "county": place["location"], "office": results.title}
        for one in results.candidates:
            votes = {"candidate": one.candidate, "party": one.party, "votes": place["votes"][one.candidate_id]}
            writer.writerow({**named, **votes, "registered": place["registered"]})
    return text.getvalue()


def as_openelections(results: Results) -> str:
    """The same with OpenElections' columns; a place is a county."""
    return as_csv(results, OPENELECTIONS)
