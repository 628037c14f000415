"""An event loop whose clock jumps to the next timer, so that a test that waits takes no real time.

It is honest for what happens inside of this process: files, pseudo terminals, sockets, and calls in threads, which
are waited for in real time. It knows nothing of other processes, and refuses to start one.
"""

import asyncio
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any, NoReturn

IN_FLIGHT_S = 0.0001
"""Real time that the kernel gets to deliver what was written to a TCP socket, before the clock jumps."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time stands still while there is something to do, and jumps when everything waits for a timer."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector(self))
        self.now = 0.0
        self.in_threads = 0
        """Calls that run in threads; time stands still meanwhile."""

    def time(self) -> float:
        """Seconds of virtual time since the loop was made."""
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # of any function
        future = super().run_in_executor(executor, func, *args)
        self.in_threads += 1
        future.add_done_callback(self._thread_returned)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's own
        """Waits for the threads to end, without the timeout of Python 3.12 and later: time would jump to it."""
        await super().shutdown_default_executor()

    def _thread_returned(self, _: "asyncio.Future[Any]") -> None:
        self.in_threads -= 1

    async def subprocess_exec(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("another process takes real time: mark the test real_time")

    subprocess_shell = subprocess_exec


class _JumpingSelector(selectors.PollSelector):
    """poll and not epoll: it waits for the kernel's worker that hands on what was written to a pseudo terminal."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop
        self._over_ip: set[int] = set()
        """Descriptors of sockets of the network."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        if _is_over_ip(key.fd):
            self._over_ip.add(key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self._over_ip.discard(key.fd)
        return key

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or self._loop.in_threads:
            return super().select(None if timeout is None or timeout > 0 else 0)
        ready = super().select(0)
        if not ready and timeout > 0 and self._over_ip:
            time.sleep(IN_FLIGHT_S)
            ready = super().select(0)
        if not ready:
            self._loop.now += timeout
        return ready


def _is_over_ip(descriptor: int) -> bool:
    try:
        found = socket.socket(fileno=descriptor)
    except OSError:
        return False  # no socket
    family = found.family
    found.detach()  # it is the caller's
    return family in (socket.AF_INET, socket.AF_INET6)
