"""Shares the time of the event loop between clients that have more to do than fits into one turn of it."""

import asyncio
from collections import deque
from collections.abc import Callable

TURN_S = 0.005
"""Time of each turn of the event loop for clients that wait here, and once more for clients that do not."""

STEP_S = 0.001
"""Time after which a client leaves the rest of what it has sent for its next turn."""


class Turns:
    """Steps that wait for their turn, in order; short ones first. A step that has more to do adds itself again."""

    def __init__(self) -> None:
        self._short: deque[Callable[[], None]] = deque()
        self._others: deque[Callable[[], None]] = deque()
        self._is_coming = False
        self.is_over = False
        """Whether this turn of the loop has shown to have no time left."""
        self._end: float | None = None
        """When this turn of the loop has no time left; None until something asks."""

    def has_time(self) -> bool:
        """Whether this turn of the loop has time for one more client that has not waited yet."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._end is None:
            self._end = now + TURN_S
            loop.call_soon(self._begin)
        self.is_over = now >= self._end
        return not self.is_over

    def add(self, step: Callable[[], None], *, short: bool = False) -> None:
        """Calls a step in one of the next turns of the loop; it should take STEP_S, a short one much less."""
        (self._short if short else self._others).append(step)
        self._come()

    def _begin(self) -> None:
        self._end = None
        self.is_over = False

    def _come(self) -> None:
        if (self._short or self._others) and not self._is_coming:
            self._is_coming = True
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + TURN_S
        try:
            while self._short and loop.time() < end:
                self._short.popleft()()
            while self._others:  # once in any case
                self._others.popleft()()
                if loop.time() >= end:
                    break
        finally:
            self._is_coming = False
            self._come()
