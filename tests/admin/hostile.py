"""A service of the host, on a private D-Bus, that the test makes misbehave."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

Answer = Callable[[Message], Message | None]
"""The reply to a method call; None for none at all."""


class Program:
    """A connection to the D-Bus at an address; with `name` and `answer` it is a service."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.answer: Answer = lambda _: None
        self.calls: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._bus = MessageBus(bus_address=self._address, bus_type=BusType.SYSTEM)
        await self._bus.connect()
        self._bus.add_message_handler(self._receive)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()

    async def own(self, name: str) -> None:
        await self._bus.request_name(name)

    async def disown(self, name: str) -> None:
        await self._bus.release_name(name)

    async def signal(
        self, path: str, interface: str, member: str, signature: str, *body: Any, to: str | None
    ) -> None:
        message = Message.new_signal(path, interface, member, signature, list(body))
        message.destination = to
        await self._bus.send(message)

    def _receive(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        self.calls.put_nowait(message)
        return self.answer(message) or True
