"""Elections that are ugly on purpose, as folders: what real ones have and made-up ones lack."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SYLLABLES = "שלום", "אור", "דרך", "עתיד", "ארץ", "צדק", "כחול", "לבן", "בית", "קול"
PLACES = "רמת גן", "נצרת", "حيفا", "באר שבע", "אילת", "الناصرة", "Beit She'an", "מודיעין-מכבים-רעות"


def right_to_left(folder: Path) -> str:
    """40 lists with Hebrew and mixed names, without persons, in 700 places."""
    lists = [
        f"{SYLLABLES[number % 10]} {SYLLABLES[number // 4]} ({number + 1})" + (" TOP-10" if number % 7 == 0 else "")
        for number in range(40)
    ]
    places = [f"{PLACES[number % 8]} {number // 8 + 1}" for number in range(700)]
    candidates = [{"candidate_id": f"list-{number}", "party_affiliation": name} for number, name in enumerate(lists, 1)]
    votes = _draw(len(places), [30, 22, 9, 8, 7, 6, 5, 4, *[9 / 32] * 32], mean_ballots=60)
    return _write(folder, "הכנסת: 40 רשימות", candidates, places, votes, registered=votes.sum(axis=1) * 10 // 7)


def no_parties(folder: Path) -> str:
    """100 candidates without a party, some with very long names, in 30 places."""
    candidates = [
        {"candidate_name": f"{'Maria-Magdalena von und zu ' * (number % 9 == 0)}Candidate {number}"}
        for number in range(1, 101)
    ]
    places = [f"Ward {number}" for number in range(1, 31)]
    votes = _draw(len(places), [1 + 40 / number for number in range(1, 101)], mean_ballots=400)
    votes[:, -7:] = 0
    return _write(folder, "School board, 100 candidates", candidates, places, votes)


def zeros(folder: Path) -> str:
    """2,500 places with places and candidates of no votes, a write-in line, blank and invalid votes."""
    candidates = [
        *(
            {"candidate_name": name, "party_affiliation": party}
            for name, party in (("Ann Lee", "Red"), ("Bob Kay", "Blue"))
        ),
        {"candidate_name": "Cat Moe"},
        {"candidate_name": "Nobody's Choice", "party_affiliation": "Zero"},
        {"candidate_name": "Write-ins", "kind": "write-in"},
        {"candidate_name": "Blank votes", "kind": "blank"},
        {"candidate_name": "Invalid votes", "kind": "invalid"},
    ]
    places = [f"County {number % 50 + 1}, Precinct {number // 50 + 1:03d}" for number in range(2500)]
    votes = _draw(len(places), [40, 38, 9, 0, 1, 30, 3], mean_ballots=12)
    votes[::9] = 0
    registered = votes.sum(axis=1) + 5
    registered[::40] = 0
    return _write(folder, "County clerk: zeros, write-ins and blanks", candidates, places, votes, registered)


def _draw(places: int, weights: Sequence[float], mean_ballots: int) -> np.ndarray:
    random = np.random.default_rng(7)
    shares = np.array(weights) / sum(weights)
    return np.array([random.multinomial(random.poisson(mean_ballots), shares) for _ in range(places)])


def _write(
    folder: Path,
    title: str,
    candidates: Sequence[dict[str, str]],
    places: Sequence[str],
    votes: np.ndarray,
    registered: np.ndarray | None = None,
) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "election.toml").write_text(
        f'title = "{title}"\nseed = 7\ndate = 2026-11-03\nrate = 0\n', encoding="utf-8"
    )
    columns = list(dict.fromkeys(column for candidate in candidates for column in candidate))
    with (folder / "candidates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(candidates)
    names = [one.get("candidate_id") or one["candidate_name"] for one in candidates]
    with (folder / "results.csv").open("w", encoding="utf-8", newline="") as file:
        results = csv.writer(file)
        results.writerow(["location", "registered", *names])
        for number, (place, here) in enumerate(zip(places, votes.tolist(), strict=True)):
            known = "" if registered is None or not registered[number] else int(registered[number])
            results.writerow([place, known, *here])
    return str(folder)
