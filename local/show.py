"""Looks into PostgreSQL, as its administrator, and Kafka: what psql and Kafka's tools do, where there are none.

python -m local.show rows "SELECT voter_id, voter_name FROM voters LIMIT 1"
python -m local.show rows --bare "SELECT voter_id FROM votes LIMIT 1"       values only, for a shell's variable
python -m local.show messages votes_topic                                   partition/offset, key and value of each
python -m local.show messages votes_topic KEY                               those of one key
"""

import argparse
import sys
from functools import partial

import psycopg2

from election.model.errors import first_line
from election.platform.kafka_topics import read_topic
from election.platform.postgres import transaction
from election.platform.settings import load_settings
from election.results.look import run_command


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.show", description="Looks into PostgreSQL and Kafka.")
    commands = parser.add_subparsers(required=True)
    rows = commands.add_parser("rows", help="what PostgreSQL answers to a query")
    rows.add_argument("query")
    rows.add_argument("--bare", action="store_true", help="values only, a row a line")
    rows.set_defaults(show=show_rows)
    messages = commands.add_parser("messages", help="what is on a topic")
    messages.add_argument("topic")
    messages.add_argument("key", nargs="?", help="show this key only")
    messages.set_defaults(show=show_messages)
    options = parser.parse_args(arguments)
    return run_command("local.show", partial(options.show, options))


def show_rows(options: argparse.Namespace) -> int:
    with transaction(load_settings().administrator) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(options.query)
        except psycopg2.Error as error:
            sys.stderr.write(f"PostgreSQL: {first_line(error)}\n")
            return 1
        names = [column.name for column in cursor.description or ()]
        found = [["" if value is None else str(value) for value in row] for row in cursor] if names else []
    if options.bare:
        print("\n".join("|".join(row) for row in found))
        return 0
    widths = [max(map(len, column)) for column in zip(names, *found, strict=True)]
    for row in (names, ["-" * width for width in widths], *found):
        print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def show_messages(options: argparse.Namespace) -> int:
    for message in read_topic(load_settings(), options.topic, options.key and options.key.encode()):
        parts = message.key(), message.value()
        key, value = ("-" if part is None else part.decode(errors="replace") for part in parts)
        print(f"{message.partition()}/{message.offset()}  {key}  {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
