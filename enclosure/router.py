"""Hands what people and devices do to the handlers, and what those report of it to the bus."""

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

Take = Callable[[Event], bool]
"""Acts on an event without waiting; returns whether the event is done with."""


class Tell(Protocol):
    """Reports something to the bus, without waiting."""

    def __call__(self, message: Message, on_lost: Callable[[], None] = ...) -> None:
        """Queues a message; `on_lost` is called if the bus cannot be reached within FRESH_S."""


def _ignore() -> None:
    pass


class Router:
    """Events go to the first handler that takes them, at once, with or without a bus; reports follow in order.

    `run` has to be running, as a task, for reports to be sent.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._takers: tuple[Take, ...] = ()
        self._reports: asyncio.Queue[tuple[float, Message, Callable[[], None]]] = asyncio.Queue()

    def connect(self, *takers: Take) -> None:
        """Sets who gets the events, the first one first; without any, events are dropped."""
        self._takers = takers

    def take(self, event: Event) -> None:
        """Hands an event on. Never waits."""
        any(take(event) for take in self._takers)

    def tell(self, message: Message, on_lost: Callable[[], None] = _ignore) -> None:
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
