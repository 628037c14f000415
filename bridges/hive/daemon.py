"""Puts the bridge together: the bus on one side, the hub on the other."""

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bridges.hive.config import Hub
from bridges.hive.errors import HubError, PasswordError, WrongHubError
from bridges.hive.frames import MAX_MESSAGE
from bridges.hive.hub import Connection, Identity, connect, tls_context
from bridges.hive.mapping import SOURCE, Relay, Rights
from bridges.hive.pairing import Pairing
from bridges.outbox import FRESH_S, Outbox
from bus.client.backoff import STABLE_S, Backoff
from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.daemon.runner import notify, watched
from bus.daemon.token_bucket import TokenBucket
from bus.errors import BusUnavailableError, FrameError
from bus.message import Message, clip

RETRY_FIRST_S = 1.0
RETRY_MAX_S = 60.0

AWAY_S = 10.0
"""A hub that restarts is back sooner; one that is away for longer is shown on the face."""

AWAY, BACK = "HUB IS AWAY", "HUB IS BACK"

READ_S = 5.0
"""A text of a few words has scrolled over the mouth by then."""

REQUESTS_PER_S = 50
REQUESTS_BURST = 200
"""Visemes of a sentence come one by one, some twenty in a second."""

FLOOD_LOG_INTERVAL_S = 60.0

MAX_WAITING = 100
"""Messages that wait for the hub, each of at most MAX_MESSAGE bytes."""

MAX_REASONS = 8
"""Reasons why there is no connection that are logged once in an outage."""

_MENDS = {
    WrongHubError: "; if you have set it up again, pair this device with it: sudo mycroft-hive pair",
    PasswordError: "; if you have changed it there, pair this device again: sudo mycroft-hive pair",
}

_LOGGER = logging.getLogger(__name__)


class Link(Protocol):
    """What the bridge needs of a connection to the hub."""

    async def send(self, message: bytes) -> None:
        """Sends a HiveMessage. Raises HubError."""

    async def receive(self) -> bytes:
        """The next HiveMessage. Raises HubError at the end."""


Connect = Callable[[], AbstractAsyncContextManager[Link]]
"""Makes a connection on which both sides have proved who they are; entering it raises HubError."""


