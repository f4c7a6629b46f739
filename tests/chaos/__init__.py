"""Elections with a known answer, while things are killed, stopped, wiped and repeated at moments drawn from a seed.

    python -m tests.chaos --rounds 30 --seed 1

Every round prints its seed; `--rounds 1 --seed SEED` draws the same election and the same faults again.
"""
