"""Backup and restore, done once from end to end, with its times: `python -m tests.drill`."""
