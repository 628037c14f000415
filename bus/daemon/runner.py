"""What every daemon does the same way: logging, signals, telling systemd, an orderly stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from bus.errors import BusError, BusUnavailableError, Exit

LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_FIRST_FD = 3
"""Of those that systemd passes on."""

_LOGGER = logging.getLogger(__name__)


def run(main: Callable[[], Coroutine[Any, Any, int | None]], *, level: str = "INFO") -> int:
    """Runs a program until it ends by itself or SIGTERM or SIGINT asks it to; returns its exit code.

    A stop cancels `main`, whose context managers then close in reverse order. Errors that a person can do
    something about end in one line; all others are a crash with a traceback, and systemd starts us again.
    """
    logging.basicConfig(level=level, format=LOG_FORMAT, stream=sys.stderr)
    logging.getLogger("websockets").setLevel(logging.WARNING)  # it reports every connection
    try:
        return asyncio.run(_until_stopped(main)) or Exit.DONE
    except BrokenPipeError:  # whoever reads our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except BusUnavailableError as error:
        print(error, file=sys.stderr)
        return Exit.NO_BUS
    except (BusError, OSError) as error:
        print(error, file=sys.stderr)
        return Exit.FAILED


def notify(state: str) -> None:
    """Tells systemd, where it listens: "READY=1", "STOPPING=1", ... (sd_notify(3)).

    Where it does not any more, we go on and stop as before.
    """
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.sendto(state.encode(), address)


def inherited_sockets() -> list[socket.socket]:
    """The listening sockets that systemd holds for us, and keeps open while we restart (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    found = [socket.socket(fileno=_FIRST_FD + number) for number in range(int(os.environ.get("LISTEN_FDS", "0")))]
    for inherited in found:
        inherited.set_inheritable(False)
    return found


async def _until_stopped(main: Callable[[], Coroutine[Any, Any, int | None]]) -> int | None:
    task = asyncio.ensure_future(main())
    loop = asyncio.get_running_loop()
    if microseconds := os.environ.get("WATCHDOG_USEC"):
        _feed_watchdog(loop, int(microseconds) / 2e6)  # twice as often as needed (sd_watchdog_enabled(3))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, task, number)
    with contextlib.suppress(asyncio.CancelledError):
        return await task
    return Exit.DONE


def _feed_watchdog(loop: asyncio.AbstractEventLoop, interval_s: float) -> None:
    """Tells systemd that the event loop still turns, again and again."""
    notify("WATCHDOG=1")
    loop.call_later(interval_s, _feed_watchdog, loop, interval_s)


def _stop(task: asyncio.Future[Any], number: signal.Signals) -> None:
    _LOGGER.info("stopping on %s", number.name)
    notify("STOPPING=1")
    task.cancel()
