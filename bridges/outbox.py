"""Messages of a bridge on their way to the bus."""

import asyncio
import logging

from bus.client.client import BusClient
from bus.errors import BusUnavailableError
from bus.message import Message

FRESH_S = 1.0
"""How long a message may wait for the bus; after that its sender has seen that nothing happens."""

MAX_WAITING = 100

_LOGGER = logging.getLogger(__name__)


class Outbox:
    """The queue of messages that one task sends, for callers that cannot wait."""

    def __init__(self, bus: BusClient) -> None:
        self._bus = bus
        self._waiting: asyncio.Queue[tuple[float, Message]] = asyncio.Queue(MAX_WAITING)
        """Messages, each with the time until which it may be sent."""

    def put(self, message: Message) -> None:
        """Adds a message; drops it, with a warning, while too many wait."""
        try:
            self._waiting.put_nowait((asyncio.get_running_loop().time() + FRESH_S, message))
        except asyncio.QueueFull:
            _LOGGER.warning("%s is dropped: the bus is too slow", message.msg_type)

    async def run(self) -> None:
        """Sends until cancelled; drops, with a warning, what has waited for too long."""
        while True:
            deadline_s, message = await self._waiting.get()
            try:
                await self._bus.emit(message, max(0.0, deadline_s - asyncio.get_running_loop().time()))
            except BusUnavailableError as error:
                _LOGGER.warning("%s", error)
