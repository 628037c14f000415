"""Decides whether a request may start now: rates and exclusion. Pure; the caller provides the clock."""

from collections.abc import Callable
from dataclasses import dataclass

from admin.actions import Action


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one user may request one action."""

    burst: int
    """Requests at once, after a pause."""
    interval_s: float
    """Seconds per request after the burst."""


CHANGES = Rate(5, 10.0)
"""For changes: a user presses again when nothing happens; mycroft-core sets the clock twice at its start."""

QUESTIONS = Rate(20, 0.1)
"""For questions: a settings page asks about once a second."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why a request may not start."""

    reason: str
    quiet: bool = False
    """Whether the previous request was refused for the same reason: this one is neither answered nor logged."""


class Policy:
    """The actions under way and the rates of each user. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._under_way: list[Action] = []
        self._buckets: dict[tuple[str, int | None], _TokenBucket] = {}

    def over_rate(self, action: Action, uid: int | None) -> Refusal | None:
        """Counts a request; returns a refusal if it exceeds the rate of its user."""
        key = (action.request.name, uid)
        if key not in self._buckets:
            self._buckets[key] = _TokenBucket(CHANGES if action.occupies else QUESTIONS, self._clock())
        bucket = self._buckets[key]
        quiet = bucket.empty
        if bucket.take(self._clock()):
            return None
        return Refusal("too many requests; try again later", quiet)

    def start(self, action: Action) -> Refusal | None:
        """Marks an action as under way until `end`; returns a refusal instead if another one excludes it."""
        for other in self._under_way:
            if other.occupies & action.occupies and other.request not in action.cancels:
                return Refusal(f"{other.request.name} is under way")
        self._under_way.append(action)
        return None

    def end(self, action: Action) -> None:
        """Marks an action as ended."""
        self._under_way.remove(action)


class _TokenBucket:
    """Holds up to `rate.burst` tokens and gains one each `rate.interval_s`."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.empty = False
        """Whether the last attempt to take a token failed."""
        self._rate = rate
        self._tokens = float(rate.burst)
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Takes a token; returns whether there was one."""
        gained = (now - self._filled_at) / self._rate.interval_s
        self._tokens = min(self._tokens + gained, self._rate.burst)
        self._filled_at = now
        self.empty = self._tokens < 1
        if not self.empty:
            self._tokens -= 1
        return not self.empty
