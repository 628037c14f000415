"""An event loop in a thread of its own, for tests that have none."""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from hw_sim.errors import SimulatorError

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0

POLL_S = 0.01
"""Between two looks at what a test waits for; the face changes every 20 ms at most."""

T = TypeVar("T")


class LoopThread:
    """Runs what `make` returns, until `stop`. All methods are for other threads.

    Each of them raises SimulatorError once that has ended by itself.
    """

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        self._make = make
        self._loop: asyncio.AbstractEventLoop
        self._task: asyncio.Task[None]
        self._started: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="simulated-device", daemon=True)

    def start(self) -> None:
        """Returns when the context is entered; raises what entering it raises."""
        self._thread.start()
        self._started.result(START_TIMEOUT_S)

    def stop(self) -> None:
        """Returns when the context is left. Raises SimulatorError where it had ended before."""
        if not self._ended.done():
            with contextlib.suppress(RuntimeError):  # the loop has ended just now
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(STOP_TIMEOUT_S)
        self._check()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine on the loop."""
        try:
            self._check()
            running = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except BaseException:
            coroutine.close()
            raise
        either: tuple[concurrent.futures.Future[Any], ...] = (running, self._ended)
        done, _ = concurrent.futures.wait(either, return_when=concurrent.futures.FIRST_COMPLETED)
        if running in done and not running.cancelled():
            return running.result()
        concurrent.futures.wait((self._ended,), STOP_TIMEOUT_S)
        self._check()
        raise SimulatorError("the simulated device has been stopped")

    def call(self, function: Callable[[], T]) -> T:
        """The result of a function on the loop."""

        async def call() -> T:
            return function()

        return self.run(call())

    def until(self, condition: Callable[[], T | None], timeout_s: float) -> T:
        """Waits for the first result of `condition` that is true. Raises TimeoutError."""

        async def wait() -> T:
            async with asyncio.timeout(timeout_s):
                while not (found := condition()):  # noqa: ASYNC110  # it may look at anything
                    await asyncio.sleep(POLL_S)
                return found

        return self.run(wait())

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001  # it belongs to the thread that asks next
            self._ended.set_exception(error)
            if not self._started.done():
                self._started.set_exception(error)
        else:
            self._ended.set_result(None)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None, "asyncio.run makes one"
        self._task = task
        with contextlib.suppress(asyncio.CancelledError):
            async with self._make():
                self._started.set_result(None)
                await self._loop.create_future()

    def _check(self) -> None:
        if self._ended.done() and (error := self._ended.exception()):
            raise SimulatorError(f"the simulated device has ended: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or repr(error)
