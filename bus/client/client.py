"""The client that our own daemons use: it connects, stays connected, and loses no message silently.

A message is sent once. What is on its way when the bus dies may be lost, and is not sent again: it may as well
have been relayed, and a microphone that is muted and unmuted again is worse than a message that is missing.
"""

import asyncio
import contextlib
import logging
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from bus.client.websocket import Verify, WebSocket
from bus.contract.ours import SENDER, SUBSCRIBE
from bus.contract.topic import matcher
from bus.errors import BusUnavailableError, FrameError
from bus.message import Message

RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0
"""The first retry comes at once because a restarting bus is back in well under a second."""

EMIT_TIMEOUT_S = 10.0
"""How long `emit` waits for a bus that is away; the Mycroft client waits as long."""

CLOSE_TIMEOUT_S = 1.0
"""How long a bus may take to agree to the end of a connection."""

INBOX_LIMIT = 1000
"""Messages that may wait for a slow handler; more wait in the socket, and then in the bus."""

UNHEARD_LIMIT = 1000
"""Messages of which we remember that the bus has not relayed them yet. It usually does within a millisecond."""

_LOGGER = logging.getLogger(__name__)

Handler = Callable[[Message], Awaitable[None]]

Observer = Callable[..., None]
"""Called with "open", "close" or "reconnecting", with "error" and the exception, with "message" and a frame."""


@contextlib.asynccontextmanager
async def open_socket(url: str, verify: Verify = lambda _: None) -> AsyncIterator[WebSocket]:
    """One connection to the bus, at a ws:, wss: or unix:PATH address. Raises BusUnavailableError."""
    socket = await WebSocket.open(url, verify)
    try:
        yield socket
    finally:
        closing = asyncio.create_task(socket.close())
        closed, _ = await asyncio.wait((closing,), timeout=CLOSE_TIMEOUT_S)
        if not closed:
            _LOGGER.warning("%s does not agree to the end; what was sent last may not have arrived", url)
        socket.abort()  # for a bus that hangs, perhaps with what we have sent still unread
        await closing


def as_sent(frame: str, message: Message) -> str:
    """The frame as it was sent: without the sender that our bus adds to privileged messages."""
    if SENDER not in message.context:
        return frame
    context = {key: value for key, value in message.context.items() if key != SENDER}
    return replace(message, context=context).serialize()


class BusClient:
    """One program's place on the bus. `run` has to be running, as a task, for `emit` to send anything.

    `verify` may refuse the bus at the other end of each new connection; see `bus.client.websocket.Verify`.
    """

    def __init__(self, url: str, verify: Verify = lambda _: None) -> None:
        self.url = url
        self._verify = verify
        self._socket: WebSocket | None = None
        self._connected = asyncio.Event()
        self._unheard: deque[tuple[int, str]] = deque(maxlen=UNHEARD_LIMIT)
        """Hash and type of what the bus has not relayed yet; it relays to the sender, too, and in order."""
        self._patterns: Sequence[str] = ()
        self._hears = matcher(("*",))

    async def run(
        self, handle: Handler, observe: Observer = lambda *_: None, patterns: Sequence[str] = ()
    ) -> None:
        """Hands every message to `handle`, one after the other, and connects again for ever.

        With `patterns`, our bus sends only the types that match one, and what is for this client alone. A new
        connection shows as the message `connected`, which the bus sends first. `observe` hears what happens below
        the messages. What `handle` raises ends it.
        """
        self._patterns = patterns
        # Two tasks, so that a handler that emits while the bus is away does not keep us from coming back to it.
        inbox: asyncio.Queue[Message] = asyncio.Queue(INBOX_LIMIT)
        tasks = {
            asyncio.create_task(self._stay_connected(inbox, observe)),
            asyncio.create_task(_handle_all(inbox, handle)),
        }
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
        message, a warning names its type; unless that is a type which this client does not hear.
        What has no session gets this device's own; OVOS programs log a warning for each message without one.
        """
        frame = replace(message, context={"session": {"session_id": "default"}, **message.context}).serialize()
        sent = (hash(frame), message.msg_type)
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self._connected.wait()
                    assert self._socket is not None, "connected without a socket"
                    self._await_echo(sent)
                    with contextlib.suppress(BusUnavailableError):
                        await self._socket.send(frame)
                        return
                    with contextlib.suppress(ValueError):
                        self._unheard.remove(sent)  # it is not lost, we send it again
                    self._connected.clear()
        except TimeoutError:
            raise BusUnavailableError(f"{message.msg_type} was not sent: no bus at {self.url}") from None

    async def _stay_connected(self, inbox: asyncio.Queue[Message], observe: Observer) -> None:
        retry_s = RETRY_FIRST_S
        while True:
            try:
                async with open_socket(self.url, self._verify) as socket:
                    _LOGGER.info("connected to %s", self.url)
                    retry_s = RETRY_FIRST_S
                    await self._serve(socket, inbox, observe)
                raise BusUnavailableError(f"the bus closed the connection ({socket.close_code}){self._lost()}")
            except BusUnavailableError as error:
                # Loud once per outage; after that it is no news.
                _LOGGER.log(logging.WARNING if retry_s == RETRY_FIRST_S else logging.DEBUG, "%s", error)
                observe("error", error)
            await asyncio.sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311  # jitter, no secret
            retry_s = min(retry_s * 2, RETRY_MAX_S)
            observe("reconnecting")

    async def _serve(self, socket: WebSocket, inbox: asyncio.Queue[Message], observe: Observer) -> None:
        self._socket = socket
        self._hears = matcher(self._patterns or ("*",))
        if self._patterns:
            await socket.send(Message(SUBSCRIBE.name, {"patterns": list(self._patterns)}).serialize())
        self._connected.set()
        observe("open")
        try:
            async for frame in socket:
                try:
                    message = Message.deserialize(frame)
                except FrameError as error:  # encrypted, or relayed by another bus, which relays anything
                    _LOGGER.debug("ignored a frame: %s", error)
                    continue
                if self._unheard:
                    self._take_echo((hash(as_sent(frame, message)), message.msg_type))
                observe("message", frame)
                await inbox.put(message)
        finally:
            self._connected.clear()
            observe("close")

    def _await_echo(self, sent: tuple[int, str]) -> None:
        if sent[1] == SUBSCRIBE.name:
            self._hears = matcher(())
            self._unheard.clear()
        if self._hears(sent[1]) and not sent[1].startswith("bus."):  # which the bus answers, and does not relay
            self._unheard.append(sent)

    def _take_echo(self, heard: tuple[int, str]) -> None:
        """What was sent before has arrived as well; what the bus has refused of it was told."""
        if heard in self._unheard:
            while self._unheard.popleft() != heard:
                pass

    def _lost(self) -> str:
        """What the end of a connection may have cost, in words."""
        types = Counter(msg_type for _, msg_type in self._unheard)
        self._unheard.clear()
        named = ", ".join(f"{count} {msg_type}" for msg_type, count in types.most_common(10))
        return f"; these may not have arrived: {named}" if named else ""


async def _handle_all(inbox: asyncio.Queue[Message], handle: Handler) -> None:
    while True:
        await handle(await inbox.get())
