"""Draws what the latency part measured: a line for each way of counting, from its median to its slowest vote."""

import statistics
from html import escape
from math import log10

from bench.tables import Records, by_rate_and_way
from dashboard.figures.palette import MARKS
from election import PROJECT

CHART = PROJECT / "docs" / "images" / "latency.svg"
WIDTH, ROW, TOP, LEFT, RIGHT = 760, 46, 58, 200, 40
LOWEST_MS, HIGHEST_MS = 1, 100_000
COLOURS = {"real time": MARKS[0].colour, "Flink": MARKS[2].colour, "micro-batches": MARKS[1].colour}
FIGURES = "p50", "p99", "worst"


def latency_chart(runs: Records) -> str:
    """SVG on a logarithmic axis. `runs` have name, rate, p50, p99 and worst in ms; of several the median is drawn."""
    ways = by_rate_and_way(runs)
    height = TOP + ROW * len(ways) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<title>Milliseconds from a vote to its total</title><rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(LEFT, 22, "Milliseconds from a vote to its total: median, 99 of 100 votes, slowest", weight="bold"),
    ]
    for power in range(round(log10(LOWEST_MS)), round(log10(HIGHEST_MS)) + 1):
        x = _at(10**power)
        parts.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP - 12}" y2="{height - 30}" stroke="#ddd"/>')
        parts.append(_text(x, height - 12, f"{10**power:,}", anchor="middle"))
    for place, ((rate, name), same) in enumerate(ways.items()):
        y = TOP + ROW * place + ROW / 2 - 8
        values = [statistics.median(run[figure] for run in same) for figure in FIGURES]
        parts.append(_text(LEFT - 14, y + 4, f"{name}, {rate:,} votes/s", anchor="end"))
        parts.append(
            f'<line x1="{_at(values[0]):.0f}" x2="{_at(values[-1]):.0f}" y1="{y}" y2="{y}"'
            f' stroke="{COLOURS[name]}" stroke-width="3"/>'
        )
        parts += [f'<circle cx="{_at(value):.0f}" cy="{y}" r="6" fill="{COLOURS[name]}"/>' for value in values]
        low, middle, high = values
        parts.append(_text(_at(low) - 11, y + 4, f"{low:,.0f}", anchor="end", size=11))
        parts.append(_text(_at(middle), y + 21, f"{middle:,.0f}", anchor="middle", size=11))
        parts.append(_text(_at(high) + 11, y + 4, f"{high:,.0f}", size=11))
    return "\n".join([*parts, "</svg>\n"])


def _at(milliseconds: float) -> float:
    span = log10(HIGHEST_MS) - log10(LOWEST_MS)
    return LEFT + (WIDTH - LEFT - RIGHT) * (log10(max(milliseconds, LOWEST_MS)) - log10(LOWEST_MS)) / span


def _text(x: float, y: float, said: str, anchor: str = "start", weight: str = "normal", size: int = 13) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size}"'
        f' fill="#222">{escape(said)}</text>'
    )