class Bridge:
    """Sends the requests of the hub to the bus, and answers and reports of the device to the hub."""

    def __init__(self, bus: BusClient, connect: Connect, relay: Relay) -> None:
        self._bus = bus
        self._connect = connect
        self._relay = relay
        self._is_connected = False
        self._is_away_shown = False
        self._bucket = TokenBucket(REQUESTS_PER_S, REQUESTS_BURST)
        self._flood_log = TokenBucket(1 / FLOOD_LOG_INTERVAL_S, 1)
        self._bus_lost_s: float | None = None
        """Since when the bus is away; None while it is there."""
        self._own = Outbox(bus)
        """Messages of the bridge itself for the bus."""
        self._next_away_s = 0.0
        self._to_hub: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)

    async def run(self) -> None:
        """Runs until cancelled, and connects to both sides again and again."""
        self._bus_lost_s = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(
                self._bus.run(watched(self._on_bus_message), self._observe_bus, patterns=self._relay.patterns)
            )
            group.create_task(self._stay_connected())
            group.create_task(self._own.run())
            notify("READY=1")

    # The bus.

    def _observe_bus(self, what: str, *_: object) -> None:
        if what in ("open", "close"):
            self._bus_lost_s = asyncio.get_running_loop().time() if what == "close" else None

    async def _on_bus_message(self, message: Message) -> None:
        if message.msg_type == topics.CONNECTED.name:
            self._introduce()
            return
        for hive_message in self._relay.up(message):
            if not self._is_connected:
                if message.msg_type in topics.UTTERANCE.names:
                    self._show_away()
            elif len(hive_message) > MAX_MESSAGE:
                _LOGGER.warning("%s is not sent to the hub: more than %d bytes", message.msg_type, MAX_MESSAGE)
            elif self._to_hub.full():
                _LOGGER.warning("%s is dropped: the hub is slower than the bus", message.msg_type)
            else:
                self._to_hub.put_nowait(hive_message)

    def _introduce(self) -> None:
        """Has the state of the device sent to the hub, whose programs learn its name from the first message."""
        if self._is_connected and self._bus_lost_s is None:
            self._own.put(Message(topics.VOLUME_GET.name, {}, {"source": SOURCE}))

    def _show_away(self) -> None:
        """Shows on the face that the hub is away; not more often than it can be read."""
        now = asyncio.get_running_loop().time()
        if now >= self._next_away_s:
            self._next_away_s = now + READ_S
            self._is_away_shown = True
            self._show(AWAY)

    def _show(self, text: str) -> None:
        self._own.put(Message(topics.MOUTH_TEXT.name, {"text": text, "repeat": False}, {"source": SOURCE}))

    async def _say(self, message: Message) -> None:
        """Sends a request of the hub. One after the other, they wait FRESH_S in all for a bus that is away."""
        away_s = 0.0 if self._bus_lost_s is None else asyncio.get_running_loop().time() - self._bus_lost_s
        try:
            await self._bus.emit(message, max(0.0, FRESH_S - away_s))
        except BusUnavailableError as error:
            _LOGGER.warning("%s", error)

    # The hub.

    async def _stay_connected(self) -> None:
        backoff = Backoff(RETRY_FIRST_S, RETRY_MAX_S)
        loop = asyncio.get_running_loop()
        logged: deque[str] = deque(maxlen=MAX_REASONS)
        away = loop.call_later(AWAY_S, self._show_away)
        while True:
            try:
                async with self._connect() as link:
                    away.cancel()
                    _LOGGER.log(logging.INFO if backoff.connected() else logging.DEBUG, "connected to the hub")
                    await self._serve(link, backoff)
            except HubError as error:
                text = f"{error}{_MENDS.get(type(error), '')}"
            connected, self._is_connected = self._is_connected, False
            retry_s, log = backoff.failed(connected=connected)
            _LOGGER.log(logging.WARNING if log or text not in logged else logging.DEBUG, "%s", text)
            logged.append(text)
            if connected:
                away = loop.call_later(AWAY_S, self._show_away)
            await asyncio.sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311  # jitter, no secret

    async def _serve(self, link: Link, backoff: Backoff) -> None:
        """Sends and receives until the connection ends; raises HubError."""
        self._to_hub = asyncio.Queue(MAX_WAITING)
        self._is_connected = True
        if self._is_away_shown:
            self._is_away_shown = False
            self._show(BACK)
        self._introduce()
        stable = asyncio.get_running_loop().call_later(STABLE_S, backoff.stable)
        tasks = {asyncio.create_task(self._send_to_hub(link)), asyncio.create_task(self._receive(link))}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            stable.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _send_to_hub(self, link: Link) -> None:
        while True:
            await link.send(await self._to_hub.get())

    async def _receive(self, link: Link) -> None:
        while True:
            raw = await link.receive()
            now = asyncio.get_running_loop().time()
            if not self._bucket.spend(now):
                if self._flood_log.spend(now):
                    _LOGGER.warning(
                        "the hub sends more than %d messages a second: some are dropped", REQUESTS_PER_S
                    )
                continue
            try:
                message = self._relay.down(raw)
            except FrameError as error:
                _LOGGER.warning("a message of the hub is dropped: %s", clip(str(error)))
                continue
            if message is not None:
                await self._say(message)


async def bridge(bus_url: str, hub: Hub, rights: Rights, pairing: Pairing) -> None:
    """Runs the bridge until it is cancelled. Raises ConfigError."""
    tls = tls_context(hub)
    static, psk, hub_key = (bytes.fromhex(text) for text in (pairing.static, pairing.psk, pairing.hub_key))

    @contextlib.asynccontextmanager
    async def connect_() -> AsyncIterator[Connection]:
        async with connect(hub, pairing.access_key, tls) as connection:
            await connection.shake_hands(static, psk, hub_key, Identity(pairing.session_id, rights.site))
            yield connection

    await Bridge(BusClient(bus_url), connect_, Relay(rights, pairing.session_id)).run()
