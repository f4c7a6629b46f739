"""Ends what run.py started as soon as run.py is gone, whatever ended it: `kill -9` closes its pipe too.

Reads from that pipe a line for each process group: +ID when it was started, -ID when it has ended.
"""

import contextlib
import os
import signal
import sys

groups: set[int] = set()
for line in sys.stdin:
    (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
for group in groups:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
