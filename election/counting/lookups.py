"""What PostgreSQL adds to the votes: the candidates, the roll, and how many voters each group has.

Each is copied once and becomes a function that every executor answers from its memory, even for millions of voters.
"""

import logging
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread

from psycopg2.extensions import connection as Connection
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from election.counting.functions import JavaClass
from election.model import topics
from election.platform.postgres import Database, wait_for_row
from election.platform.runtime import Stop
from election.platform.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lookup:
    """A function of Spark: from a key, the first column of `query`, to a struct of the others, all text, or to null."""

    name: str
    query: str
    columns: tuple[str, ...]

    @property
    def file(self) -> str:
        """The rows in the binary format of PostgreSQL's COPY."""
        return f"{self.name}.copy"

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
        f"SELECT '{topic.name}|' || {topic.key[0]}, count(*)::text FROM roll GROUP BY {topic.key[0]}"
        for topic in topics.AGGREGATED
        if topic.name in topics.TURNOUTS
    ),
    ("registered",),
)
LOOKUPS = find_candidate, find_voter, find_registered


def copy_lookups(settings: Settings, stop: Stop, folder: Path) -> str:
    """Copies what is looked up to files in the folder, once main.py has registered every voter.

    Returns the election's fingerprint. Raises Stopped and CannotRun.
    """
    with closing(Database(settings, stop)) as database:
        election = wait_for_roll(database, stop)
        for lookup in LOOKUPS:
            copied = database.run(partial(_copy, lookup.query, folder / lookup.file))
            log.info("%s: %s rows", lookup.name, f"{copied:,}")
        return election


def wait_for_roll(database: Database, stop: Stop) -> str:
    """Returns the election's fingerprint when main.py has registered every voter."""
    query = "SELECT fingerprint FROM election WHERE registered <= (SELECT count(*) FROM roll)"
    return str(wait_for_row(database, query, "the roll", stop, "main.py registers the voters")["fingerprint"])


def _copy(query: str, path: Path, connection: Connection) -> int:
    with connection.cursor() as cursor, path.open("wb") as file:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", file)
        return cursor.rowcount


def register_lookups(spark: SparkSession, folder: Path) -> None:
    """Makes functions of Spark from the lookups' files in the folder, which must stay while Spark runs."""
    java = JavaClass(spark, folder, "Lookup")
    for lookup in LOOKUPS:
        spark.sparkContext.addFile((folder / lookup.file).as_uri())
        java.register(lookup.name, ", ".join(f"{column} string" for column in lookup.columns), lookup.file)
    # An executor reads a file at its first question: the roll's takes seconds, which go by while the query is planned.
    first_question = spark.range(0, 1, numPartitions=1).select(find_voter(F.col("id").cast("string")))

    def ask() -> None:
        with suppress(PySparkException, Py4JError, OSError):  # the script is ending
            first_question.collect()

    Thread(target=ask, name="lookups", daemon=True).start()
