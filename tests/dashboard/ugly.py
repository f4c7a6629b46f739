"""Made-up elections that have what real ones have: many candidates, any script, places without a vote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from election.model.definition import Election, Location
from election.model.rows import Candidate, Kind

HEBREW = "הליכוד", "יש עתיד", "הציונות הדתית", "המחנה הממלכתי", "ש״ס", "יהדות התורה", "ישראל ביתנו", "העבודה"
ARABIC = "القائمة العربية الموحدة", "التجمع الوطني الديمقراطي", "الجبهة الديمقراطية للسلام والمساواة"


def made(name: str, title: str, candidates: Sequence[Candidate], locations: Sequence[Location]) -> Election:
    return Election(
        name=name,
        title=title,
        seed=1,
        nationality="GB",
        country="United Kingdom",
        locale="en_GB",
        date=date(2026, 5, 7),
        rate=0,
        replayed=True,
        candidates=tuple(candidates),
        locations=tuple(locations),
        folder=Path("/nowhere"),
        fingerprint=name,
    )


def right_to_left() -> Election:
    """40 lists with right-to-left names in 700 places."""
    names = [*HEBREW, *ARABIC, *(f"רשימה {number} למען התושבים" for number in range(29))]
    lists = [Candidate(f"list-{number}", name, f"מפלגת {name}") for number, name in enumerate(names)]
    locations = []
    for place in range(700):
        votes = {one.candidate_id: (place * 13 + at * 7) % max(2, 60 // (at + 1)) for at, one in enumerate(lists)}
        locations.append(Location(f"ישוב {place + 1}", (), 2 * sum(votes.values()) + 9, votes))
    return made("right-to-left", "הבחירות לכנסת ה־25", lists, locations)


def crowded() -> Election:
    """100 candidates without a party; some names are long, wide, or one word."""
    long = "Maximiliana Alexandrowna von und zu Hohenstein-Sonderburg-Glücksburg", "山田太郎左衛門", "Prince"
    names = [*long, *(f"Candidate Number{number} Öztürk" for number in range(97))]
    standing = [Candidate(f"{number}", name) for number, name in enumerate(names)]
    locations = []
    for place in range(30):
        votes = {one.candidate_id: 400 // (at + 2) * (1 + (place + at) % 3) for at, one in enumerate(standing[:98])}
        locations.append(Location(f"Precinct {place + 1}", (), 2 * sum(votes.values()), votes))
    return made("crowded", "City Council, at large: 100 candidates", standing, locations)


def zeros() -> Election:
    """2,500 places, every third without a vote; write-ins, blank and invalid votes; one place with no register."""
    standing = [
        Candidate("1", "Ann Lee", "Party of the Long Name for Fairness, Gardens and Good Neighbourhood"),
        Candidate("2", "Bob Kay"),
        Candidate("3", "", "Nameless List"),
        Candidate("4", "Write-ins", kind=Kind.WRITE_IN),
        Candidate("5", "Nobody's Choice", "Empty Party"),
        Candidate("blank", "Blank", kind=Kind.BLANK),
        Candidate("invalid", "Invalid", kind=Kind.INVALID),
    ]
    locations = []
    for place in range(2500):
        some = [(place * 7) % 40, (place * 11) % 39, place % 9, place % 2, 0, (place * 3) % 90, place % 3]
        votes = {one.candidate_id: number * bool(place % 3) for one, number in zip(standing, some, strict=True)}
        locations.append(Location(f"Station {place + 1:04}", (), 0 if place == 1 else 150, votes))
    return made("zeros", "County Referendum and Sheriff", standing, locations)


ALL = {"right-to-left": right_to_left, "crowded": crowded, "zeros": zeros}
