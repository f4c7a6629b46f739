"""Bring your own election: a published file of results becomes a folder (import), and a folder is examined (check).

May import anything; nothing imports it but the command line.
"""
