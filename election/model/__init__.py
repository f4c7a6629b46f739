"""What an election is: its definition, ballots, messages and topics.

Pure: nothing here does I/O but read an election's folder. May import the standard library, msgspec and numpy.
"""
