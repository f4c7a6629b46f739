"""Lab 4: kill -9 of the count in the middle: the checkpoint, the replay, and why the result is exact."""

import json
from collections import defaultdict

from local.labs.workbench import Workbench

ANSWER = "b"
HINT = "The state goes back to the last checkpoint; the messages already sent do not. What does a reader keep of a key?"


def show(bench: Workbench) -> None:
    bench.start_election(VOTERS="2000", RATE="40")
    spark = bench.start_count(SPARK_CHECKPOINT_INTERVAL="5 seconds")
    bench.say("starting voting.py at 40 votes a second")
    voting = bench.pipeline.start("voting")
    bench.wait(lambda: "a checkpoint is saved" in spark.log.read_text(), "the first checkpoint is saved")
    saved = bench.board().counted
    bench.wait(lambda: bench.board().counted > saved + 100, "100 votes more are counted")
    spark.kill()
    bench.say(f"killed the count at {bench.board().counted} votes")
    voting.stop()
    bench.pipeline.start("voting", RATE="0")
    bench.start_count(SPARK_CHECKPOINT_INTERVAL="5 seconds")
    bench.wait(lambda: bench.board().counted >= bench.expected, f"all {bench.expected} votes are counted")
    votes = bench.query("SELECT candidate_id, count(*) AS votes FROM votes GROUP BY 1")
    recorded = {row["candidate_id"]: row["votes"] for row in votes}
    repeated, largest = 0, defaultdict[bytes | None, int](int)
    for message in bench.read("aggregated_votes_per_candidate"):
        total = json.loads(message.value() or b"")["total_votes"]
        repeated += total <= largest[message.key()]
        largest[message.key()] = max(total, largest[message.key()])
    bench.say(f"{repeated} messages had a total that was no larger than one before")
    bench.say(f"record {recorded}, count {bench.board().votes_per_candidate}")
    bench.check("every vote is counted once", bench.board().votes_per_candidate == recorded)
