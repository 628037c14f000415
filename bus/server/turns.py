"""Shares the time of the event loop between clients that have more to do than fits into one turn of it."""

import asyncio
from collections import deque
from collections.abc import Callable

TURN_S = 0.005
"""Time of each turn of the event loop for what waits here; all other clients wait as long."""


class Turns:
    """Steps that wait for their turn, in order. A step that has more to do adds itself again."""

    def __init__(self) -> None:
        self._steps: deque[Callable[[], None]] = deque()

    def __bool__(self) -> bool:
        """Whether a step waits."""
        return bool(self._steps)

    def add(self, step: Callable[[], None]) -> None:
        """Calls a step in one of the next turns of the loop; it should take about a millisecond."""
        self._steps.append(step)
        if len(self._steps) == 1:
            asyncio.get_running_loop().call_soon(self._run)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + TURN_S
        try:
            while True:
                self._steps[0]()
                self._steps.popleft()
                if not self._steps or loop.time() >= end:
                    break
        except BaseException:
            self._steps.popleft()
            raise
        finally:
            if self._steps:
                loop.call_soon(self._run)
