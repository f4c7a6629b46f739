"""What the benchmark makes of the delays that it took."""

from bench.latency import summary


def test_a_windows_delays_become_its_figures():
    steady = [(second / 10, 5.0) for second in range(1800)]
    pauses = [(30.0, 100.0), (90.0, 300.0), (150.0, 200.0)]
    found = summary([*steady, *pauses], exact=True)
    assert (found.p50, found.p99, found.pause, found.worst) == (5.0, 5.0, 200.0, 300.0)
    assert (found.updates, found.exact) == (1803, True)
