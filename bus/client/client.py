"""The client that our own daemons use: it connects, stays connected, and loses no message silently.

A message is sent once. A message that is on its way when the bus stops may be lost, and is not sent again: the bus
may have relayed it, and a microphone that is muted and unmuted again is worse than a message that is missing.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from bus.client.backoff import STABLE_S, Backoff
from bus.client.inbox import Inbox, QueuedMessage
from bus.client.unconfirmed import Unconfirmed
from bus.client.websocket import Verify, WebSocket
from bus.contract.ours import SUBSCRIBE
from bus.errors import BusUnavailableError, FrameError
from bus.message import Message

EMIT_TIMEOUT_S = 10.0
"""How long `emit` waits for a bus that is away; the Mycroft client waits as long."""

CLOSE_TIMEOUT_S = 1.0
"""How long a bus may take to answer the closing of a connection."""

_LOGGER = logging.getLogger(__name__)

Receive = Callable[[Message], Awaitable[None]]

Observe = Callable[..., None]
"""Called with "open", "close" or "reconnecting", with "error" and the exception, with "message" and a frame."""


@contextlib.asynccontextmanager
async def open_socket(url: str, verify: Verify = lambda _: None, **options: Any) -> AsyncIterator[WebSocket]:
    """One connection to the bus, at a ws:, wss: or unix:PATH address; `options` are those of `WebSocket.open`.

    Raises BusUnavailableError.
    """
    socket = await WebSocket.open(url, verify, **options)
    try:
        yield socket
    finally:
        closing = asyncio.create_task(socket.close())
        closed, _ = await asyncio.wait((closing,), timeout=CLOSE_TIMEOUT_S)
        if not closed:
            where = url.partition("?")[0]  # a query may be a secret
            _LOGGER.warning("%s does not answer the closing; what was sent last may not have arrived", where)
        socket.abort()  # for a bus that hangs, perhaps with what we have sent still unread
        await closing


class BusClient:
    """A connection of a daemon to the bus. `run` has to be running, as a task, for `emit` to send anything.

    `verify` may refuse the bus at the other end of each new connection; see `bus.client.websocket.Verify`. `hint`
    is logged after the reason why there is no connection.
    """

    def __init__(self, url: str, verify: Verify = lambda _: None, hint: str = "") -> None:
        self.url = url
        self._verify = verify
        self._hint = f"; {hint}" if hint else ""
        self._socket: WebSocket | None = None
        self._connected = asyncio.Event()
        self._unconfirmed = Unconfirmed()
        self._inbox = Inbox()
        self._receiver: asyncio.Task[None] | None = None
        self._stale = False
        """Whether the message that is handled now came over a connection that had ended before."""

    async def run(
        self, receive: Receive, observe: Observe = lambda *_: None, patterns: Sequence[str] = ()
    ) -> None:
        """Hands every message to `receive`, one after the other, and reconnects until cancelled.

        With `patterns`, our bus sends only the types that match one, and what is for this client alone. A new
        connection shows as the message `connected`, which the bus sends first. `observe` is called with what
        happens below the messages. What `receive` raises ends it.
        """
        # Two tasks, so that a receiver that emits while the bus is away does not keep us from reconnecting.
        self._receiver = asyncio.create_task(self._receive_all(receive))
        tasks = {self._receiver, asyncio.create_task(self._stay_connected(patterns, observe))}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                if not task.cancelling():  # a second time would interrupt the closing of the socket
                    task.cancel()
            await asyncio.wait(tasks)

    async def emit(self, message: Message, timeout_s: float = EMIT_TIMEOUT_S) -> None:
        """Sends a message; waits while the bus is away. Raises BusUnavailableError after `timeout_s`.

        When it returns, the message is written to a connection. Should that break before the bus has relayed the
        message, a warning names its type; unless that is a type which this client does not receive. What `receive`
        emits about a message that it gets after the end of its connection does not wait: after a flood, there are
        a thousand of those, and none would be handled for hours.
        What has no session gets this device's own; OVOS programs log a warning for each message without one.
        """
        if self._stale and not self._connected.is_set() and asyncio.current_task() is self._receiver:
            raise BusUnavailableError(f"{message.msg_type} was not sent: the connection of its request has ended")
        frame = replace(message, context={"session": {"session_id": "default"}, **message.context}).serialize()
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self._connected.wait()
                    assert self._socket is not None, "connected without a socket"
                    self._unconfirmed.sent(frame, message.msg_type)
                    with contextlib.suppress(BusUnavailableError):
                        await self._socket.send(frame)
                        return
                    self._unconfirmed.not_sent(frame, message.msg_type)  # it is not lost, we send it again
                    self._connected.clear()
                    self._inbox.wake()
        except TimeoutError:
            why = "the bus does not read" if self._connected.is_set() else f"no bus at {self.url}"
            raise BusUnavailableError(f"{message.msg_type} was not sent: {why}") from None

    async def _stay_connected(self, patterns: Sequence[str], observe: Observe) -> None:
        backoff = Backoff()
        while True:
            connected = False
            try:
                async with open_socket(self.url, self._verify) as socket:
                    connected = True
                    _LOGGER.log(_level(backoff.connected()), "connected to %s", self.url)
                    await self._serve(socket, patterns, observe, backoff)
                lost = self._unconfirmed.disconnected()
                raise BusUnavailableError(f"{socket.end}{lost}")
            except BusUnavailableError as error:
                retry_s, log = backoff.failed(connected=connected)
                _LOGGER.log(
                    logging.WARNING if log else logging.DEBUG, "%s%s", error, "" if connected else self._hint
                )
                observe("error", error)
            await asyncio.sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311  # jitter, no secret
            observe("reconnecting")

    async def _serve(self, socket: WebSocket, patterns: Sequence[str], observe: Observe, backoff: Backoff) -> None:
        self._socket = socket
        self._unconfirmed.connected(patterns)
        if patterns:
            await socket.send(Message(SUBSCRIBE.name, {"patterns": list(patterns)}).serialize())
        self._connected.set()
        observe("open")
        stable = asyncio.get_running_loop().call_later(STABLE_S, self._stable, backoff)
        try:
            await self._read(socket, observe)
        finally:
            stable.cancel()
            self._socket = None
            self._connected.clear()
            observe("close")

    async def _read(self, socket: WebSocket, observe: Observe) -> None:
        async for frame in socket:
            try:
                message = Message.deserialize(frame)
            except FrameError as error:  # encrypted, or relayed by another bus, which relays anything
                _LOGGER.debug("ignored a frame: %s", error)
                continue
            self._unconfirmed.received(frame, message)
            observe("message", frame)
            await self._inbox.put(QueuedMessage(message, len(frame), socket), self._connected.is_set)

    def _stable(self, backoff: Backoff) -> None:
        _LOGGER.log(_level(backoff.stable()), "the connection to %s is stable", self.url)

    async def _receive_all(self, receive: Receive) -> None:
        while True:
            received = await self._inbox.get()
            self._stale = received.socket is not self._socket
            await receive(received.message)


def _level(log: bool) -> int:
    return logging.INFO if log else logging.DEBUG
