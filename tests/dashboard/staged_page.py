"""The page on a staged count, for a look at it without servers.

    STAGED=zeros SHARE=0.5 python -m streamlit run tests/dashboard/staged_page.py

STAGED is right-to-left, no-parties, zeros, or one of elections/.
"""

import os
import runpy

from dashboard.drawing import page
from dashboard.tabs import voters
from election import PROJECT
from tests.dashboard.staged import ROLL, staged_sources

name, share = os.environ.get("STAGED", "simulated"), float(os.environ.get("SHARE", "0.5"))
staged = staged_sources(share, name=name, voters=6000 if name == "simulated" else None)
staged.live.heard_at = float("inf")  # it is heard at every moment
page.open_sources = lambda: staged  # type: ignore[assignment]
voters.ask = lambda *_: (ROLL, True)  # type: ignore[assignment]
runpy.run_path(str(PROJECT / "streamlit-app.py"), run_name="__main__")
