"""Decides whether a request may start now: rates and exclusion. Pure; the caller provides the clock."""

from collections.abc import Callable
from dataclasses import dataclass

from admin.action import Action
from bus.daemon.token_bucket import TokenBucket


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

MAX_BUCKETS = 1000
"""Rates that are remembered: one user of Linux can have 65,536 numbers (subuid(5))."""


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """The reason why a request may not start."""

    reason: str
    quiet: bool = False
    """Whether the previous request was refused for the same reason: this one is neither answered nor logged."""


class Policy:
    """The actions under way and the rates of each user. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._stopped = False
        self._under_way: list[Action] = []
        self._buckets: dict[tuple[str, int | None], TokenBucket] = {}

    def over_rate(self, action: Action, uid: int | None) -> RefusedRequest | None:
        """Counts a request; returns a refusal if it exceeds the rate of its user."""
        key = (action.request.name, uid)
        rate = CHANGES if action.occupies else QUESTIONS
        bucket = self._buckets.pop(key, None) or TokenBucket(1 / rate.interval_s, rate.burst)
        if len(self._buckets) >= MAX_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[key] = bucket  # the last one, so that the first has been unused for the longest time
        quiet = bucket.refused > 0
        if bucket.spend(self._clock()):
            return None
        return RefusedRequest("too many requests; try again later", quiet)

    def start(self, action: Action) -> RefusedRequest | None:
        """Marks an action as under way until `end`; returns a refusal instead if another one excludes it."""
        if self._stopped:
            return RefusedRequest("the admin service is stopping")
        for other in self._under_way:
            if other.occupies & (action.occupies | action.reads) and other.request not in action.cancels:
                return RefusedRequest(f"{other.request.name} is under way")
        self._under_way.append(action)
        return None

    def stop(self) -> None:
        """Refuses all further requests."""
        self._stopped = True

    def end(self, action: Action) -> None:
        """Marks an action as ended."""
        self._under_way.remove(action)
