"""The totals read back, for the dashboard, run.py and the audit: the largest total of each key.

`python -m election.results` exports them. Reads aggregated_*, rejected_votes and audit_verdicts, writes nothing. May
import platform and model.
"""
