"""A client's end of one connection to the bus, or to another server that speaks WebSocket.

The sans-I/O protocol of `websockets` keeps frames, control frames and closing correct, as it does for the server
in `bus.server.connection`. Its own client would load urllib.request, http.client and OpenSSL: 5 MB in each
daemon, for proxies, redirects and a TLS that a bus on the same machine does without.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State
from websockets.utils import accept_key, generate_key

from bus.errors import BusUnavailableError
from bus.message import clip, printable

if TYPE_CHECKING:
    from ssl import SSLContext

OPEN_TIMEOUT_S = 10.0
"""How long a server may take to answer a handshake; the websockets library waits as long."""

SILENCE_S = 35.0
"""After this time without bytes the client pings, and after it again gives up. Our bus pings every 30 s."""

Verify = Callable[[int | None], None]
"""Called with the uid of the process that listens, None on TCP; raises BusUnavailableError to refuse the bus."""

MAX_HINT = 300
"""Bytes of a refusal's body that are passed on."""

UNREAD = 256 * 1024
"""Bytes that the kernel keeps for a client that has others to handle first. By itself it keeps up to 6 MB, which a
daemon would have to answer after a flood; in the bus, they slow the senders down."""

_PORTS = {"ws": 80, "wss": 443}
_CHUNK = 2**16


class WebSocket:
    """One connection. Iterating over it receives texts; it ends when the connection does.

    Its errors call the server by `name`. `max_size` limits the bytes of one message; our bus has a limit itself.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        name: str = "bus",
        max_size: int | None = None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name
        self._protocol = Protocol(Side.CLIENT, max_size=max_size)
        self._part = bytearray()
        self._messages: deque[bytes] = deque()
        self._fault = ""
        """What has made reading impossible, as a clause for the log."""

    @classmethod
    async def open(
        cls,
        url: str,
        verify: Verify = lambda _: None,
        *,
        name: str = "bus",
        max_size: int | None = None,
        tls: "SSLContext | None" = None,
    ) -> Self:
        """A connection to a ws:, wss: or unix:PATH address; `verify` is called before anything is sent.

        `tls` verifies the server at a wss: address, in place of the certificates of the system. No error has the
        query of the address, which may be a secret. Raises BusUnavailableError.
        """
        where = f"no {name} at {url.partition('?')[0]}"
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                reader, writer = await cls._open(url, verify, tls)
        except TimeoutError as error:
            raise BusUnavailableError(f"{where}: no answer within {OPEN_TIMEOUT_S:g} s") from error
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise BusUnavailableError(f"{where}: {error}") from error
        return cls(reader, writer, name=name, max_size=max_size)

    async def send(self, message: str | bytes) -> None:
        """Sends a text or bytes; returns when they are written to the socket. Raises BusUnavailableError."""
        if self._protocol.state is not State.OPEN:
            raise BusUnavailableError(f"the {self._name} has closed the connection")
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()
        try:
            await self._writer.drain()
        except OSError as error:
            raise BusUnavailableError(f"the {self._name} is gone: {error}") from error

    async def receive(self) -> bytes | None:
        """The next message, text or not; None at the end of the connection."""
        while not self._messages:
            if self._protocol.state is not State.OPEN:
                return None
            await self._read_messages()
        return self._messages.popleft()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        if (message := await self.receive()) is None:
            raise StopAsyncIteration
        # Invalid UTF-8 becomes an invalid frame, and is ignored as such: see bus.message.check.
        return message.decode(errors="surrogateescape")

    @property
    def end(self) -> str:
        """Who has ended the connection, and why, as a clause for the log."""
        protocol = self._protocol
        if close := protocol.close_rcvd:
            reason = f": {printable(close.reason)}" if close.reason else ""
            return f"the {self._name} closed the connection ({int(close.code)}){reason}"
        if self._fault or isinstance(protocol.parser_exc, EOFError | None):
            return self._fault or f"the {self._name} dropped the connection"
        fault = printable(str(protocol.parser_exc))
        return f"closed the connection: the {self._name} sent an invalid frame: {fault}"

    async def close(self) -> None:
        """Ends the connection; returns when the server has agreed to it, or after `abort`."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()
        with contextlib.suppress(OSError):
            while await self._reader.read(_CHUNK):
                pass
        self.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Drops the connection at once."""
        self._writer.transport.abort()

    @staticmethod
    async def _open(
        url: str, verify: Verify, tls: "SSLContext | None"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if url.startswith("unix:"):
            reader, writer = await asyncio.open_unix_connection(url.removeprefix("unix:"))
            host, path = "localhost", "/core"
        else:
            parts = urlsplit(url)
            if parts.scheme not in _PORTS or not parts.hostname:
                raise ValueError("not a ws:, wss: or unix: address")
            host = parts.netloc.rpartition("@")[2]
            path = parts._replace(scheme="", netloc="", fragment="").geturl()
            reader, writer = await asyncio.open_connection(
                parts.hostname,
                parts.port or _PORTS[parts.scheme],
                ssl=(tls or True) if parts.scheme == "wss" else None,
            )
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UNREAD)
        try:
            verify(_listener_uid(writer.get_extra_info("socket")))
            await _shake_hands(reader, writer, host, path or "/")
        except BaseException:
            writer.transport.abort()
            raise
        return reader, writer

    async def _read_messages(self) -> None:
        """Handles the next bytes from the server."""
        try:
            data = await self._read()
        except TimeoutError:
            data = b""
            self._fault = f"gave the connection up: the {self._name} has sent nothing for {2 * SILENCE_S:g} s"
        except OSError as error:
            data, self._fault = b"", f"the connection to the {self._name} broke: {error}"
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._part += event.data
                if event.fin:
                    self._messages.append(bytes(self._part))
                    self._part.clear()
        self._flush()

    async def _read(self) -> bytes:
        """Some bytes; none at the end. Raises OSError when the server is silent for too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SILENCE_S):
                return await self._reader.read(_CHUNK)
        self._protocol.send_ping(b"")
        self._flush()
        async with asyncio.timeout(SILENCE_S):
            return await self._reader.read(_CHUNK)

    def _flush(self) -> None:
        """Writes the pending output of the protocol."""
        if data := b"".join(self._protocol.data_to_send()):
            self._writer.write(data)


def _listener_uid(connected: socket.socket) -> int | None:
    """The user who listens on a unix socket, as of listen(2): root where systemd does (SO_PEERCRED, unix(7))."""
    if connected.family != socket.AF_UNIX:
        return None
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid)


async def _shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str) -> None:
    """The opening handshake (RFC 6455, 4.1). Raises BusUnavailableError, or OSError, EOFError, ..."""
    key = generate_key()
    headers = f"Host: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(f"GET {path} HTTP/1.1\r\n{headers}Sec-WebSocket-Key: {key}\r\n\r\n".encode())
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    answered = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if not status.startswith("HTTP/1.1 101 "):
        raise ValueError(f"it answers {printable(clip(status))}{await _hint(reader, answered)}")
    if answered.get("sec-websocket-accept") != accept_key(key):
        raise ValueError("it answers, but not as a WebSocket")


async def _hint(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> str:
    """The body of a refusal, in which our bus explains it; empty if there is none."""
    length = headers.get("content-length", "")
    if not length.isdecimal() or len(length) > 5:
        return ""
    try:
        body = await reader.readexactly(min(int(length), MAX_HINT))
    except asyncio.IncompleteReadError as error:
        body = error.partial
    text = " ".join(body.decode(errors="replace").split())
    return f": {printable(text)}" if text else ""
