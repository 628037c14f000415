"""Keeps a flood out of the log. Pure."""

import logging

from bus.daemon.token_bucket import TokenBucket

BURST = 100
INTERVAL_S = 1.0
"""A statement that logs all the time has some 60 lines a minute, each of at most 2000 characters."""


class FloodFilter(logging.Filter):
    """Leaves out records of a statement that logs too often; its next record says how many.

    Each statement has a token bucket of its own, so that a flood of one hides no record of another. All records of
    the level DEBUG are kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self._buckets: dict[tuple[str, int], TokenBucket] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is kept."""
        if record.levelno < logging.INFO:
            return True
        bucket = self._buckets.setdefault((record.pathname, record.lineno), TokenBucket(1 / INTERVAL_S, BURST))
        left_out = bucket.refused
        if not bucket.spend(record.created):
            return False
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more were left out)", None
        return True
