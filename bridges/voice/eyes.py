"""The eyes outside of a conversation: a timer, or the light that Home Assistant has set. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bridges.effects import EFFECTS, OPEN
from bus.contract import ours as topics
from bus.message import Message

LEVELS = 30
"""Maximum brightness of the eyes."""

PIXELS = 24

MAX_TIMERS = 16
MAX_ID = 100
"""Maximum number of characters of a timer's id."""

LATE_S = 5.0
"""How long the eyes wait for a timer to ring whose time is over. It may have been paused, or cancelled."""

STEP_S = 1.0
"""The shortest time between two steps of a countdown."""


@dataclass(frozen=True, slots=True)
class _Timer:
    total_s: float
    ends_at: float


class RestingEyes:
    """A ringing timer comes first, then the countdown of the timer that ends next, then the light."""

    def __init__(self) -> None:
        self._light: Message | None = None
        """Message that lights the eyes; None until Home Assistant has set the light."""
        self._timers: dict[str, _Timer] = {}
        self._rings_until = -math.inf
        self._shown: Message | None = None

    # What there is to show.

    def light(self, *, on: bool, brightness: float, color: Mapping[str, float], effect: str) -> list[Message]:
        """Sets the light, each value from 0 to 1; returns the messages that set brightness and colour now."""
        self._shown = None
        if not on:
            self._light = Message(topics.EYES_OFF.name)
            return []
        # A row of LEDs shows a light for EYES_ON alone, and nothing for the reset that "open" is elsewhere.
        topic, data = EFFECTS[effect] if effect in EFFECTS and effect != OPEN else (topics.EYES_ON, {})
        self._light = Message(topic.name, {**data})
        # The level first, so that the eyes do not flash. A light that is on is never dark in Home Assistant.
        return [
            Message(topics.EYES_LEVEL.name, {"level": max(1, round(LEVELS * brightness))}),
            Message(topics.EYES_COLOR.name, {name: round(255 * part) for name, part in color.items()}),
        ]

    def count_down(self, timer: str, total_s: float, left_s: float, now: float) -> None:
        """Adds a timer that runs. With a `total_s` of 0, changes the time of a known one."""
        known = self._timers.get(timer[:MAX_ID])
        total_s = max(total_s or (known.total_s if known else 0), left_s, 1)
        if known or len(self._timers) < MAX_TIMERS:
            self._timers[timer[:MAX_ID]] = _Timer(total_s, now + left_s)

    def cancel(self, timer: str) -> None:
        """Removes a timer."""
        self._timers.pop(timer[:MAX_ID], None)

    def cancel_all(self) -> None:
        """Removes all timers: one has ended, and the satellite does not report which."""
        self._timers.clear()

    def ring(self, timer: str, until: float) -> None:
        """Shows a ringing timer until this time at the latest."""
        self.cancel(timer)
        self._rings_until = until

    def stop_ringing(self) -> None:
        """Ends the ringing of all timers."""
        self._rings_until = -math.inf

    def rings(self, now: float) -> bool:
        """Whether a timer rings."""
        return now < self._rings_until

    # What is shown.

    def forget_shown(self) -> None:
        """Forgets what the eyes show, as after a conversation."""
        self._shown = None

    def messages(self, now: float, *, at_rest: bool) -> list[Message]:
        """Messages to send; none during a conversation, which has the eyes."""
        self._timers = {name: timer for name, timer in self._timers.items() if timer.ends_at + LATE_S > now}
        wanted = self._wanted(now) if at_rest else None
        if wanted == self._shown:
            return []
        self._shown = wanted
        return [wanted or Message(topics.EYES_RESET.name)]

    def next_at(self, now: float) -> float:
        """When `messages` may have something new, by the passing of time alone."""
        if self.rings(now):
            return self._rings_until
        if not self._timers:
            return math.inf
        timer = self._first
        last_pixel = _last_pixel(timer, now)
        changes_at = timer.ends_at - (last_pixel - 0.5) * timer.total_s / (PIXELS - 1)
        return max(changes_at if last_pixel else timer.ends_at + LATE_S, now + STEP_S)

    @property
    def _first(self) -> _Timer:
        return min(self._timers.values(), key=lambda timer: timer.ends_at)

    def _wanted(self, now: float) -> Message | None:
        if self.rings(now):
            return Message(topics.EYES_SPIN.name)
        if self._timers:
            percentage = 100 * _last_pixel(self._first, now) / (PIXELS - 1)
            return Message(topics.EYES_FILL.name, {"percentage": round(percentage, 1)})
        return self._light


def _last_pixel(timer: _Timer, now: float) -> int:
    """The last pixel that is lit, as the enclosure rounds it."""
    left = max(0.0, timer.ends_at - now) / timer.total_s
    return round((PIXELS - 1) * left)
