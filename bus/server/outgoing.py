"""What is sent to a client: at once, or from a queue where its socket does not take it at once."""

import asyncio
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

from bus.server.limits import Limits, Outbox, Party
from bus.server.turns import Turns

DIRECT = 256 * 1024
"""Most bytes that are given to a socket without the queue, which then takes them in smaller pieces."""

CHUNK = 64 * 1024
"""Most bytes that are given to a socket from the queue; a client that takes so many makes progress."""


class Receiver(Hashable, Protocol):
    """A connection, as far as the limits of what waits for it concern it."""

    def drop(self, why: str) -> None:
        """Drops it at once."""

    def stall(self, queued: int) -> None:
        """Closes it, as it takes nothing of a long queue."""


R = TypeVar("R", bound=Receiver)


class Outgoing(Generic[R]):
    """The way to a client. It drops connections where too much waits for all, and has a stalled one closed."""

    def __init__(
        self,
        connection: R,
        transport: asyncio.Transport,
        party: Party,
        *,
        limits: Limits[R],
        turns: Turns,
        stall_timeout: float,
    ) -> None:
        self.queue = Outbox(limits.backlog)
        self._connection = connection
        self._party = party
        self._limits = limits
        self._turns = turns
        self._stall_timeout = stall_timeout
        self._blocked = 0
        """Bytes that the socket has not taken yet."""
        self._finishing = False
        self._waits = False
        """Whether it waits for its turn to send more."""
        self._stalled: asyncio.TimerHandle | None = None
        self.use(transport)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self.queue.size + self._blocked

    def use(self, transport: asyncio.Transport) -> None:
        """Writes to this transport from now on."""
        self._transport = transport
        transport.set_write_buffer_limits(high=0)

    def write(self, data: bytes | bytearray) -> None:
        """Sends data, or queues it."""
        if self._finishing or self._transport.is_closing():
            return
        if not self.size and len(data) <= DIRECT:
            self._transport.write(data)
            return
        self.queue.put(data, asyncio.get_running_loop().time())
        self._watch()
        self._drain()

    def finish(self) -> None:
        """Ends the stream once everything is sent."""
        self._finishing = True
        self._drain()

    def pause(self) -> None:
        """The socket takes no more."""
        self._block(self._transport.get_write_buffer_size())

    def resume(self) -> None:
        """The socket has taken everything."""
        self._block(0)
        self._drain_soon()  # asyncio calls connection_lost twice where a write fails in here

    def clear(self) -> None:
        """Forgets what waits."""
        self._finishing = True
        self._block(0)
        self.queue.clear()
        self._watch()

    def _block(self, size: int) -> None:
        self._limits.backlog.add(size - self._blocked)
        self._blocked = size

    def _drain(self) -> None:
        if self.queue.size and not self._blocked and not self._transport.is_closing():
            self._transport.write(self.queue.take(CHUNK, asyncio.get_running_loop().time()))
            self._watch()
            if self.queue.size and not self._blocked:
                self._drain_soon()
        if self._finishing and not self.size and not self._transport.is_closing():
            self._end()

    def _end(self) -> None:
        if not self._transport.can_write_eof():
            self._transport.close()  # TLS has no half-closed connections
            return
        try:
            self._transport.write_eof()
        except OSError:  # the client has reset the connection, and the transport has not learned it yet
            self._transport.abort()

    def _drain_soon(self) -> None:
        if not self._waits:
            self._waits = True
            self._turns.add(self._drain_on)

    def _drain_on(self) -> None:
        self._waits = False
        self._drain()

    def _watch(self) -> None:
        """Looks after the limits of a queue that has changed."""
        limits, queue = self._limits, self.queue
        limits.queued.hold(self._party, self._connection, queue.size)
        if queue.size > limits.backlog.mark and not self._stalled:
            self._stalled = asyncio.get_running_loop().call_later(self._stall_timeout, self._check)
        while limits.backlog.is_full and limits.queued.total:
            limits.counters.slow += 1
            limits.queued.first_to_go().drop("does not read, and too much waits for all clients")

    def _check(self) -> None:
        """Whether the client has taken something since the last time."""
        self._stalled = None
        if self.queue.size > self._limits.backlog.mark:
            left_s = self.queue.taken_at + self._stall_timeout - asyncio.get_running_loop().time()
            if left_s > 0:
                self._stalled = asyncio.get_running_loop().call_later(left_s, self._check)
            else:
                self._connection.stall(self.size)
