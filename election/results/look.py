"""What every reader of the results needs: which election the database holds, who stands, and one way to fail."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
import psycopg2
from confluent_kafka import KafkaException
from psycopg2.errors import UndefinedTable
from psycopg2.extensions import connection as Connection

from election.model.errors import CannotLook, ElectionError, first_line
from election.model.rows import Candidate
from election.platform.postgres import row, rows
from election.platform.refusals import GONE

NO_ELECTION = "main.py has not prepared the election yet"


class HeldElection(NamedTuple):
    """The row of the table `election`, as far as readers need it."""

    name: str
    title: str
    registered: int
    votes_expected: int


def read_held(connection: Connection) -> HeldElection:
    """Raises CannotLook until main.py has prepared the election."""
    held = row(connection, f"SELECT {', '.join(HeldElection._fields)} FROM election")
    if not held:
        raise CannotLook(NO_ELECTION)
    return HeldElection(**held)


def read_candidates(connection: Connection) -> list[Candidate]:
    """Who stands, '2' before '10', without biography, platform and photo."""
    query = """SELECT candidate_id, candidate_name, party_affiliation, kind FROM candidates
               ORDER BY length(candidate_id), candidate_id"""
    return [msgspec.convert(candidate, Candidate) for candidate in rows(connection, query)]


@contextmanager
def looking() -> Iterator[None]:
    """Whatever Kafka or PostgreSQL refuses inside is a CannotLook."""
    try:
        yield
    except UndefinedTable:
        raise CannotLook(NO_ELECTION) from None
    except psycopg2.Error as error:
        raise CannotLook(f"PostgreSQL: {first_line(error)}") from None
    except KafkaException as error:
        missing = "; main.py creates the topics" if error.args[0].code() in GONE else ""
        raise CannotLook(f"Kafka: {error.args[0].str()}{missing}") from None


def run_command(name: str, work: Callable[[], int]) -> int:
    """The exit code of a command's work; what can't be done ends in one line on standard error, and 2."""
    try:
        with looking():
            return work()
    except ElectionError as error:
        sys.stderr.write(f"{name} could not look: {error}\n")
    except OSError as error:
        sys.stderr.write(f"{name} could not look: {error.filename or 'standard output'}: {error.strerror}\n")
    except KeyboardInterrupt:
        sys.stderr.write(f"{name} was stopped before it was done\n")
    return 2
