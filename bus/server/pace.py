"""How fast a client is read: at its own rate, and slower where others have a lot to read."""

import asyncio

from bus.daemon.token_bucket import TokenBucket
from bus.server.limits import SLOWED_BURST, SLOWED_RATE, Backlog, Outbox

LOOK_S = 0.05
"""Interval at which the bus looks whether a client that is slowed down may go on."""


class Pace:
    """How fast a client is read; `max_rate` is in messages per second."""

    def __init__(self, max_rate: float | None, backlog: Backlog) -> None:
        self.waits = False
        """Whether the client is not read at the moment."""
        self._rate = TokenBucket(max_rate, max_rate) if max_rate else None
        self._share = TokenBucket(SLOWED_RATE, SLOWED_BURST)
        self._backlog = backlog

    def delay(self, size: int, frames: int, queue: Outbox) -> float:
        """Seconds until more is read from a client that has sent so much; `queue` is what waits for it."""
        if not self._rate and not self._backlog.total:
            return 0.0
        now = asyncio.get_running_loop().time()
        delay_s = self._rate.take(frames, now) if self._rate else 0.0
        if queue.size > self._backlog.mark:  # it reads its answers first, or is closed
            return max(delay_s, LOOK_S)
        if self._backlog.is_congested(now, queue) and self._share.take(size, now):
            return max(delay_s, LOOK_S)
        return delay_s
