"""What the benchmark makes of the delays that it took, and of runs from several sittings."""

import json
import sys

import pytest

from bench import __main__ as bench
from bench import tables
from bench.latency import SETTLE_SECONDS, WARM_SECONDS, Window, summary, votes_of, windows


def test_a_windows_delays_become_its_figures():
    steady = [(second / 10, 5.0) for second in range(1800)]
    pauses = [(30.0, 100.0), (90.0, 300.0), (150.0, 200.0)]
    found = summary([*steady, *pauses], exact=True)
    assert (found.p50, found.p99, found.pause) == (5.0, 5.0, 200.0)
    assert found.p999 == pytest.approx(219.6)
    assert (found.worst, found.worst_at) == (300.0, 90.0)
    assert (found.updates, found.exact) == (1803, True)


def test_each_rate_has_a_window_and_the_first_one_a_warm_up():
    warm, settled = WARM_SECONDS + 600, WARM_SECONDS + 600 + SETTLE_SECONDS
    assert windows([2000, 200], 600) == [
        Window(rate=2000, lead=0, begin=WARM_SECONDS, end=warm),
        Window(rate=200, lead=warm, begin=settled, end=settled + 600),
    ]
    assert windows([2000, 200, 2000], 600) == windows([2000, 200], 600)


def test_a_schedule_has_a_voter_for_each_of_its_votes_and_some_to_spare():
    assert votes_of([Window(rate=10, lead=0, begin=2, end=6), Window(rate=2, lead=6, begin=7, end=9)]) == 70 + 8


def record(name: str, rate: int, p99: float, exact: bool = True) -> tables.Record:
    return {
        "name": name,
        "rate": rate,
        "p50": 5.0,
        "p99": p99,
        "p999": 90.0,
        "pause": 300.0,
        "worst": 400.0,
        "exact": exact,
    }


def test_the_latency_of_each_way_and_rate_is_the_median_and_range_of_its_runs():
    records = [record("real time", 200, 12), record("Flink", 200, 19), record("real time", 200, 14)]
    assert tables.latency([*records, record("real time", 2000, 30)]) == {
        "real time, 200 votes/s": "p50 5 (5 to 5), p99 13 (12 to 14), p99.9 90 (90 to 90),"
        " longest of a minute 300 (300 to 300), of all 400 (400 to 400) ms; every total exact",
        "Flink, 200 votes/s": "p50 5, p99 19, p99.9 90, longest of a minute 300, of all 400 ms; every total exact",
        "real time, 2,000 votes/s": "p50 5, p99 30, p99.9 90, longest of a minute 300, of all 400 ms;"
        " every total exact",
    }


def test_the_ways_of_one_rate_stand_beside_each_other():
    records = [record(name, rate, 20) for name in ("real time", "Flink") for rate in (2000, 200)]
    assert [name.removesuffix(" votes/s") for name in tables.latency(records)] == [
        "real time, 200",
        "Flink, 200",
        "real time, 2,000",
        "Flink, 2,000",
    ]


def test_one_wrong_total_makes_the_figure_not_exact():
    row = tables.latency([record("Flink", 200, 19), record("Flink", 200, 19, exact=False)])["Flink, 200 votes/s"]
    assert row.endswith("NOT EXACT")


def test_the_ceiling_is_below_the_first_rate_whose_votes_are_late():
    delays = {1500: 90, 2500: 900, 3500: 4000, 5000: 800}
    records = [record("real time", rate, p99) for rate, p99 in delays.items()]
    assert tables.ceiling([*records, record("Flink", 1500, 1200)]) == {
        "real time": "2,500 votes/s; p99 in ms at each rate: 1,500: 90, 2,500: 900, 3,500: 4,000, 5,000: 800;"
        " every total exact",
        "Flink": "0 votes/s; p99 in ms at each rate: 1,500: 1,200; every total exact",
    }


CRASHED = "simulated, kill -9 of the count"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs the benchmark of a crash, whose measurement finds the given seconds, and returns code and results."""
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "results.json")

    def run(moves: float, *arguments: str):
        part = bench.Part(lambda _: [{"name": "simulated", "moves": moves, "fresh": 30.0, "exact": True}], tables.crash)
        monkeypatch.setitem(bench.PARTS, "crash", part)
        monkeypatch.setattr(sys, "argv", ["bench", "crash", "--runs", "1", *arguments])
        code = bench.main()
        return code, json.loads(bench.RESULTS.read_text())

    return run


def test_another_sitting_replaces_the_runs(run):
    run(17.0)
    code, results = run(19.0)
    assert code == 0
    assert "after 19.0 s" in results["crash"]["rows"][CRASHED]


def test_another_sitting_adds_its_runs(run):
    run(17.0)
    code, results = run(19.0, "--add")
    assert code == 0
    assert "after 18.0 (17.0 to 19.0) s" in results["crash"]["rows"][CRASHED]
    assert [sitting["load"]["runs"] for sitting in results["crash"]["sittings"]] == [1, 1]


def test_runs_of_another_load_are_not_added(run, capsys):
    _, before = run(17.0)
    code, after = run(19.0, "--add", "--voters", "5000")
    assert (code, after) == (2, before)
    assert capsys.readouterr().err == "--add: the saved runs have --voters 100000, these 5000: give the same\n"
