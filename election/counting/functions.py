"""What Spark runs of our own, in Java: compiled when Spark starts, by Janino, which is part of Spark.

Functions that its executors answer are in Java because real-time mode runs no Python function; a column of Spark's own
where it does as well.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from py4j.java_collections import MapConverter
from pyspark.sql import SparkSession

from election.model.messages import LONE_SURROGATE, MOST_BRACKETS, UTC_TIME, Reason

SOURCES = Path(__file__).parent / "java"
PARSE_VOTE = "parse_vote"
PARSED = "voter_id string, candidate_id string, voting_time timestamp, vote bigint, reason string"


class JavaClass:
    """A class of the package `election` whose source is in this folder, on the class path of Spark's executors.

    It knows neither type parameters nor lambdas: Janino doesn't. `folder` gets its jar and must stay while Spark runs.
    """

    def __init__(self, spark: SparkSession, folder: Path, name: str) -> None:
        self._spark = spark
        java: Any = spark._jvm
        compiler = java.org.codehaus.janino.SimpleCompiler()
        compiler.setParentClassLoader(java.Thread.currentThread().getContextClassLoader())
        compiler.cook((SOURCES / f"{name}.java").read_text())
        compiled = compiler.getBytecodes()
        jar = folder / f"{name}.jar"
        with ZipFile(jar, "w") as archive:
            for part in compiled:
                archive.writestr(part.replace(".", "/") + ".class", bytes(compiled[part]))
        spark.sparkContext._jsc.sc().addJar(jar.as_uri())
        self.name = f"election.{name}"
        (self._constructor,) = compiler.getClassLoader().loadClass(self.name).getConstructors()

    def register(self, function: str, columns: str, *arguments: str | Mapping[str, str]) -> None:
        """Makes a function of Spark from the class, one of its `UDF1`, `UDF2`, ..., and the arguments.

        It returns a struct of the columns (DDL).
        """
        java: Any = self._spark._jvm
        gateway: Any = self._spark.sparkContext._gateway
        values = gateway.new_array(java.Object, len(arguments))
        for at, argument in enumerate(arguments):
            is_text = isinstance(argument, str)
            values[at] = argument if is_text else MapConverter().convert(argument, gateway._gateway_client)
        struct = java.org.apache.spark.sql.types.DataType.fromDDL(columns)
        self._spark._jsparkSession.udf().register(function, self._constructor.newInstance(values), struct)


def register_parse_vote(spark: SparkSession, folder: Path) -> None:
    """The function that `tallies.parse_messages` takes messages apart with."""
    reasons = {reason.name: reason.value for reason in Reason}
    rules = LONE_SURROGATE, UTC_TIME, str(MOST_BRACKETS)
    JavaClass(spark, folder, "ParseVote").register(PARSE_VOTE, PARSED, reasons, *rules)
