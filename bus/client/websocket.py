"""A client's end of one connection to the bus.

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
from typing import Self
from urllib.parse import urlsplit

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State
from websockets.utils import accept_key, generate_key

from bus.errors import BusUnavailableError
from bus.message import clip, printable

OPEN_TIMEOUT_S = 10.0
"""How long a bus may take to answer a handshake; the websockets library waits as long."""

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
    """One connection. Iterating over it receives; it ends when the connection does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = Protocol(Side.CLIENT, max_size=None)  # the bus has its own size limit
        self._part = bytearray()
        self._messages: deque[str] = deque()
        self._fault = ""
        """What has made reading impossible, as a clause for the log."""

    @classmethod
    async def open(cls, url: str, verify: Verify = lambda _: None) -> Self:
        """A connection to a ws:, wss: or unix:PATH address; `verify` is called before anything is sent.

        Raises BusUnavailableError.
        """
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                return await cls._open(url, verify)
        except TimeoutError as error:
            raise BusUnavailableError(f"no bus at {url}: no answer within {OPEN_TIMEOUT_S:g} s") from error
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise BusUnavailableError(f"no bus at {url}: {error}") from error

    async def send(self, text: str) -> None:
        """Sends a message; returns when it is written to the socket. Raises BusUnavailableError."""
        if self._protocol.state is not State.OPEN:
            raise BusUnavailableError("the bus has closed the connection")
        self._protocol.send_text(text.encode())
        self._flush()
        try:
            await self._writer.drain()
        except OSError as error:
            raise BusUnavailableError(f"the bus is gone: {error}") from error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._messages:
            if self._protocol.state is not State.OPEN:
                raise StopAsyncIteration
            await self._receive()
        return self._messages.popleft()

    @property
    def end(self) -> str:
        """Who has ended the connection, and why, as a clause for the log."""
        protocol = self._protocol
        if close := protocol.close_rcvd:
            reason = f": {printable(close.reason)}" if close.reason else ""
            return f"the bus closed the connection ({int(close.code)}){reason}"
        if self._fault or isinstance(protocol.parser_exc, EOFError | None):
            return self._fault or "the bus dropped the connection"
        return f"closed the connection: the bus sent an invalid frame: {printable(str(protocol.parser_exc))}"

    async def close(self) -> None:
        """Ends the connection; returns when the bus has agreed to it, or after `abort`."""
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

    @classmethod
    async def _open(cls, url: str, verify: Verify) -> Self:
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
                parts.hostname, parts.port or _PORTS[parts.scheme], ssl=parts.scheme == "wss" or None
            )
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UNREAD)
        try:
            verify(_listener_uid(writer.get_extra_info("socket")))
            await _shake_hands(reader, writer, host, path or "/")
        except BaseException:
            writer.transport.abort()
            raise
        return cls(reader, writer)

    async def _receive(self) -> None:
        """Handles the next bytes from the bus."""
        try:
            data = await self._read()
        except TimeoutError:
            data, self._fault = b"", f"gave the connection up: the bus has sent nothing for {2 * SILENCE_S:g} s"
        except OSError as error:
            data, self._fault = b"", f"the connection to the bus broke: {error}"
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._part += event.data
                if event.fin:
                    # Invalid UTF-8 becomes an invalid frame, and is ignored as such: see bus.message.check.
                    self._messages.append(self._part.decode(errors="surrogateescape"))
                    self._part.clear()
        self._flush()

    async def _read(self) -> bytes:
        """Some bytes; none at the end. Raises OSError when the bus is silent for too long."""
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
