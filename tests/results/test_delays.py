"""The delays of the last minute."""

from __future__ import annotations

from statistics import median

from election.results.delays import KEPT_SECONDS, SAMPLE, Delays

NOW = 1_000_000.0


def test_a_minute_of_many_votes_is_kept_to_its_first_second() -> None:
    delays, each = Delays(), 20 * SAMPLE
    for second in range(3 * KEPT_SECONDS):
        for number in range(each):
            delays.add(NOW + second + number / each, number / each)
    kept = delays.since(0)
    seconds = [int(at - NOW) for at, _ in kept]
    assert min(seconds) <= 2 * KEPT_SECONDS
    assert max(seconds) == 3 * KEPT_SECONDS - 1
    assert len(kept) <= (KEPT_SECONDS + 1) * SAMPLE
    assert abs(median(delay for _, delay in kept) - 0.5) < 0.02


def test_few_votes_are_all_kept() -> None:
    delays = Delays()
    for number in range(SAMPLE):
        delays.add(NOW, float(number))
    assert [delay for _, delay in delays.since(NOW)] == list(range(SAMPLE))
    assert delays.since(NOW + 1) == ()


def test_a_clock_that_is_put_back_leaves_no_delays_of_the_future() -> None:
    delays = Delays()
    delays.add(NOW + 3600, 1.0)
    delays.add(NOW, 2.0)
    assert delays.since(0) == ((NOW, 2.0),)
