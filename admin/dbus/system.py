"""A connection to the system bus. Every failure on it is a HostError."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Self

from dbus_fast import BusType, DBusError, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from admin.errors import HostError

CALL_TIMEOUT_S = 25.0
"""The default of the D-Bus libraries."""

PROPERTIES = "org.freedesktop.DBus.Properties"


@dataclass(frozen=True, slots=True)
class Remote:
    """One interface of one object of a service."""

    service: str
    path: str
    interface: str


NO_SERVICE = "org.freedesktop.DBus.Error.ServiceUnknown"
"""The kind of the error of a service that is not installed."""

_DRIVER = Remote("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
"""The D-Bus daemon itself; no other program can own its name."""


class SystemBus:
    """Use as an async context manager; entering raises HostError."""

    def __init__(self, address: str | None) -> None:
        """`address` of a bus other than the system's own, as in DBUS_SYSTEM_BUS_ADDRESS."""
        self._address = address

    async def __aenter__(self) -> Self:
        try:
            self._bus = _Connection(bus_address=self._address, bus_type=BusType.SYSTEM)
            await self._bus.connect()
        except (OSError, EOFError, AuthError, InvalidAddressError) as error:
            raise HostError(f"no D-Bus: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()

    async def lost(self) -> None:
        """Waits for the end of the connection, and raises HostError."""
        with contextlib.suppress(OSError, EOFError):
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast forgot it
        raise HostError("D-Bus has closed the connection")

    async def call(
        self, remote: Remote, member: str, signature: str = "", *body: object, returns: str = ""
    ) -> list[Any]:
        """Calls a method; returns values of the D-Bus signature `returns`. Raises HostError."""
        if not all(map(_is_valid, _texts(body))):
            raise HostError(f"{member}: a text has a character that D-Bus does not allow")
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                reply = await self._bus.call(_request(remote, member, signature, *body))
        except TimeoutError as error:
            raise HostError(f"{member}: {remote.service} does not answer") from error
        except (DBusError, EOFError, OSError) as error:
            raise HostError(f"{member}: {error}") from error
        if reply is None:
            raise HostError(f"{member}: no reply")
        if reply.message_type is MessageType.ERROR:
            text = str(reply.body[0]) if reply.body else reply.error_name
            raise HostError(f"{member}: {text}", reply.error_name or "")
        if reply.signature != returns:
            raise HostError(f"{member}: {remote.service} returns {reply.signature!r}, not {returns!r}")
        return list(reply.body)

    async def property(self, remote: Remote, name: str, signature: str) -> Any:
        """The value of a property, of the D-Bus type `signature`. Raises HostError."""
        properties = Remote(remote.service, remote.path, PROPERTIES)
        variant: Variant
        [variant] = await self.call(properties, "Get", "ss", remote.interface, name, returns="v")
        if variant.signature != signature:
            raise HostError(f"{name}: {remote.service} returns {variant.signature!r}, not {signature!r}")
        return variant.value

    @contextlib.asynccontextmanager
    async def signals(
        self, remote: Remote, member: str, signature: str
    ) -> AsyncIterator[asyncio.Queue[list[Any]]]:
        """The values in the signals of a service while the context is entered. Raises HostError.

        Any program can send a signal of this name, also to this connection alone. Only signals of the owner of the
        service's name count; the owner may change.
        """
        owner = ""
        found: asyncio.Queue[list[Any]] = asyncio.Queue()

        def receive(message: Message) -> None:
            nonlocal owner
            if message.message_type is not MessageType.SIGNAL:
                return
            if (message.sender, message.member) == (_DRIVER.service, "NameOwnerChanged"):
                name, _, new_owner = message.body
                owner = new_owner if name == remote.service else owner
            source = Remote(message.sender or "", message.path or "", message.interface or "")
            expected = Remote(owner, remote.path, remote.interface)
            if (source, message.member, message.signature) == (expected, member, signature):
                found.put_nowait(message.body)

        source = f"path='{remote.path}',interface='{remote.interface}',member='{member}'"
        rules = (
            f"type='signal',sender='{remote.service}',{source}",
            f"type='signal',sender='{_DRIVER.service}',member='NameOwnerChanged',arg0='{remote.service}'",
        )
        self._bus.add_message_handler(receive)
        try:
            for rule in rules:
                await self.call(_DRIVER, "AddMatch", "s", rule)
            [owner] = await self.call(_DRIVER, "GetNameOwner", "s", remote.service, returns="s")
            yield found
        finally:
            self._bus.remove_message_handler(receive)
            for rule in rules:
                request = _request(_DRIVER, "RemoveMatch", "s", rule, flags=MessageFlag.NO_REPLY_EXPECTED)
                self._bus.send(request)


class _Connection(MessageBus):
    """A connection whose loss is raised by `call` and `lost`, and not logged for each message besides."""

    def send(self, msg: Message) -> asyncio.Future[None]:  # type: ignore[override]  # as in MessageBus
        sent = super().send(msg)
        sent.add_done_callback(_ignore)  # dbus-fast's own `call` drops it
        return sent


def _ignore(sent: asyncio.Future[None]) -> None:
    """Marks the error of a message that was not sent as retrieved."""
    if not sent.cancelled():
        sent.exception()


def _texts(value: object) -> Iterator[str]:
    """All texts in a value for D-Bus."""
    match value:
        case str():
            yield value
        case Variant():
            yield from _texts(value.value)
        case dict():
            yield from _texts([*value.keys(), *value.values()])
        case list() | tuple():
            for item in value:
                yield from _texts(item)


def _is_valid(text: str) -> bool:
    """Whether D-Bus can carry a text; the broker closes the connection of a client that sends any other."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _request(
    remote: Remote, member: str, signature: str, *body: object, flags: MessageFlag = MessageFlag.NONE
) -> Message:
    target = (remote.service, remote.path, remote.interface, member)
    return Message(*target, flags=flags, signature=signature, body=list(body))
