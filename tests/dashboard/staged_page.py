"""The page on a staged count, for a look at it without servers.

    STAGED=zeros SHARE=0.5 streamlit run tests/dashboard/staged_page.py

STAGED is one of tests/dashboard/ugly.py or of elections/.
"""

from __future__ import annotations

import os
import runpy
import sys
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from dashboard.data.sources import Sources  # noqa: E402
from dashboard.drawing import page  # noqa: E402
from dashboard.tabs import voters  # noqa: E402
from tests.dashboard.staged import staged_sources  # noqa: E402

NAMES = "Ann Lee", "דוד כהן", "محمد عبد الله", "山田太郎左衛門", "Bob Kay"


@cache
def sources(name: str, share: float) -> Sources:
    return staged_sources(share, name=name, voters=6000 if name == "simulated" else None)


def roll(*_: object) -> voters.Answer:
    rows = [
        {"registration_number": f"012-{number:07}", "voter_name": NAMES[number % 5], "registered_age": 18 + number}
        | {"gender": "female", "address_city": "Here", "address_state": "There", "voted": number % 2 == 0}
        for number in range(25)
    ]
    return rows, True


staged = sources(os.environ.get("STAGED", "simulated"), float(os.environ.get("SHARE", "0.5")))
staged.live.heard_at = float("inf")  # it is heard at every moment
page.open_sources = lambda: staged  # type: ignore[assignment]
voters.ask = roll  # type: ignore[assignment]
runpy.run_path(str(PROJECT / "streamlit-app.py"), run_name="__main__")
