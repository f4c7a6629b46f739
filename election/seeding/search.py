"""The indexes that the dashboard searches the roll by. An election does without them where they can't be had."""

from __future__ import annotations

import logging
from pathlib import Path

from psycopg2.errors import FeatureNotSupported, InsufficientPrivilege, UndefinedFile
from psycopg2.extensions import connection as Connection

from election.model.errors import first_line

log = logging.getLogger(__name__)

SEARCH = Path(__file__).with_name("search.sql")


def index_roll(connection: Connection) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(SEARCH.read_text())
    except (InsufficientPrivilege, FeatureNotSupported, UndefinedFile) as error:
        connection.rollback()
        log.warning("searching the roll by name will be slow, pg_trgm can't be had: %s", first_line(error))
