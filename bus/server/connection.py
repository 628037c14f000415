"""One client's connection: reads, writes, keepalive, closing. First a handshake, then a peer of the hub.

The sans-I/O protocol of `websockets` keeps incoming frames, control frames and closing correct. Outgoing messages
are framed by the hub, once for all clients.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from websockets.exceptions import PayloadTooBig
from websockets.frames import CloseCode, Frame
from websockets.protocol import SEND_EOF, Protocol

from bus.daemon.authority import may_administer, may_receive_passwords
from bus.daemon.config import BusSettings, Role, WebSocketSettings
from bus.message import printable
from bus.server import admission
from bus.server.admission import Refusal
from bus.server.handshake import Handshake
from bus.server.hub import Hub
from bus.server.identity import Caller, Processes, caller_of, process_name
from bus.server.incoming import (
    LARGE_HEAD,
    Fragments,
    LargeText,
    begins_large,
    frame_size,
    large_text,
    text_payloads,
)
from bus.server.large import IN_STEPS
from bus.server.limits import MB, Limits, Party
from bus.server.outgoing import Outgoing
from bus.server.pace import Pace
from bus.server.turns import STEP_S, Turns

if TYPE_CHECKING:
    from ssl import SSLContext

CLOSE_TIMEOUT_S = 1.0
"""How long a client may take to answer a close frame; the daemon has 2 s to stop."""

FRAMES_A_STEP = 100
"""Frames of a client that are handled before the bus looks at the clock."""

SHORT = 4 * 1024
"""Bytes that are handled before what other clients have sent at the same moment, if that is more."""

SLICE = 16 * 1024
"""Bytes of a frame that are parsed before it does, and that are received in a turn that has no time left."""

UNSENT = 128 * 1024
"""Bytes for a client that the kernel keeps before it sends them."""

RECEIVED = 128 * 1024
"""Bytes that are received at a time."""

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Shared:
    """What all connections of a bus share."""

    websocket: WebSocketSettings
    settings: BusSettings
    hub: Hub
    limits: "Limits[Connection]"
    processes: Processes
    turns: Turns
    received: memoryview = field(default_factory=lambda: memoryview(bytearray(RECEIVED)))
    """Where the event loop reads to, for one connection at a time. A bus in another thread has another one."""
    received_late: memoryview = field(init=False)
    """Where it reads to in a turn that has no time left: a thousand clients may have sent something large."""

    def __post_init__(self) -> None:
        self.received_late = self.received[:SLICE]

    def log(self, party: Party, text: str, *values: object) -> None:
        """Logs what a client has done, unless its user or machine has filled its share of the log."""
        left_out = self.limits.log.left_out(party, asyncio.get_running_loop().time())
        if left_out is not None:
            more = f" ({left_out} lines about clients were left out)" if left_out else ""
            _LOGGER.warning("%s%s", text % values, more)


class Stage(Enum):
    """What a connection is doing."""

    HANDSHAKE = "handshake"
    OPEN = "open"
    CLOSING = "closing"
    """What the client sends is not relayed any more, and it receives nothing new."""
    GONE = "gone"
    """Its handshake went no further, or it is dropped; nothing more is read."""


class Connection(asyncio.BufferedProtocol):
    """A connection that was accepted; with `tls` it starts with a TLS handshake."""

    # From `connection_made` on.
    _transport: asyncio.Transport
    _caller: Caller
    _handshake: Handshake
    _ws: Protocol
    _outgoing: "Outgoing[Connection]"

    def __init__(self, shared: Shared, tls: "SSLContext | None" = None) -> None:
        self.role = Role.OBSERVE  # until its handshake is accepted
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone."""
        self._shared = shared
        self._tls = tls
        self._stage = Stage.HANDSHAKE
        self._message = Fragments()
        self._large: LargeText | None = None
        self._checking: Generator[None, None, str | None] | None = None
        """The check of a large frame."""
        self._pace = Pace(shared.settings.max_rate, shared.limits.backlog)
        self._unread = b""
        """What was received, but has to wait for the next turn of the loop."""
        self._rest_of_frame = 0
        """Bytes that are missing of a frame that the protocol reads."""
        self._goodbye: tuple[CloseCode, str] | None = None
        self._heard = True
        self._received = 0
        self._unfinished = 0
        self._identity: Mapping[str, Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._securing: asyncio.Task[None] | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        shared = self._shared
        connected: socket.socket = transport.get_extra_info("socket")
        if connected.family != socket.AF_UNIX:
            # asyncio does this for sockets that it has opened itself. Without it an answer takes 44 ms.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # What waits for a client should wait here, where it counts.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        self._caller = caller = caller_of(connected, transport.get_extra_info("peername"))
        self._handshake = Handshake(
            shared.websocket,
            shared.settings,
            shared.limits.counters,
            local=caller.local,
            secure=self._tls is not None,
        )
        self._ws = self._handshake.protocol
        self._outgoing = Outgoing(
            self,
            self._transport,
            caller.party,
            limits=shared.limits,
            turns=shared.turns,
            stall_timeout=shared.settings.stall_timeout,
        )
        self._restart_timer(shared.settings.handshake_timeout, self._give_up)
        if self._tls is not None:
            self._transport.pause_reading()
            self._securing = asyncio.get_running_loop().create_task(self._secure(self._tls))
        self._take_place()

    def get_buffer(self, _: int) -> memoryview:
        return self._shared.received_late if self._shared.turns.is_over else self._shared.received

    def buffer_updated(self, size: int) -> None:
        self._heard = True
        if self._securing is not None or self._pace.waits:
            # The client was faster than our task, which does not have the transport yet.
            self._unread += self._shared.received[:size]
        elif self._shared.turns.has_time():
            self._receive(self._shared.received[:size])
        else:
            self._unread += self._shared.received[:size]
            self._hold_unfinished()
            self._wait(0.0, short=size <= SHORT)

    def eof_received(self) -> None:
        if self._stage is Stage.OPEN:
            self._ws.receive_eof()
            self._process()
            self._end()

    def pause_writing(self) -> None:
        self._outgoing.pause()

    def resume_writing(self) -> None:
        self._outgoing.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._restart_timer(None)
        if not self.closed.done():
            self.closed.set_result(None)
        _LOGGER.debug("%s left: %s", self._caller.name, exc or "closed")

    # What the hub calls.

    def deliver(self, pieces: Sequence[bytes | bytearray]) -> None:
        """Sends WebSocket frames, or queues them where the client does not read as fast."""
        if self._stage is Stage.OPEN:
            for piece in pieces:
                self._outgoing.write(piece)

    def may_administer(self) -> bool:
        """Whether the user at the other end may have the machine changed."""
        return may_administer(self._caller.owner.uid)

    def may_receive_passwords(self) -> bool:
        """Whether the other end is the admin service or root, on the unix socket."""
        return self._caller.is_unix and may_receive_passwords(self._caller.owner.uid)

    def identify(self) -> Mapping[str, Any]:
        """The user and the process at the other end; None where the kernel does not know them."""
        if self._identity is None or self._identity["pid"] is None:  # it may be found later
            owner = self._caller.owner
            pid = self._shared.processes.pid_of(owner)
            self._identity = {"uid": owner.uid, "pid": pid, "process": process_name(pid)}
        return self._identity

    def describe(self) -> Mapping[str, Any]:
        """The client and its state, for `bus.status`."""
        return {
            "name": self._caller.name,
            "role": self.role,
            **self.identify(),
            "received": self._received,
            "queued": self._outgoing.size,
        }

    # How a connection ends.

    def close(self, code: CloseCode, reason: str) -> asyncio.Future[None]:
        """Starts to close, which takes CLOSE_TIMEOUT_S at most; the future is done when the connection is gone.

        A handshake that is under way ends first: to drop it would be to refuse.
        """
        if self._stage is Stage.HANDSHAKE:
            self._goodbye = code, reason
        elif self._stage is Stage.OPEN:
            self._ws.send_close(code, reason)
            self._write_protocol()
            self._end()
        return self.closed

    def drop(self, why: str) -> None:
        """Drops the connection at once, with a line in the log."""
        self._log("%s: %s; dropped", self._caller.name, why)
        self.abort()

    def abort(self) -> None:
        """Drops the connection at once."""
        self._leave()
        self._transport.abort()

    def stall(self, queued: int) -> None:
        """Closes a client that takes nothing of a long queue."""
        if self._stage is Stage.OPEN:
            self._shared.limits.counters.slow += 1
            self._log("%s does not read: closed with %d bytes waiting for it", self._caller.name, queued)
            self.close(CloseCode.TRY_AGAIN_LATER, "client does not read")

    def make_place(self) -> None:
        """Leaves its place to another connection."""
        limits = self._shared.limits
        for budget in (limits.places, limits.secure):
            budget.hold(self._caller.party, self, 0)
        if self._stage is Stage.HANDSHAKE and self._securing is None:
            self._refuse(admission.TOO_MANY)
            return
        limits.counters.evicted += 1
        if self._stage is Stage.HANDSHAKE:
            self.drop(admission.TOO_MANY.reason)
        else:
            self._log("%s: closed to make place for another user", self._caller.name)
            self.close(CloseCode.TRY_AGAIN_LATER, "too many connections")

    def _end(self) -> None:
        """Gives the client CLOSE_TIMEOUT_S to read what was sent and to close its side."""
        self._stage = Stage.CLOSING if self._stage is Stage.OPEN else Stage.GONE
        if self._checking is not None:
            self._large = self._checking = None
        self._shared.hub.leave(self)
        self._restart_timer(CLOSE_TIMEOUT_S, self.abort)

    def _take_place(self) -> None:
        """Takes a place, which another connection may have to make."""
        limits, party = self._shared.limits, self._caller.party
        limits.places.hold(party, self, 1)
        limits.handshakes.hold(party, self, 1)
        if self._tls is not None:
            limits.secure.hold(party, self, 1)
        for budget in (limits.places, limits.secure):
            while evicted := budget.excess():
                evicted.make_place()
        while evicted := limits.handshakes.excess():
            limits.counters.evicted += 1
            evicted.drop("too many connections without a handshake")

    def _leave(self) -> None:
        """Gives up everything that the connection holds."""
        self._stage = Stage.GONE
        self._shared.hub.leave(self)
        self._outgoing.clear()
        self._unread = b""
        self._message = Fragments()
        self._large = self._checking = None
        self._ws.reader.buffer.clear()  # parser and reader are a cycle, which lives on for a while
        limits = self._shared.limits
        for budget in (limits.places, limits.secure, limits.handshakes, limits.unfinished):
            budget.hold(self._caller.party, self, 0)

    # The handshakes.

    async def _secure(self, tls: "SSLContext") -> None:
        """The TLS handshake."""
        if self._stage is not Stage.HANDSHAKE:
            return
        transport: asyncio.Transport | None = None
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                tls,
                server_side=True,
                ssl_handshake_timeout=self._shared.settings.handshake_timeout,
                ssl_shutdown_timeout=CLOSE_TIMEOUT_S,
            )
        except OSError as error:
            error.__traceback__ = None  # in a cycle with 0.3 MB of buffers, which would live on for a while
            if self._stage is Stage.HANDSHAKE:
                self._shared.limits.counters.malformed += 1
                self._log("refused %s: no TLS handshake: %s", self._caller.name, printable(str(error)))
        if transport is None:  # also when the connection is lost meanwhile
            self.connection_lost(None)
        else:
            self._transport = transport
            self._outgoing.use(transport)
            self._securing = None
            self._receive(memoryview(b""))

    def _shake_hands(self, data: memoryview) -> None:
        match self._handshake.receive(data):
            case Refusal() as refusal:
                self._refuse(refusal)
            case Role() as role:
                self.role = role
                self._write_protocol()  # the greeting comes after the response
                self._stage = Stage.OPEN
                self._shared.limits.handshakes.hold(self._caller.party, self, 0)
                self._restart_timer(self._shared.settings.ping_interval, self._ping)
                self._shared.hub.join(self)
                if self._goodbye:
                    self.close(*self._goodbye)

    def _refuse(self, refusal: Refusal) -> None:
        """Answers a handshake that goes no further."""
        self._shared.limits.counters.refused += 1
        self._log("refused %s: %s", self._caller.name, printable(refusal.reason.partition("\n")[0]))
        self._outgoing.write(refusal.response)
        self._outgoing.finish()
        self._end()

    def _give_up(self) -> None:
        self._shared.limits.counters.timed_out += 1
        if len(self._handshake):
            self._refuse(admission.TOO_LATE)
        else:
            self.drop("no handshake")

    # Reading.

    def _receive(self, data: memoryview) -> None:
        """Handles what the client has sent; what is too much for one turn of the loop waits for its turn."""
        size = len(data)
        if self._unread:
            data, self._unread = memoryview(b"".join((self._unread, data))), b""
        loop = asyncio.get_running_loop()
        end = loop.time() + STEP_S
        frames, data = self._handle_frames(data, lambda: loop.time() < end)
        if self._stage is Stage.GONE:
            return
        self._unread = bytes(data)
        self._hold_unfinished()
        delay_s = self._pace.delay(size, frames, self._outgoing.queue) if self._stage is Stage.OPEN else 0.0
        if delay_s or (data and loop.time() >= end) or self._checking is not None:
            self._shared.limits.counters.throttled += bool(delay_s)
            self._wait(delay_s)
        elif self._pace.waits and not self._transport.is_closing():
            self._pace.waits = False
            self._transport.resume_reading()

    def _handle_frames(self, data: memoryview, has_time: Callable[[], bool]) -> tuple[int, memoryview]:
        """Handles frames while there is time, or up to a large one; returns their number, and what is left."""
        frames = 0
        while data and self._checking is None and self._stage is not Stage.GONE and (not frames or has_time()):
            if self._ws.close_rcvd or self._ws.parser_exc:  # nothing after that counts
                data = memoryview(b"")
                break
            if self._stage is Stage.HANDSHAKE:
                self._shake_hands(data)
                return 0, memoryview(b"")
            if self._large is not None:
                if self._stage is Stage.CLOSING:
                    self._large.discard()
                data = data[self._large.add(data) :]
                if self._large.is_complete:
                    frames += 1
                    self._relay_large(self._large.payload)
                continue
            if not self._rest_of_frame:
                if not self._message.is_open:
                    payloads, used, is_begun = text_payloads(data, FRAMES_A_STEP)
                    for payload in payloads:
                        self._relay(payload, is_binary=False)
                    frames += len(payloads)
                    data = data[used:]
                    if is_begun:
                        break
                    if payloads:
                        continue
                    if begins_large(data):
                        if len(data) < LARGE_HEAD:
                            break
                        self._large = large_text(data, self._shared.websocket.max_msg_size * MB)
                        if self._large is not None:
                            data = data[LARGE_HEAD:]
                            continue
                self._rest_of_frame = frame_size(data)
                if not self._rest_of_frame:
                    break
            part = data[: min(SLICE, self._rest_of_frame)]
            self._rest_of_frame -= len(part)
            self._ws.receive_data(part)
            frames += self._process()
            data = data[len(part) :]
        self._write_protocol()
        return frames, data

    def _wait(self, delay_s: float, *, short: bool = False) -> None:
        """Reads no more for a time, or until the connection has its turn."""
        self._pace.waits = True
        self._transport.pause_reading()
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._read_on)
        else:
            self._shared.turns.add(self._read_on, short=short)

    def _read_on(self) -> None:
        """Goes on with a client that had to wait."""
        if self._checking is not None:
            self._check_on(self._checking)
            self._wait(0.0)
        elif self._stage is Stage.OPEN and (delay_s := self._pace.delay(0, 0, self._outgoing.queue)):
            self._wait(delay_s)
        elif self._stage is not Stage.GONE:
            self._receive(memoryview(b""))

    def _process(self) -> int:
        """Handles the frames that have come, and writes what the protocol answers; returns their number."""
        events = self._ws.events_received()
        for event in events:
            frame = cast("Frame", event)
            if (payload := self._message.add(frame)) is not None:
                self._relay(payload, is_binary=self._message.is_binary)
        if self._stage is Stage.OPEN and self._ws.close_expected():
            self._write_protocol()
            if fault := self._ws.parser_exc:
                large = isinstance(fault, PayloadTooBig)
                self._shared.limits.counters.oversized += large
                self._shared.limits.counters.malformed += not large
                self._log("%s: %s; closed", self._caller.name, printable(f"{fault!s:.200}"))
            self._end()
        return len(events)

    def _relay(self, payload: bytes | bytearray, *, is_binary: bool) -> None:
        if self._stage is not Stage.OPEN:
            return
        self._received += 1
        hub = self._shared.hub
        if is_binary:
            reason: str | None = hub.reject(self, "not a message: binary frame")
        else:
            reason = hub.receive(self, payload)
        self._log_not_relayed(reason)

    def _relay_large(self, payload: bytearray) -> None:
        if self._stage is Stage.OPEN and len(payload) > IN_STEPS:
            self._received += 1
            self._checking = self._shared.hub.receive_in_steps(self, payload)
        else:
            self._large = None
            self._relay(payload, is_binary=False)

    def _check_on(self, checking: Generator[None, None, str | None]) -> None:
        """One more step of the check of a large frame, which is relayed in the end."""
        try:
            next(checking)
        except StopIteration as end:
            self._large = self._checking = None
            self._log_not_relayed(end.value)

    def _log_not_relayed(self, reason: str | None) -> None:
        if reason is not None:
            self._log("did not relay a message of %s: %s", self._caller.name, printable(f"{reason:.200}"))

    def _hold_unfinished(self) -> None:
        """Counts what the client has sent of an incomplete message; the client that has sent most may go."""
        large = len(self._large.payload) if self._large else 0
        size = len(self._ws.reader.buffer) + self._message.size + large + len(self._unread)
        if size == self._unfinished:
            return
        self._unfinished = size
        unfinished = self._shared.limits.unfinished
        unfinished.hold(self._caller.party, self, size)
        while holder := unfinished.excess():
            self._shared.limits.counters.oversized += 1
            holder.drop("too many unfinished messages")

    # Writing.

    def _write_protocol(self) -> None:
        """Writes what the protocol has to say: handshake response, ping, pong, close."""
        data = self._ws.data_to_send()
        if not data:
            return
        if any(data):
            self._outgoing.write(b"".join(data))
        if SEND_EOF in data:
            self._outgoing.finish()

    # Time.

    def _ping(self) -> None:
        if not self._heard and not self._pace.waits:  # of which the bus has read nothing meanwhile
            self._shared.limits.counters.timed_out += 1
            self.drop("silent")
            return
        self._heard = False
        self._ws.send_ping(b"")
        self._write_protocol()
        self._restart_timer(self._shared.settings.ping_interval, self._ping)

    def _restart_timer(self, delay_s: float | None, callback: Callable[[], None] = lambda: None) -> None:
        """Calls back after a time, instead of what was to come before; None: never."""
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, callback) if delay_s is not None else None

    def _log(self, text: str, *values: object) -> None:
        self._shared.log(self._caller.party, text, *values)
