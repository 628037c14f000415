"""What every daemon does the same way: signals, systemd's protocol, errors in one line, an orderly stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

from bus.daemon import log
from bus.errors import BusError, BusUnavailableError, ConfigError, Exit

_FIRST_FD = 3
"""The first file descriptor that systemd passes on."""

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

STEP_LIMIT_S = 60.0
"""How long one step may take until the watchdog bites. A message may wait 10 s for the bus with each answer."""

_LOGGER = logging.getLogger(__name__)

_steps: dict[object, float] = {}
"""When each step that the watchdog guards has begun."""

T = TypeVar("T")


def run(main: Callable[[], Coroutine[Any, Any, int | None]], *, level: int = logging.INFO) -> int:
    """Runs a program until it ends by itself or SIGTERM or SIGINT stops it; returns its exit code.

    A stop cancels `main`, whose context managers then close in reverse order. Errors that the user can mend end in
    one line, also inside a task group; all others are a crash with a traceback, and systemd restarts the daemon.
    """
    log.start(level)
    try:
        return asyncio.run(_until_stopped(main)) or Exit.DONE
    except Exception as error:
        causes = list(_leaves(error))
        if all(isinstance(cause, BusError | OSError) for cause in causes):
            return _report(causes[0])
        _LOGGER.critical("crashed", exc_info=error)  # not by the interpreter: the journal is to see the priority
        return Exit.FAILED


def watched(step: Callable[[T], Awaitable[None]]) -> Callable[[T], Awaitable[None]]:
    """The same step, such as the handling of a message, guarded by the watchdog: it may take STEP_LIMIT_S."""

    async def guarded(argument: T) -> None:
        this = object()
        _steps[this] = asyncio.get_running_loop().time()
        try:
            await step(argument)
        finally:
            del _steps[this]

    return guarded


def notify(state: str) -> None:
    """Sends systemd, where it listens, a state such as "READY=1" or "STOPPING=1" (sd_notify(3)).

    Does nothing where it has stopped listening.
    """
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.sendto(state.encode(), address)


def inherited_sockets() -> list[socket.socket]:
    """The listening sockets that systemd passes on, and keeps open while we restart (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    found = [socket.socket(fileno=_FIRST_FD + number) for number in range(int(os.environ.get("LISTEN_FDS", "0")))]
    for inherited in found:
        inherited.set_inheritable(False)
    return found


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors of a group, and of the groups in it; a plain error is its own."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _report(error: BaseException) -> Exit:
    """Prints an error in one line; returns the exit code for it."""
    if isinstance(error, BrokenPipeError):  # the reader of our output has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    log.complain(str(error))
    match error:
        case ConfigError():
            return Exit.USAGE
        case BusUnavailableError():
            return Exit.NO_BUS
        case _:
            return Exit.FAILED


async def _until_stopped(main: Callable[[], Coroutine[Any, Any, int | None]]) -> int | None:
    task = asyncio.ensure_future(main())
    loop = asyncio.get_running_loop()
    if microseconds := os.environ.get("WATCHDOG_USEC"):
        _feed_watchdog(loop, int(microseconds) / 2e6)  # twice as often as needed (sd_watchdog_enabled(3))
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, _stop, loop, task, number)
    with contextlib.suppress(asyncio.CancelledError):
        return await task
    return Exit.DONE


def _feed_watchdog(loop: asyncio.AbstractEventLoop, interval_s: float) -> None:
    """Reports to systemd, now and every `interval_s`, that the event loop turns and no guarded step hangs."""
    if all(began > loop.time() - STEP_LIMIT_S for began in _steps.values()):
        notify("WATCHDOG=1")
    else:
        _LOGGER.error("a message has been handled for more than %g s; left to the watchdog", STEP_LIMIT_S)
    loop.call_later(interval_s, _feed_watchdog, loop, interval_s)


def _stop(loop: asyncio.AbstractEventLoop, task: asyncio.Future[Any], number: signal.Signals) -> None:
    """Cancels the program. Later signals are ignored: they would interrupt what it closes."""
    for stop in _STOP_SIGNALS:
        loop.remove_signal_handler(stop)
        signal.signal(stop, signal.SIG_IGN)
    _LOGGER.info("stopping on %s", number.name)
    notify("STOPPING=1")
    task.cancel()
