"""The record: which votes are in PostgreSQL. What is committed there is the truth; all else follows from it."""

from collections.abc import Sequence

from psycopg2.extensions import connection as Connection

from election.model.messages import Vote
from election.platform.postgres import copy_rows

# A vote, and the registration number of the voter who casts it.
Ballot = tuple[str, Vote]

# Each voter of a batch is looked up by the primary key: a join would read the whole roll for every batch.
REGISTERED = """
    registration_number = (SELECT voters.registration_number FROM voters WHERE voters.voter_id = batch.voter_id)"""
RECORD_VOTES = f"""
    INSERT INTO votes (voter_id, candidate_id, voting_time)
    SELECT voter_id, candidate_id, voting_time FROM batch WHERE {REGISTERED}
    ORDER BY voter_id
    ON CONFLICT (voter_id) DO NOTHING"""
STORED_VOTES = f"""
    SELECT registration_number, voter_id, stored.candidate_id, stored.voting_time FROM batch, LATERAL
        (SELECT candidate_id, voting_time FROM votes WHERE votes.voter_id = batch.voter_id OFFSET 0) AS stored
    WHERE {REGISTERED}"""
BATCH_COLUMNS = "voter_id", "registration_number", "candidate_id", "voting_time"


def record_votes(ballots: Sequence[Ballot], connection: Connection) -> list[Ballot]:
    """Records each vote unless its voter has one already; returns the stored vote of every registered voter among them.

    So a batch that is done twice, or a voter who comes twice, ends in the same single vote each time.
    A voter whom the roll does not have, or has under another number, gets no vote and is missing from the result.
    """
    once = {(vote.voter_id, registration): vote for registration, vote in reversed(ballots)}
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS batch"
            " (voter_id text, registration_number text, candidate_id text, voting_time timestamptz)"
            " ON COMMIT DELETE ROWS"
        )
        copy_rows(
            connection,
            "batch",
            BATCH_COLUMNS,
            (
                (vote.voter_id, registration, vote.candidate_id, vote.voting_time.isoformat())
                for (_, registration), vote in once.items()
            ),
        )
        cursor.execute(RECORD_VOTES)
        if cursor.rowcount == len(once):
            return [(registration, vote) for (_, registration), vote in once.items()]
        cursor.execute(STORED_VOTES)
        return [(registration, Vote(*stored)) for registration, *stored in cursor]
