"""What the four stages share.

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
                         count once, tally
                                 |
                                 v
              aggregated_* topics (compacted), rejected_votes
                                 |
                                 v
                         streamlit-app.py
```

- config: settings, from the environment
- definition (definition_files): an election as a folder of data
- people: who the voters are: randomuser.me, or made up offline
- roll: the register of voters of an election
- ballots: whom each voter chooses: a pure function
- events: the messages on the topics
- topics: the topics themselves
- messaging, watching: Kafka clients that wait, retry, stay quiet, and notice a topic made anew
- record, schema.sql, logins: PostgreSQL, and who may do what there
- connecting, acls: how clients are told to be safe, and who may do what on Kafka
- seeding: main.py's first work: fill the database, publish the roll, restore the log
- vote_stream: main.py's lasting work: who has voted goes back to voters_topic
- casting: voting.py's work
- tallies: spark-streaming.py's work: DataFrames in, DataFrames out
- counting, spark: the count as it runs: its checkpoint, its two queries, Spark's tuning
- results: reads the tallies back, for the dashboard, run.py and the audit
- audit (recount, comparison, report, seal, merkle): proves the count
- stages: what every script needs: logging, waiting, stopping
"""
