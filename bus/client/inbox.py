"""What waits for a slow receiver, bounded in number and size."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bus.client.websocket import WebSocket
from bus.message import Message

MAX_MESSAGES = 1000
MAX_SIZE = 8_000_000
"""Characters of all frames that wait, but for one; more wait in the socket, and then in the bus."""


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message, the length of its frame, and the connection that it came over."""

    message: Message
    size: int
    socket: WebSocket


class Inbox:
    """The queue between the task that reads and the task that handles."""

    def __init__(self) -> None:
        self._waiting: deque[QueuedMessage] = deque()
        self._size = 0
        self._changed = asyncio.Event()

    async def put(self, received: QueuedMessage, is_open: Callable[[], bool]) -> None:
        """Adds a message, and waits for room first; drops it when its connection is not open any more by then.

        A task that waits here does not see the end of the connection: call `wake` when it is seen elsewhere.
        """
        while len(self._waiting) >= MAX_MESSAGES or self._size >= MAX_SIZE:
            if not is_open():
                return
            await self._change()
        self._waiting.append(received)
        self._size += received.size
        self.wake()

    async def get(self) -> QueuedMessage:
        """Takes the oldest message, and waits for one."""
        while not self._waiting:
            await self._change()
        received = self._waiting.popleft()
        self._size -= received.size
        self.wake()
        return received

    def wake(self) -> None:
        """Has a waiting `put` look again."""
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
