"""Lab 4: kill -9 of the count in the middle: the checkpoint, the replay, and why the result is exact."""

from __future__ import annotations

import json
from collections import defaultdict

from local.labs.workbench import CHECKPOINT_SAVED, Workbench

TITLE = "kill the count: checkpoint and replay"
QUESTION = (
    "The count is killed while votes come in, and started again. What does a reader of\n"
    "aggregated_votes_per_candidate see?"
)
CHOICES = {
    "a": "the totals go on exactly where they were",
    "b": "some totals come again, smaller than before; the end is exact",
    "c": "some votes are counted twice, and stay so",
}
ANSWER = "b"
HINT = "The state goes back to the last checkpoint; the messages already sent do not. What does a reader keep of a key?"
VOTERS = "2000"


def show(bench: Workbench) -> None:
    bench.start_election(VOTERS=VOTERS, RATE="40")
    spark = bench.start_count(SPARK_CHECKPOINT_INTERVAL="5 seconds")
    bench.say("starting voting.py at 40 votes a second")
    voting = bench.pipeline.start("voting")
    bench.wait(lambda: CHECKPOINT_SAVED in spark.log.read_text(), "the first checkpoint is saved")
    saved = bench.board().counted
    bench.wait(lambda: bench.board().counted > saved + 100, "100 votes more are counted")
    spark.kill()
    bench.say(f"killed the count at {bench.board().counted} votes")
    voting.stop()
    bench.pipeline.start("voting", RATE="0")
    bench.start_count(SPARK_CHECKPOINT_INTERVAL="5 seconds")
    expected = bench.query("SELECT votes_expected FROM election")[0]["votes_expected"]
    bench.wait(lambda: bench.board().counted >= expected, f"all {expected} votes are counted")
    recorded = {
        row["candidate_id"]: row["votes"]
        for row in bench.query("SELECT candidate_id, count(*) AS votes FROM votes GROUP BY 1")
    }
    repeated, largest = 0, defaultdict[bytes | None, int](int)
    for message in bench.read("aggregated_votes_per_candidate"):
        total = json.loads(message.value() or b"")["total_votes"]
        repeated += total <= largest[message.key()]
        largest[message.key()] = max(total, largest[message.key()])
    bench.say(f"{repeated} messages had a total that was no larger than one before")
    bench.say(f"record {recorded}, count {bench.board().votes_per_candidate}")
    bench.check("every vote is counted once", bench.board().votes_per_candidate == recorded)
