"""Looking up in what PostgreSQL copied, whatever the keys are made of."""

import psycopg2
import pytest
from pyspark.sql import functions as F

from election.counting.functions import JavaClass
from election.platform.settings import load_settings

SPECIAL = [
    "",
    "v",
    "v1",
    "v11",
    "v1 ",
    "\\",
    "\\\\",
    "\\N",
    "\\t",
    "tab\there",
    "line\nfeed",
    "\r",
    "\b\f\v",
    "é",
    "e\u0301",
    "😀",
]
KEYS = [*SPECIAL, *(f"voter-{number}" for number in range(5000))]
STRANGERS = [
    "v111",
    "V1",
    "voter-",
    "voter-5000",
    "é\\",
    "\t",
    "\n",
    "\\n",
    "tab",
    "tab\\there",
    "voter-1\tvalue",
    "x" * 10_000,
]


@pytest.fixture(scope="module")
def look_up(spark, services, tmp_path_factory):
    """The values of keys in a table of (key, value) that PostgreSQL copied, None where there is none."""
    folder = tmp_path_factory.mktemp("lookup")
    java = JavaClass(spark, folder, "Lookup")
    connection = psycopg2.connect(**load_settings(services.environment).postgres)

    def look_up(name, table, keys):
        path = folder / f"{name}.copy"
        with connection, connection.cursor() as cursor, path.open("wb") as file:
            cursor.execute("CREATE TEMPORARY TABLE pairs (key text, value text) ON COMMIT DROP")
            cursor.executemany("INSERT INTO pairs VALUES (%s, %s)", table.items())
            cursor.copy_expert("COPY pairs TO STDOUT (FORMAT binary)", file)
        spark.sparkContext.addFile(str(path))
        java.register(name, "value string", path.name)
        rows = (
            spark.createDataFrame([(key,) for key in keys], "key string").select(F.call_function(name, "key")).collect()
        )
        return [found and found.value for (found,) in rows]

    yield look_up
    connection.close()


def test_every_key_has_its_own_row_and_a_stranger_none(look_up):
    table = {key: f"row {number % 7}" for number, key in enumerate(KEYS)}
    assert look_up("all_keys", table, [*KEYS, *STRANGERS, None]) == [*table.values(), *[None] * (len(STRANGERS) + 1)]


def test_rows_are_what_was_written(look_up):
    table = {"a": "", "b": "back\\slash", "c": "tab\tline\n", "d": "é 😀"}
    assert look_up("rows", table, list(table)) == list(table.values())


def test_a_table_may_be_empty(look_up):
    assert look_up("nothing", {}, ["", "a"]) == [None, None]
