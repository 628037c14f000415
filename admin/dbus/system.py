"""A connection to the system bus, and one kind of error for all that can go wrong on it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Self

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from admin.errors import HostError

CALL_TIMEOUT_S = 25.0
"""As long as D-Bus libraries wait for an answer by default."""

_DAEMON = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class SystemBus:
    """Use as an async context manager; entering raises HostError."""

    def __init__(self, address: str | None) -> None:
        """`address` of a bus other than the system's own, as in DBUS_SYSTEM_BUS_ADDRESS."""
        self._address = address

    async def __aenter__(self) -> Self:
        try:
            self._bus = MessageBus(bus_address=self._address, bus_type=BusType.SYSTEM)
            await self._bus.connect()
        except (OSError, AuthError, InvalidAddressError) as error:
            raise HostError(f"no D-Bus: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()

    async def lost(self) -> None:
        """Waits until the bus is gone, and raises HostError."""
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast forgot it
        raise HostError("D-Bus has closed the connection")

    async def call(
        self, service: str, path: str, interface: str, member: str, signature: str = "", *body: object
    ) -> list[Any]:
        """Calls a method; returns what it returns. Raises HostError."""
        request = Message(service, path, interface, member, signature=signature, body=list(body))
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                reply = await self._bus.call(request)
        except (DBusError, EOFError) as error:
            raise HostError(f"{member}: {error}") from error
        except TimeoutError as error:
            raise HostError(f"{member}: {service} does not answer") from error
        if reply is None or reply.message_type is MessageType.ERROR:
            raise HostError(f"{member}: {reply.body[0] if reply and reply.body else 'failed'}")
        return list(reply.body)

    async def property(self, service: str, path: str, interface: str, name: str) -> Any:
        """The value of a property. Raises HostError."""
        [value] = await self.call(service, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name)
        return value.value if isinstance(value, Variant) else value

    @contextlib.asynccontextmanager
    async def signals(self, service: str, interface: str, member: str) -> AsyncIterator[asyncio.Queue[list[Any]]]:
        """The bodies of a service's signals while the context is entered. Raises HostError."""
        found: asyncio.Queue[list[Any]] = asyncio.Queue()

        def take(message: Message) -> None:
            if (message.message_type, message.interface, message.member) == (
                MessageType.SIGNAL,
                interface,
                member,
            ):
                found.put_nowait(list(message.body))

        rule = f"type='signal',sender='{service}',interface='{interface}',member='{member}'"
        await self.call(*_DAEMON, "AddMatch", "s", rule)
        self._bus.add_message_handler(take)
        try:
            yield found
        finally:
            self._bus.remove_message_handler(take)
            await self.call(*_DAEMON, "RemoveMatch", "s", rule)
