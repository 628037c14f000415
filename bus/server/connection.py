"""One client's connection: first a handshake, then a peer of the hub.

The sans-I/O protocol of `websockets` keeps handshake, incoming frames, control frames and closing correct.
Outgoing messages take a shorter way: framed once for all clients, and written once per client and turn of the
loop.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from websockets.exceptions import PayloadTooBig, SecurityError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from bus.daemon.authority import may_administer
from bus.daemon.config import Role
from bus.server import identity
from bus.server.identity import Owner, owner_of
from bus.server.policy import is_loopback, origin_allowed, role_of

if TYPE_CHECKING:
    from bus.server.listener import Server

CLOSE_TIMEOUT_S = 1
"""How long a client may take to answer a close frame; the daemon has 2 s to stop."""

_LOGGER = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """A connection that a listener of the server has accepted; `secure` where that listener speaks TLS."""

    _transport: asyncio.Transport

    def __init__(self, server: "Server", *, secure: bool) -> None:
        self.role = Role.OBSERVE  # until its handshake tells
        self.name = "unix socket"
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone."""
        self._server = server
        self._secure = secure
        self._local = False
        self._owner: Owner | None = None
        self._ws = ServerProtocol(max_size=server.websocket.max_msg_size * 2**20)
        self._message = bytearray()
        self._held = 0
        self._largest = 0
        self._binary = False
        self._heard = True
        self._complained = False
        self._closing = False
        self._deaf = False
        self._faulty = False
        self._header = 0
        self._goodbye: tuple[CloseCode, str] | None = None
        self._received = 0
        self._credit = float(server.settings.max_rate or 0)
        self._credited = asyncio.get_running_loop().time()
        self._throttled = False
        self._timer = asyncio.get_running_loop().call_later(
            server.settings.handshake_timeout, self._time_out, "no handshake"
        )

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        connected: socket.socket = transport.get_extra_info("socket")
        if connected.family == socket.AF_UNIX:
            self._local = True
        else:
            # asyncio does this for sockets that it has opened itself. Without it an answer takes 44 ms.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            address, port = transport.get_extra_info("peername")[:2]
            self._local = is_loopback(address)
            self.name = f"{address} port {port}"
        if self._local:
            self._owner = owner_of(connected)
            self.name += f" (uid {self._owner.uid if self._owner else '?'})"
        self._server.connections.add(self)
        if not self._local and not self._secure:
            self._refuse("another machine needs TLS and a token, see remote_port in docs/bus.md")
            self.abort()
        elif len(self._server.connections) > self._server.settings.max_clients:
            self._refuse("there are bus.max_clients already")
            self.abort()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        if self._ws.state is State.CONNECTING:
            self._header += len(data)
            if self._header > self._server.settings.max_header * 1024:
                self._server.hub.counters.oversized += 1
                self._refuse("header is too large")
                self.abort()
                return
        self._ws.receive_data(data)
        self._process()
        self._count_fault()
        self._hold(len(self._ws.reader.buffer) + len(self._message))

    def eof_received(self) -> None:
        self._ws.receive_eof()
        self._process()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._server.connections.discard(self)
        self._hold(0)
        self._ws.reader.buffer.clear()  # parser and reader are a cycle, which lives on for a while
        self._message.clear()
        self._server.hub.leave(self)
        if not self.closed.done():
            self.closed.set_result(None)
        _LOGGER.debug("%s left: %s", self.name, exc or "closed")

    # What the hub and the server call.

    def deliver(self, payloads: Sequence[bytes]) -> None:
        """Queues messages for this client; one that does not read is closed instead (1013)."""
        if self._reads():
            framed = self._server.framed(payloads)
            self._largest = max(self._largest, len(framed))
            self._transport.write(framed)

    def may_administer(self) -> bool:
        """Whether the user at the other end may have the machine changed."""
        return self._owner is not None and may_administer(self._owner.uid)

    def identify(self) -> Mapping[str, Any]:
        """The user and the process at the other end; None where the kernel does not tell."""
        owner = self._owner or Owner(uid=None)
        pid = owner.pid or self._server.pid_of(owner.inode)
        return {"uid": owner.uid, "pid": pid, "process": identity.process_name(pid)}

    def describe(self) -> Mapping[str, Any]:
        """Who it is and how it does, for `bus.status`."""
        return {
            "name": self.name,
            "role": self.role,
            **self.identify(),
            "received": self._received,
            "queued": self._transport.get_write_buffer_size(),
        }

    def close(self, code: CloseCode, reason: str) -> asyncio.Future[None]:
        """Starts to close, which takes CLOSE_TIMEOUT_S at most; the future is done when the connection is gone.

        A handshake that is under way ends first: to drop it would be to refuse.
        """
        self._server.hub.leave(self)
        if self._ws.state is State.OPEN:
            self._deaf = True
            self._ws.send_close(code, reason)
            self._process()
        elif self._ws.state is State.CONNECTING:
            self._goodbye = code, reason
        else:
            self.abort()
        return self.closed

    def abort(self) -> None:
        """Drops the connection at once."""
        self._deaf = True
        self._transport.abort()

    # Limits.

    def _reads(self) -> bool:
        """Whether the client takes what it is sent; closes it where it does not.

        A single message may be larger than the queue, so what was the largest since the queue was empty may wait
        besides.
        """
        if self._ws.state is not State.OPEN or self._transport.is_closing():
            return False
        queued = self._transport.get_write_buffer_size()
        if not queued:
            self._largest = 0
        elif queued > self._server.settings.max_queue * 2**20 + self._largest:
            self._server.hub.counters.slow += 1
            _LOGGER.warning("%s does not read: closed with %d bytes waiting for it", self.name, queued)
            self._transport.pause_reading()  # it could go on making us answer
            self.close(CloseCode.TRY_AGAIN_LATER, "client does not read")
            return False
        return True

    def _hold(self, size: int) -> None:
        """Counts what this client has sent of a message that is not complete."""
        self._server.held += size - self._held
        self._held = size
        most = self._server.settings.max_unfinished * 2**20
        if self._server.held > most and size > most // self._server.settings.max_clients:
            self._server.hub.counters.oversized += 1
            _LOGGER.warning("%s: too many unfinished messages; dropped", self.name)
            self.abort()

    def _count_fault(self) -> None:
        """Counts a client that the protocol has dropped for what it sent."""
        fault = self._ws.parser_exc or self._ws.handshake_exc
        if fault is None or self._faulty:
            return
        self._faulty = True
        if isinstance(fault, PayloadTooBig) or isinstance(fault.__cause__, SecurityError):
            self._server.hub.counters.oversized += 1
        else:
            self._server.hub.counters.malformed += 1

    # Incoming.

    def _process(self) -> None:
        events = self._ws.events_received()
        if events and isinstance(events[0], Request):
            if len(events) > 1 or self._ws.reader.buffer:
                # A client has to wait for the response (RFC 6455, 4.1); nobody knows yet whether it may speak.
                self._refuse("does not wait for the response to its handshake")
                self.abort()
                return
            self._answer_handshake(cast("Request", events.pop()))
        for event in events:
            if not self._deaf:
                self._take(cast("Frame", event))
        self._write_protocol()
        if self._ws.close_expected() and not self._closing:
            self._closing = True
            self._server.hub.leave(self)
            self._restart_timer(CLOSE_TIMEOUT_S, self.abort)

    def _write_protocol(self) -> None:
        """Writes what the protocol has to say: handshake response, ping, pong, close."""
        data = self._ws.data_to_send()
        if not data or self._transport.is_closing():
            return
        if any(data):
            self._transport.write(b"".join(data))
            self._reads()
        if SEND_EOF in data:
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()  # TLS has no half-closed connections

    def _answer_handshake(self, request: Request) -> None:
        response = self._refusal(request) or self._ws.accept(request)
        self._ws.send_response(response)
        self._write_protocol()  # the greeting comes after the response
        if self._ws.state is State.OPEN:
            self._restart_timer(self._server.settings.ping_interval, self._ping)
            self._server.hub.join(self)
            if self._goodbye:
                self.close(*self._goodbye)

    def _refusal(self, request: Request) -> Response | None:
        """The response to a handshake that goes no further; None: it does."""
        values = [request.path, *(value for _, value in request.headers.raw_items())]
        if not all(map(str.isascii, values)):  # websockets and our own steps encode them
            self._refuse("request is not ASCII")
            return self._ws.reject(HTTPStatus.BAD_REQUEST, "Only ASCII, please.\n")
        path, _, query = request.path.partition("?")
        if path != self._server.websocket.route:
            self._refuse("wrong path")
            return self._ws.reject(HTTPStatus.NOT_FOUND, f"The bus is at {self._server.websocket.route}.\n")
        settings = self._server.settings
        origin = _header(request, "Origin")
        if not origin_allowed(origin, _header(request, "Host"), settings.allowed_origins):
            self._refuse(f"page from {origin:.200}; bus.allowed_origins in mycroft.conf lists who may")
            return self._ws.reject(HTTPStatus.FORBIDDEN, "This origin is not allowed.\n")
        role = Role.CONTROL if self._local else role_of(_token(request, query), settings.tokens)
        if role is None:
            self._refuse("no such token")
            return self._ws.reject(HTTPStatus.UNAUTHORIZED, "A token is needed.\n")
        self.role = role
        return None

    def _take(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.CONT:
            self._message += frame.data
        elif opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._binary = opcode is Opcode.BINARY
            if not frame.fin:
                self._message += frame.data
        else:
            return
        if not frame.fin:
            return
        payload = bytes(frame.data)  # no copy
        if self._message:
            payload, self._message = bytes(self._message), bytearray()
        self._received += 1
        reason = (
            self._server.hub.reject(self, "not a message: binary frame")
            if self._binary
            else self._server.receive(self, payload)
        )
        if reason is not None:
            level = logging.DEBUG if self._complained else logging.WARNING
            _LOGGER.log(level, "did not relay a message of %s: %r", self.name, reason)
            self._complained = True
        if self._server.settings.max_rate:
            self._throttle(self._server.settings.max_rate)

    def _throttle(self, rate: int) -> None:
        """Reads no more from a client that has used up its credit, until it has some again."""
        self._earn(rate)
        self._credit -= 1
        if self._credit < 0 and not self._throttled:
            self._throttled = True
            self._server.hub.counters.throttled += 1
            self._transport.pause_reading()
            self._wait_for_credit(rate)

    def _wait_for_credit(self, rate: int) -> None:
        self._earn(rate)
        if self._credit < 0:  # also for what was read already
            asyncio.get_running_loop().call_later(-self._credit / rate, self._wait_for_credit, rate)
        elif not self._deaf:
            self._throttled = False
            self._transport.resume_reading()

    def _earn(self, rate: int) -> None:
        """Adds what the time since the last time is worth, to a second's worth at most."""
        now = asyncio.get_running_loop().time()
        self._credit = min(self._credit + (now - self._credited) * rate, rate)
        self._credited = now

    # Time.

    def _ping(self) -> None:
        if not self._heard and not self._throttled:  # of whom we read nothing meanwhile
            self._time_out("silent")
            return
        self._heard = False
        self._ws.send_ping(b"")
        self._write_protocol()
        self._restart_timer(self._server.settings.ping_interval, self._ping)

    def _time_out(self, why: str) -> None:
        self._server.hub.counters.timed_out += 1
        _LOGGER.info("%s: %s; dropped", self.name, why)
        self.abort()

    def _restart_timer(self, delay_s: float, callback: Callable[[], None]) -> None:
        self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, callback)

    def _refuse(self, why: str) -> None:
        self._server.hub.counters.refused += 1
        self._server.complain(f"refused {self.name.split(' port')[0]}: {why}")


def _header(request: Request, name: str) -> str | None:
    values = request.headers.get_all(name)
    return ", ".join(values) if values else None


def _token(request: Request, query: str) -> str | None:
    """From the header, or from the URL for clients that can set nothing else."""
    header = _header(request, "Authorization") or ""
    if header.startswith("Bearer "):
        return header.removeprefix("Bearer ")
    parts = (part.partition("=") for part in query.split("&"))
    return next((unquote(value) for name, _, value in parts if name == "token"), None)
