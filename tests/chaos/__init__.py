"""Elections with a known answer, while things are killed, stopped, wiped and repeated at moments drawn from a seed."""
