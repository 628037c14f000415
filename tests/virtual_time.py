"""An event loop whose clock jumps to the next timer: a test that waits takes no real time."""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any

LOOK_S = 0.0001
"""Real time for bytes under way before time jumps: a pseudo terminal hands them on in the background."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time stands still while there is something to do, and jumps when everything waits for it.

    What runs outside of the loop (threads) is waited for in real time, while the virtual time stands still.
    """

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self))
        self.now = 0.0
        self.outside = 0
        """Calls that run in threads."""

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # of any function
        future = super().run_in_executor(executor, func, *args)
        self.outside += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _: "asyncio.Future[Any]") -> None:
        self.outside -= 1


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or self._loop.outside:
            return super().select(None if timeout is None or timeout > 0 else 0)
        ready = super().select(0)
        if not ready and timeout > 0:
            time.sleep(LOOK_S)
            ready = super().select(0)
            if not ready:
                self._loop.now += timeout
        return ready
