"""main.py's work: people become a roll, the roll is seeded and published, and the vote stream is managed.

The only room that writes the tables `candidates` and `voters`, and voters_topic. May import platform and model.
"""
