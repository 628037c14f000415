"""A quadrature encoder: two lines that change in turn."""

from typing import Literal

from enclosure.events import Turned

States = Literal[1, 2, 4]
"""Changes of a line from one detent to the next: 4 for most encoders, 2 or 1 for some."""

_CYCLE = (0b00, 0b10, 0b11, 0b01)
_STEPS = {(_CYCLE[index], _CYCLE[(index + step) % 4]): step for index in range(4) for step in (1, -1)}
"""Legal changes of (a, b): up is where `a` leads, as in gpiozero. A change of both lines has no direction."""


class Encoder:
    """Counts detents. Lines may bounce: each bounce is a step and the same step back.

    They must not be debounced: at 3 ms a step, the kernel's debouncing of 1 ms loses half of the detents.
    """

    def __init__(self, *, states: States = 4, reverse: bool = False) -> None:
        self._states = states
        self._sign = -1 if reverse else 1
        self._lines = 0b00
        self._sum = 0

    def reset(self, a: bool, b: bool) -> None:
        """Starts over at the levels of both lines, True where they are active."""
        self._lines = a << 1 | b
        self._sum = 0

    def edge(self, line: Literal["a", "b"], active: bool) -> list[Turned]:
        """Handles an edge of one line, in order; returns the detent that it completes, if any."""
        bit = 0b10 if line == "a" else 0b01
        before = self._lines
        self._lines = before | bit if active else before & ~bit
        self._sum += _STEPS.get((before, self._lines), 0)
        if not self._at_detent:
            return []
        # A detent may have begun before `reset`, one step ago; what was turned back adds up to 0.
        turned = abs(self._sum) >= max(1, self._states - 1)
        direction = self._sign if self._sum > 0 else -self._sign
        self._sum = 0
        return [Turned(direction)] if turned else []

    @property
    def _at_detent(self) -> bool:
        """Whether the encoder can rest here: both lines inactive, or as well both active, or anywhere."""
        return self._states == 1 or self._lines == 0b00 or (self._states == 2 and self._lines == 0b11)
