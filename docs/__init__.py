"""Documentation, and the command that takes its pictures."""
