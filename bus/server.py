"""The bus on a TCP port: WebSocket connections on one side, the hub on the other.

The sans-I/O protocol of `websockets` keeps handshake, incoming frames, control frames and closing correct.
Outgoing messages take a shorter way: framed once, and written once per client and turn of the event loop.
TCP_NODELAY is set by asyncio itself on every TCP connection.
"""

import asyncio
import logging
import os
import struct
from collections.abc import Callable, Sequence
from http import HTTPStatus
from logging import DEBUG, WARNING
from typing import Self, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from bus.config import BusSettings, WebSocketSettings
from bus.errors import ListenError
from bus.hub import Hub
from bus.policy import is_loopback, origin_allowed

HANDSHAKE_TIMEOUT_S = 10
"""A connection that has not finished its handshake by then is dropped."""

PING_INTERVAL_S = 30
"""A client is pinged this often, and dropped when it was silent from one ping to the next but one."""

CLOSE_TIMEOUT_S = 1
"""How long a client may take to answer a close frame; the daemon has 2 s to stop."""

_LOGGER = logging.getLogger(__name__)
_FIN_TEXT = 0x80 | Opcode.TEXT


def text_frame(payload: bytes) -> bytes:
    """A whole, unmasked WebSocket text frame, as a server sends it (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", _FIN_TEXT, size) + payload
    if size < 65536:
        return struct.pack("!BBH", _FIN_TEXT, 126, size) + payload
    return struct.pack("!BBQ", _FIN_TEXT, 127, size) + payload


class Server:
    """The listening bus. Use as an async context manager; entering raises ListenError."""

    def __init__(self, websocket: WebSocketSettings, settings: BusSettings) -> None:
        self.websocket = websocket
        self.settings = settings
        self.hub = Hub()
        self.connections: set[_Connection] = set()
        self._listener: asyncio.Server | None = None
        self._flush_due = False
        self._framed: tuple[Sequence[bytes], bytes] = ((), b"")

    async def __aenter__(self) -> Self:
        host, port = self.websocket.host, self.websocket.port
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                lambda: _Connection(self), host, port, backlog=1024
            )
        except OSError as error:
            why = os.strerror(error.errno) if error.errno and error.errno > 0 else error  # name lookups
            raise ListenError(f"cannot listen on {host} port {port}: {why}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.close()
        closing = [connection.close(CloseCode.GOING_AWAY, "bus stops") for connection in self.connections]
        if closing:
            await asyncio.wait(closing, timeout=CLOSE_TIMEOUT_S)
        for connection in tuple(self.connections):
            connection.abort()

    @property
    def url(self) -> str:
        """Where clients connect to; the port is the real one even where 0 was asked for."""
        assert self._listener is not None, "the server is not listening"
        host, port = self._listener.sockets[0].getsockname()[:2]
        return f"ws://{f'[{host}]' if ':' in host else host}:{port}{self.websocket.route}"

    def receive(self, sender: "_Connection", payload: bytes) -> str | None:
        """Hands a frame to the hub, to be relayed in the next turn of the loop; the reason when it is not."""
        reason = self.hub.receive(sender, payload)
        if reason is None and not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)
        return reason

    def framed(self, payloads: Sequence[bytes]) -> bytes:
        """The payloads as WebSocket frames in one piece, made once for all the clients of a flush."""
        if self._framed[0] is not payloads:
            self._framed = (payloads, b"".join(map(text_frame, payloads)))
        return self._framed[1]

    def _flush(self) -> None:
        self._flush_due = False
        self.hub.flush()
        self._framed = ((), b"")


class _Connection(asyncio.Protocol):
    """One TCP connection: first a handshake, then a peer of the hub."""

    _transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ws = ServerProtocol(max_size=server.websocket.max_msg_size * 2**20)
        self._fragments: list[bytes] = []
        self._binary = False
        self._heard = True
        self._rejected = False
        self._closing = False
        loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._timer = loop.call_later(HANDSHAKE_TIMEOUT_S, self.abort)
        self.name = "?"

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        address, port = transport.get_extra_info("peername")[:2]
        self.name = f"{address}:{port}"
        self._server.connections.add(self)
        if not is_loopback(address):
            _LOGGER.warning("refused %s: only this machine may connect to the bus", self.name)
            self.abort()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._ws.receive_data(data)
        self._process()

    def eof_received(self) -> None:
        self._ws.receive_eof()
        self._process()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._server.connections.discard(self)
        self._server.hub.leave(self)
        if not self._closed.done():
            self._closed.set_result(None)
        _LOGGER.debug("%s left: %s", self.name, exc or "closed")

    # What the hub and the server call.

    def deliver(self, payloads: Sequence[bytes]) -> None:
        """Queues messages for this client; one that does not read is closed instead (1013)."""
        if self._ws.state is not State.OPEN:
            return
        queued = self._transport.get_write_buffer_size()
        if queued > self._server.settings.max_queue * 2**20:
            _LOGGER.warning("%s does not read: closed with %d bytes waiting for it", self.name, queued)
            self.close(CloseCode.TRY_AGAIN_LATER, "client does not read")
            return
        self._transport.write(self._server.framed(payloads))

    def close(self, code: CloseCode, reason: str) -> asyncio.Future[None]:
        """Starts to close; the future is done when the connection is gone, CLOSE_TIMEOUT_S from now at most."""
        self._server.hub.leave(self)
        if self._ws.state is State.OPEN:
            self._ws.send_close(code, reason)
            self._process()
        else:
            self.abort()
        return self._closed

    def abort(self) -> None:
        """Drops the connection at once."""
        self._transport.abort()

    # The rest.

    def _process(self) -> None:
        for event in self._ws.events_received():
            if isinstance(event, Request):
                self._answer_handshake(event)
            else:
                self._take(cast(Frame, event))
        self._write_protocol()
        if self._ws.close_expected() and not self._closing:
            self._closing = True
            self._server.hub.leave(self)
            self._restart_timer(CLOSE_TIMEOUT_S, self.abort)

    def _write_protocol(self) -> None:
        """Writes what the protocol has to say: handshake response, pong, close."""
        for data in self._ws.data_to_send():
            if data is not SEND_EOF:
                self._transport.write(data)
            elif not self._transport.is_closing():
                self._transport.write_eof()

    def _answer_handshake(self, request: Request) -> None:
        route, origins = self._server.websocket.route, self._server.settings.allowed_origins
        origin = _header(request, "Origin")
        if request.path.partition("?")[0] != route:
            response = self._ws.reject(HTTPStatus.NOT_FOUND, f"The bus is at {route}.\n")
        elif not origin_allowed(origin, _header(request, "Host"), origins):
            _LOGGER.warning(
                "refused %s: page from %s; bus.allowed_origins in mycroft.conf lists who may", self.name, origin
            )
            response = self._ws.reject(HTTPStatus.FORBIDDEN, "This origin is not allowed.\n")
        else:
            response = self._ws.accept(request)
        self._ws.send_response(response)
        if self._ws.state is State.OPEN:
            self._restart_timer(PING_INTERVAL_S, self._ping)
            self._write_protocol()  # the greeting comes after the response
            self._server.hub.join(self)

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._fragments = [bytes(frame.data)]
            self._binary = frame.opcode is Opcode.BINARY
        elif frame.opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
        else:
            return
        if frame.fin:
            payload, self._fragments = b"".join(self._fragments), []
            reason = (
                self._server.hub.reject(self, "not a message: binary frame")
                if self._binary
                else self._server.receive(self, payload)
            )
            if reason is not None:
                _LOGGER.log(DEBUG if self._rejected else WARNING, "rejected a frame of %s: %s", self.name, reason)
                self._rejected = True

    def _ping(self) -> None:
        if not self._heard:
            _LOGGER.info("%s is silent: dropped", self.name)
            self.abort()
            return
        self._heard = False
        self._ws.send_ping(b"")
        self._write_protocol()
        self._restart_timer(PING_INTERVAL_S, self._ping)

    def _restart_timer(self, delay_s: float, callback: Callable[[], None]) -> None:
        self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, callback)


def _header(request: Request, name: str) -> str | None:
    values = request.headers.get_all(name)
    return ", ".join(values) if values else None
