"""Lab 1: a voter's vote comes again, and then another one. It counts once: in the record, and in the count."""

from datetime import UTC, datetime

from election.casting.record import record_votes
from election.model.messages import Vote
from election.platform.postgres import transaction
from local.labs.workbench import Workbench, vote_for

ANSWER = "b"
HINT = "Which operator in spark-streaming.py remembers whom it has seen? It keeps the first row of each voter_id."


def show(bench: Workbench) -> None:
    bench.start_election()
    (ann, bob), registered = bench.voters(2), bench.query("SELECT voter_id, registration_number FROM voters")
    number = {row["voter_id"]: row["registration_number"] for row in registered}[ann]
    for candidate in ("1", "1", "2"):
        with transaction(bench.settings.administrator) as connection:
            [(_, stored)] = record_votes([(number, Vote(ann, candidate, datetime.now(UTC)))], connection)
        bench.say(f"recording a vote of Ann for {candidate}: PostgreSQL has one for {stored.candidate_id}")
    bench.check("the record has one vote, the first", stored.candidate_id == "1")

    bench.start_count()
    first = vote_for(ann, "1")
    bench.say("sending it three times to votes_topic, one for candidate 2 after it, and at last a vote of Bob")
    bench.send([(ann, first), (ann, first), (ann, first), (ann, vote_for(ann, "2")), (bob, vote_for(bob, "3"))])
    bench.wait(lambda: len(bench.board().votes_per_candidate) > 1, "the votes are counted")
    counted = bench.board().votes_per_candidate
    bench.say(f"aggregated_votes_per_candidate says {counted}")
    bench.check("Ann is counted once, for candidate 1", counted == {"1": 1, "3": 1})
