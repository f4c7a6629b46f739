"""What the four stages share.

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

 config      settings, from the environment
 definition  an election as a folder of data
 people      who the voters are: randomuser.me, or made up offline
 roll        the register of voters of an election
 ballots     whom each voter chooses: a pure function
 events      the messages on the topics
 topics      the topics themselves
 messaging   Kafka clients that wait, retry and stay quiet
 record      PostgreSQL
 seeding     main.py's work: fill the database, publish the roll, restore the log
 casting     voting.py's work
 tallies     spark-streaming.py's work: DataFrames in, DataFrames out
 counting    the Spark session, its checkpoint, its two queries
 results     reads the tallies back, for the dashboard, run.py and the audit
 stages      what every script needs: logging, waiting, stopping
"""
