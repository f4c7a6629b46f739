"""Lab 3: a message that is no vote, among good ones."""

from local.labs.workbench import Workbench, vote_for

ANSWER = "c"
HINT = "Look at `validate_votes` and `reject_votes` in spark-streaming.py: a bad vote gets a reason, and its own topic."


def show(bench: Workbench) -> None:
    bench.start_election()
    bench.start_count()
    voters = bench.voters(100)
    ann, others = voters[0], voters[1:]
    bench.say("sending 50 votes, the poison, 49 votes, and Ann's true vote at the end")
    votes = [(voter, vote_for(voter, "1")) for voter in others]
    bench.send([*votes[:50], (ann, b"{poison"), *votes[50:], (ann, vote_for(ann, "2"))])
    bench.wait(lambda: bench.board().counted >= 100, "100 votes are counted")
    bench.wait(lambda: bench.read("rejected_votes"), "the poison is on rejected_votes")
    counted, rejected = bench.board().votes_per_candidate, bench.read("rejected_votes")
    bench.say(f"aggregated_votes_per_candidate says {counted}")
    for message in rejected:
        bench.say(f"rejected_votes has {message.value()!r}: {dict(message.headers() or [])}")
    bench.check("every good vote is counted, Ann's too", counted == {"1": 99, "2": 1})
    bench.check(
        "the poison is set aside once, byte for byte", [message.value() for message in rejected] == [b"{poison"]
    )
