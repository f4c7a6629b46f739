"""What PostgreSQL adds to the votes: the candidates, the roll, and how many voters each group has.

Each is copied once and becomes a function that every executor answers from its memory, even for millions of voters.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psycopg2.extensions import connection as Connection
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from election import topics
from election.functions import JavaClass
from election.record import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lookup:
    """A function of Spark: from a key, the first column of `query`, to a struct of the others, all text, or to null."""

    name: str
    query: str
    columns: tuple[str, ...]

    @property
    def file(self) -> str:
        """A row a line as PostgreSQL's COPY writes it."""
        return f"{self.name}.tsv"

    def __call__(self, key: Column | str) -> Column:
        return F.call_function(self.name, key)


find_candidate = Lookup(
    "find_candidate",
    "SELECT candidate_id, candidate_name, party_affiliation, photo_url FROM candidates",
    ("candidate_name", "party_affiliation", "photo_url"),
)
find_voter = Lookup(
    "find_voter", "SELECT voter_id, state, gender, age_group FROM roll", ("state", "gender", "age_group")
)
find_registered = Lookup(
    "find_registered",
    " UNION ALL ".join(
        f"SELECT '{topic.name}|' || {topic.key[0]}, count(*) FROM roll GROUP BY {topic.key[0]}"
        for topic in topics.AGGREGATED
        if topic.name in topics.TURNOUTS
    ),
    ("registered",),
)
LOOKUPS = find_candidate, find_voter, find_registered


def read_lookups(spark: SparkSession, database: Database, folder: Path) -> None:
    """Makes the lookups answer from PostgreSQL as it is now. `folder` must stay while Spark runs."""
    for lookup in LOOKUPS:
        copied = database.run(partial(_copy, lookup.query, folder / lookup.file))
        log.info("%s: %s rows", lookup.name, f"{copied:,}")
    register_lookups(spark, folder)


def _copy(query: str, path: Path, connection: Connection) -> int:
    with connection.cursor() as cursor, path.open("wb") as file:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT", file)
        return cursor.rowcount


def register_lookups(spark: SparkSession, folder: Path) -> None:
    """Gives every executor the lookups and their files, which are in the folder."""
    java = JavaClass(spark, folder, "Lookup")
    for lookup in LOOKUPS:
        spark.sparkContext.addFile(str(folder / lookup.file))
        java.register(lookup.name, ", ".join(f"{column} string" for column in lookup.columns), lookup.file)
