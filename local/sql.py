"""Asks the election's database, as its administrator, and shows the rows: what psql does, where there is none.

python -m local.sql "SELECT voter_id, voter_name FROM voters LIMIT 1"
python -m local.sql --bare "SELECT voter_id FROM votes LIMIT 1"          values only, for a shell's variable
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

import psycopg2

from election.model.errors import first_line
from election.platform.postgres import transaction
from election.platform.settings import load_settings
from election.results.look import run_command


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.sql", description="Shows what PostgreSQL answers.")
    parser.add_argument("query")
    parser.add_argument("--bare", action="store_true", help="values only, a row a line")
    options = parser.parse_args(arguments)
    return run_command("local.sql", partial(show, options.query, options.bare))


def show(query: str, bare: bool) -> int:
    with transaction(load_settings().administrator) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(query)
        except psycopg2.Error as error:
            sys.stderr.write(f"PostgreSQL: {first_line(error)}\n")
            return 1
        names = [column.name for column in cursor.description or ()]
        found = [["" if value is None else str(value) for value in row] for row in cursor] if names else []
    if bare:
        print("\n".join("|".join(row) for row in found))
        return 0
    widths = [max(map(len, column)) for column in zip(names, *found, strict=True)]
    for row in (names, ["-" * width for width in widths], *found):
        print(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
