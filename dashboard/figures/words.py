"""Numbers, shares and ages as people read them."""

from math import nan

MINUTE, HOUR, DAY = 60, 3600, 86400


def number(how_many: int, of: str) -> str:
    """'1 message', '12,345 messages'"""
    return f"{how_many:,} {of}" + ("" if how_many == 1 else "s")


def votes(how_many: int) -> str:
    """'1 vote', '12,345 votes'"""
    return number(how_many, "vote")


def capital(name: str) -> str:
    """With a capital at its beginning."""
    return name[:1].upper() + name[1:]


def share(part: float, whole: float) -> float:
    """In percent with one decimal; never 100 unless it is all, nor 0 unless it is nothing; NaN of nothing."""
    if not whole:
        return nan
    exact = 100 * part / whole
    return round(min(max(exact, 0.1 if part else 0), 99.9) if part < whole else exact, 1)


def percent(part: float, whole: float) -> str:
    """The share as text; a dash of nothing."""
    if not whole:
        return "–"
    return "100%" if part == whole else f"{share(part, whole):.1f}%"


def points(part: float, whole: float) -> str:
    """A difference of shares: '3.2 points'; 0.0 only for none at all."""
    return f"{share(part, whole):.1f} points" if whole else "–"


def span(seconds: float) -> str:
    """How long: '3 s', '4 min', '2 h', '5 days'."""
    seconds = max(seconds, 0)
    if round(seconds) < MINUTE:
        return f"{seconds:.0f} s"
    if round(seconds / MINUTE) < HOUR / MINUTE:
        return f"{seconds / MINUTE:.0f} min"
    if round(seconds / HOUR) < DAY / HOUR:
        return f"{seconds / HOUR:.0f} h"
    return number(round(seconds / DAY), "day")


def age(seconds: float) -> str:
    """How long ago: 'now', '4 min ago'."""
    return "now" if seconds < 1 else f"{span(seconds)} ago"


def delay(seconds: float) -> str:
    """A short time with its unit: '12 ms', '1.4 s'."""
    if round(1000 * seconds) < 1000:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if round(seconds, 1) < 10 else span(seconds)


def rate(per_second: float) -> str:
    """'0', '0.4', '213', '1,234' a second."""
    return f"{per_second:.1f}" if 0 < per_second < 10 else f"{per_second:,.0f}"
