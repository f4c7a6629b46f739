"""voting.py's work: each voter's vote is recorded, published, flushed and committed, at a pace.

The only room that writes the table `votes`. May import platform and model.
"""
