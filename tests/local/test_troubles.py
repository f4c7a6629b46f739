"""What waits for ever is named after a minute, and given up after five in which nothing moves."""

import pytest

from local.troubles import HOPELESS_SECONDS, NAMED_SECONDS, Troubles

FIGURES = {"main": 10, "voting": 5, "spark-streaming": 0}


def line(text, level="INFO"):
    return f"12:00:00 spark-streaming {level:<7} {text}"


def watch(seconds, said, figures=lambda _: FIGURES):
    """What is named at the end, and whether it is hopeless, after a look a second."""
    troubles = Troubles(0.0)
    for now in range(seconds + 1):
        troubles.look(float(now), {"spark-streaming": said(now)}, figures(now))
    return troubles.lasting(float(seconds)), troubles.hopeless(float(seconds))


def restarts(now):
    """Fails every ten seconds, with another number each time, and starts again in between."""
    return line("starting Spark") if now % 10 < 7 else line(f"starting again: task {now} failed", "WARNING")


@pytest.mark.parametrize("said", [lambda _: line("waiting for Kafka: refused"), restarts])
def test_the_same_trouble_is_named_after_a_minute_and_hopeless_after_five(said):
    assert watch(NAMED_SECONDS - 2, said) == ([], False)
    named, hopeless = watch(NAMED_SECONDS + 15, said)
    assert len(named) == 1
    assert "spark-streaming has said the same for" in named[0]
    assert not hopeless
    assert watch(HOPELESS_SECONDS + 15, said)[1]


def test_who_gets_on_is_in_no_trouble():
    grows = watch(400, lambda _: line("late", "WARNING"), lambda now: {**FIGURES, "spark-streaming": now})
    assert grows == ([], False)
    assert watch(400, lambda _: line("counting in real time")) == ([], False)


def test_a_wait_while_another_gets_on_is_not_hopeless():
    named, hopeless = watch(400, lambda _: line("waiting for votes"), lambda now: {**FIGURES, "main": now})
    assert named
    assert not hopeless


def test_what_is_over_is_forgotten():
    assert watch(200, lambda now: line("waiting for Kafka") if now < 100 else line("counting")) == ([], False)
