"""Benchmarks: each figure beside its rivals in the same run, on real servers."""
