"""The totals read back, for the dashboard, run.py and the audit: the largest total of each key.

Reads aggregated_* and rejected_votes, writes nothing. May import platform and model.
"""
