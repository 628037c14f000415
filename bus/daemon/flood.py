"""Keeps a flood out of the log. Pure."""

import logging

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
        self._buckets: dict[tuple[str, int], _Bucket] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is kept."""
        if record.levelno < logging.INFO:
            return True
        bucket = self._buckets.setdefault((record.pathname, record.lineno), _Bucket(record.created))
        if not bucket.take(record.created):
            return False
        if bucket.left_out:
            record.msg, record.args = f"{record.getMessage()} ({bucket.left_out} more were left out)", None
            bucket.left_out = 0
        return True


class _Bucket:
    def __init__(self, now: float) -> None:
        self.left_out = 0
        self._tokens = float(BURST)
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Takes a token; counts where there is none. The clock may be set back."""
        self._tokens = min(self._tokens + max(now - self._filled_at, 0) / INTERVAL_S, BURST)
        self._filled_at = now
        if self._tokens < 1:
            self.left_out += 1
            return False
        self._tokens -= 1
        return True
