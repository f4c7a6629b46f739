"""What the four scripts share.

```
                 voters_topic (compacted: the live roll)
        +--------------------------------------------------+
        |                                                  v
    main.py <------------- votes_topic <------------- voting.py
   seed, roll              (the replayable log)        casts one vote per voter
        |                        |                         |
        v                        v                         v
    PostgreSQL  -------> spark-streaming.py           PostgreSQL
    candidates, voters   validate, enrich,            votes (the record)
        |                count once, tally
        |                        |
        |                        v
        |     aggregated_* topics (compacted), rejected_votes
        |                        |
        |                        v
        +---------------> streamlit-app.py
```

The rooms, each named for its work; imports go down this list, never up:

    access, audit, trace          who may do what; python -m election.audit; python -m election.trace, one vote's way
    results                       the totals read back, for the dashboard, run.py and audit; python -m election.results
    seeding, casting, counting    the work of main.py, voting.py and spark-streaming.py; they never import each other
    platform                      what every script stands on: settings, runtime, Kafka, PostgreSQL, Java
    model                         what an election is: definition, ballots, messages, topics, errors

The words, each for one thing:

    voter      one who is registered
    roll       the register of voters: table `voters`, and voters_topic
    vote       a recorded choice of one voter
    cast       to make, record and publish a vote
    record     the table `votes`: what is committed there is the truth
    log        votes_topic: every vote that was published, kept for ever
    tally      a running total of one key of an aggregated_* topic; it only grows
    turnout    the share of a group's registered voters who voted
    count      spark-streaming.py at its work
    verdict    what an audit found, published on audit_verdicts
    rejected   a message on the log that does not count, set aside on rejected_votes with its reason
    audit      record, log and tally compared
    script     main.py, voting.py, spark-streaming.py or streamlit-app.py
    delay      the seconds from cast to counted
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
