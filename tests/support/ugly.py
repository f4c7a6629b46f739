"""An election that is ugly on purpose, as a folder: it has what real ones have and made-up ones lack."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SYLLABLES = "שלום", "אור", "דרך", "עתיד", "ארץ", "צדק", "כחול", "לבן", "בית", "קול"
PLACES = "רמת גן", "נצרת", "حيفا", "באר שבע", "אילת", "الناصرة", "Beit She'an", "מודיעין-מכבים-רעות"


def ugly(folder: Path) -> str:
    """60 lists in 700 places: two directions of writing, a long name, no parties, zeros, write-ins, blank votes."""
    names = [f"{SYLLABLES[number % 10]} {SYLLABLES[number // 6]} ({number}) TOP-10" for number in range(1, 58)]
    lists = [{"candidate_name": name} for name in names]
    lists[9]["candidate_name"] = "Maria-Magdalena von und zu " * 9
    kinds = [{"candidate_name": f"{kind} votes", "kind": kind} for kind in ("write-in", "blank", "invalid")]
    places = [f"{PLACES[number % 8]} {number // 8 + 1}" for number in range(700)]
    weights = np.array([*(1 + 40 / number for number in range(1, 58)), 1, 30, 3])
    random = np.random.default_rng(7)
    votes = np.array([random.multinomial(random.poisson(40), weights / weights.sum()) for _ in places])
    votes[:, 50:57] = votes[::9] = 0
    registered = votes.sum(axis=1) + 5

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "election.toml").write_text('title = "הכנסת: 60 lists"\nseed = 7\ndate = 2026-11-03\nrate = 0\n', "utf-8")
    with (folder / "candidates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["candidate_name", "kind"], restval="")
        writer.writeheader()
        writer.writerows([*lists, *kinds])
    with (folder / "results.csv").open("w", encoding="utf-8", newline="") as file:
        results = csv.writer(file)
        results.writerow(["location", "registered", *(one["candidate_name"] for one in (*lists, *kinds))])
        for number, (place, here) in enumerate(zip(places, votes.tolist(), strict=True)):
            results.writerow([place, int(registered[number]) if number % 40 else "", *here])
    return str(folder)
