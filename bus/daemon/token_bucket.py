"""Limits a rate. Pure; the caller provides the time."""


class TokenBucket:
    """Tokens come at a rate per second, and are kept up to a burst; the bucket is full at first."""

    def __init__(self, rate: float, burst: float) -> None:
        self.refused = 0
        """How often `spend` has found no token since it last found one."""
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._counted_at = float("-inf")

    def has(self, amount: float, now: float) -> bool:
        """Whether there are so many tokens."""
        self._fill(now)
        return self._tokens >= amount

    def spend(self, now: float) -> bool:
        """Takes one token; returns whether there was one."""
        if self.has(1, now):
            self._tokens -= 1
            self.refused = 0
            return True
        self.refused += 1
        return False

    def take(self, amount: float, now: float) -> float:
        """Takes tokens, even more than there are; returns the seconds until the bucket is out of debt."""
        self._fill(now)
        self._tokens -= amount
        return max(0.0, -self._tokens / self._rate)

    def _fill(self, now: float) -> None:
        gained = max(now - self._counted_at, 0) * self._rate  # a clock of the day may be set back
        self._tokens = min(self._tokens + gained, self._burst)
        self._counted_at = now
