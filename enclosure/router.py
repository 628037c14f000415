"""Hands events to the handlers, and their reports to the bus."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from bus.client.dispatch import Emit
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.events import Event

FRESH_S = 1.0
"""How long a report may wait for the bus. After that the user no longer wants what it asks for: the device would
start to listen long after the press."""

_LOGGER = logging.getLogger(__name__)

Handle = Callable[[Event], bool]
"""Acts on an event without waiting; returns whether no other handler gets it."""


class Report(Protocol):
    """Reports to the bus, without waiting."""

    def __call__(self, message: Message, on_lost: Callable[[], None] = ...) -> None:
        """Queues a message; `on_lost` is called if the bus cannot be reached within FRESH_S."""


def _ignore() -> None:
    pass


class Router:
    """An event goes at once to the first handler that handles it, with or without a bus; reports follow in order.

    `run` has to be running, as a task, for reports to be sent.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._handlers: tuple[Handle, ...] = ()
        self._reports: asyncio.Queue[tuple[float, Message, Callable[[], None]]] = asyncio.Queue()

    def connect(self, *handlers: Handle) -> None:
        """Sets who gets the events, the first one first; without any, events are dropped."""
        self._handlers = handlers

    def handle(self, event: Event) -> None:
        """Hands an event on. Never waits."""
        any(handle(event) for handle in self._handlers)

    def report(self, message: Message, on_lost: Callable[[], None] = _ignore) -> None:
        """Queues a message; `on_lost` is called if the bus cannot be reached within FRESH_S."""
        self._reports.put_nowait((asyncio.get_running_loop().time() + FRESH_S, message, on_lost))

    async def run(self) -> None:
        """Sends reports until cancelled; drops those that are too old, with one warning for each outage."""
        reached = True
        while True:
            deadline, message, on_lost = await self._reports.get()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._emit(message)
                reached = True
            except (TimeoutError, BusUnavailableError):
                _LOGGER.log(logging.WARNING if reached else logging.DEBUG, "no bus for %s", message.msg_type)
                reached = False
                on_lost()
