"""Which request may start now: rates and exclusion. Pure; the clock is handed in."""

from collections.abc import Callable
from dataclasses import dataclass

from admin.actions import Action


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a user may ask for one action."""

    burst: int
    """At once, after a pause."""
    interval_s: float
    """Until the next one after that."""


CHANGES = Rate(5, 10.0)
"""A person presses again when nothing seems to happen; mycroft-core asks for the clock twice at its start."""

QUESTIONS = Rate(20, 0.1)
"""A settings page asks every second or so."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request may not start."""

    reason: str
    quiet: bool = False
    """Whether it repeats the one before, in a flood of requests: it is neither answered nor logged."""


class Policy:
    """The actions under way, and how many more requests each user may make; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._under_way: list[Action] = []
        self._buckets: dict[tuple[str, int | None], _TokenBucket] = {}

    def over_rate(self, action: Action, uid: int | None) -> Refusal | None:
        """The refusal of a request that exceeds the rate of its user; otherwise it counts, and there is none."""
        key = (action.request.name, uid)
        if key not in self._buckets:
            self._buckets[key] = _TokenBucket(CHANGES if action.occupies else QUESTIONS, self._clock())
        bucket = self._buckets[key]
        quiet = bucket.empty
        if bucket.take(self._clock()):
            return None
        return Refusal("too many requests; try again later", quiet)

    def start(self, action: Action) -> Refusal | None:
        """The refusal of an action that another one excludes; otherwise it is under way until `end`."""
        for other in self._under_way:
            if other.occupies & action.occupies and other.request not in action.cancels:
                return Refusal(f"{other.request.name} is under way")
        self._under_way.append(action)
        return None

    def end(self, action: Action) -> None:
        """The action is not under way any more."""
        self._under_way.remove(action)


class _TokenBucket:
    def __init__(self, rate: Rate, now: float) -> None:
        self.empty = False
        """Whether the last attempt to take a token failed."""
        self._rate = rate
        self._tokens = float(rate.burst)
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Takes a token, if there is one."""
        gained = (now - self._filled_at) / self._rate.interval_s
        self._tokens = min(self._tokens + gained, self._rate.burst)
        self._filled_at = now
        self.empty = self._tokens < 1
        if not self.empty:
            self._tokens -= 1
        return not self.empty
