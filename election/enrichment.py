"""What PostgreSQL adds to the votes: the candidates, the roll, and how many voters each group has.

All of it is read once. The small tables become rows of the query itself; the roll, which may have millions of voters,
becomes a function that each executor answers from its memory.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas as pd
from psycopg2.extensions import connection as Connection
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from election import topics
from election.record import Database, rows

log = logging.getLogger(__name__)

FIND_ON_ROLL = "find_on_roll"
ROLL_FUNCTION, ROLL_FILE = Path(__file__).with_name("RollFunction.java"), "roll.tsv"
GROUPS = StructType().add("state", "string").add("gender", "string").add("age_group", "string")
CANDIDATES = "SELECT candidate_id, candidate_name, party_affiliation, photo_url FROM candidates"
ROLL = "SELECT voter_id, state, gender, age_group FROM roll"
REGISTERED = " UNION ALL ".join(
    f"SELECT '{topic.name}' AS topic, {topic.key[0]} AS key, count(*) AS registered FROM roll GROUP BY {topic.key[0]}"
    for topic in topics.AGGREGATED
    if topic.name in (topics.TURNOUT_BY_LOCATION, topics.TURNOUT_BY_GENDER, topics.TURNOUT_BY_AGE_GROUP)
)


def read_candidates(spark: SparkSession, database: Database) -> DataFrame:
    """candidate_id, candidate_name, party_affiliation, photo_url."""
    return _read(spark, database, CANDIDATES)


def read_registered(spark: SparkSession, database: Database) -> DataFrame:
    """How many are registered in each group that has a turnout: topic, key, registered."""
    return _read(spark, database, REGISTERED)


def _read(spark: SparkSession, database: Database, query: str) -> DataFrame:
    found = database.run(lambda connection: rows(connection, query))
    return spark.createDataFrame(pd.DataFrame(found))


def read_roll(spark: SparkSession, database: Database, folder: Path) -> None:
    """Makes FIND_ON_ROLL answer from the roll as it is now. `folder` must stay while Spark runs."""
    with (folder / ROLL_FILE).open("w+b") as file:

        def copy(connection: Connection) -> int:
            file.seek(0)
            file.truncate()
            with connection.cursor() as cursor:
                cursor.copy_expert(f"COPY ({ROLL}) TO STDOUT", file)
                return cursor.rowcount

        voters = database.run(copy)
    register_roll(spark, folder)
    log.info("read the roll: %s voters", f"{voters:,}")


def register_roll(spark: SparkSession, folder: Path) -> None:
    """Gives every executor ROLL_FILE of the folder, a voter a line: voter_id, state, gender, age_group, by tabs.

    From then on `call_function(FIND_ON_ROLL, voter_id)` is (state, gender, age_group), or null for a stranger.
    """
    spark.sparkContext.addFile(str(folder / ROLL_FILE))
    java: Any = spark._jvm
    gateway: Any = spark.sparkContext._gateway
    compiler = java.org.codehaus.janino.SimpleCompiler()
    compiler.setParentClassLoader(java.Thread.currentThread().getContextClassLoader())
    compiler.cook(ROLL_FUNCTION.read_text())
    compiled = compiler.getBytecodes()
    jar = folder / "roll.jar"
    with ZipFile(jar, "w") as archive:
        for name in compiled:
            archive.writestr(name.replace(".", "/") + ".class", bytes(compiled[name]))
    spark.sparkContext._jsc.sc().addJar(str(jar))
    function = compiler.getClassLoader().loadClass("election.RollFunction")
    nothing = gateway.new_array(java.Class, 0), gateway.new_array(java.Object, 0)
    spark._jsparkSession.udf().register(
        FIND_ON_ROLL,
        function.getDeclaredConstructor(nothing[0]).newInstance(nothing[1]),
        java.org.apache.spark.sql.types.DataType.fromJson(GROUPS.json()),
    )
