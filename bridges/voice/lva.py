"""The WebSocket to linux-voice-assistant."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from bridges.voice.assistant import Assistant, SatelliteRequest
from bridges.voice.config import LocalAddress
from bridges.voice.errors import SatelliteError
from bridges.voice.peripheral import MAX_SIZE, Peripheral, command, registration
from bus.client.backoff import STABLE_S, Backoff
from bus.client.websocket import WebSocket
from bus.daemon.token_bucket import TokenBucket
from bus.errors import BusUnavailableError

RETRY_FIRST_S = 0.25
RETRY_MAX_S = 1.0
"""linux-voice-assistant waits 2 s for lights to register, before Home Assistant asks for them."""

EVENTS_PER_S = 20
EVENTS_BURST = 40
"""A colour wheel that is dragged sends some ten in a second; faster events are read more slowly."""

MAX_WAITING = 20
"""Requests that wait for the satellite."""

_LOGGER = logging.getLogger(__name__)


class PeripheralLink:
    """Stays connected to the peripheral API. `changed` is called after each change of the assistant."""

    def __init__(self, address: LocalAddress, assistant: Assistant, changed: Callable[[], None]) -> None:
        self._url = f"ws://[{address.host}]:{address.port}/" if ":" in address.host else f"ws://{address}/"
        self._assistant = assistant
        self._changed = changed
        self._socket: WebSocket | None = None
        self._requests: asyncio.Queue[SatelliteRequest] = asyncio.Queue(MAX_WAITING)

    def request(self, request: SatelliteRequest) -> None:
        """Sends a request; drops it while there is no connection."""
        try:
            self._requests.put_nowait(request)
        except asyncio.QueueFull:
            _LOGGER.debug("%s is dropped", request.name)

    async def run(self) -> None:
        """Runs until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_connected())
            group.create_task(self._send_requests())

    async def _stay_connected(self) -> None:
        backoff = Backoff(RETRY_FIRST_S, RETRY_MAX_S)
        while True:
            connected = False
            try:
                socket = await WebSocket.open(self._url, name="satellite", max_size=MAX_SIZE)
                connected = True
                _LOGGER.log(logging.INFO if backoff.connected() else logging.DEBUG, "connected to the satellite")
                await self._serve(socket, backoff)
            except (BusUnavailableError, SatelliteError) as error:
                retry_s, log = backoff.failed(connected=connected)
                _LOGGER.log(logging.WARNING if log else logging.DEBUG, "%s", error)
            await asyncio.sleep(retry_s)

    async def _serve(self, socket: WebSocket, backoff: Backoff) -> None:
        """Serves a connection until its end. Raises BusUnavailableError or SatelliteError."""
        stable = asyncio.get_running_loop().call_later(STABLE_S, backoff.stable)
        try:
            await socket.send(registration())
            self._socket = socket
            self._assistant.found()
            await self._read(socket)
        finally:
            stable.cancel()
            self._socket = None
            socket.abort()
            self._assistant.lost()
            self._changed()
        raise BusUnavailableError(socket.end)

    async def _read(self, socket: WebSocket) -> None:
        peripheral = Peripheral(self._assistant)
        pace = TokenBucket(EVENTS_PER_S, EVENTS_BURST)
        clock = asyncio.get_running_loop().time
        while (text := await socket.receive()) is not None:
            peripheral.read(text)
            self._changed()
            await asyncio.sleep(pace.take(1, clock()))

    async def _send_requests(self) -> None:
        while True:
            request = await self._requests.get()
            if self._socket is not None:
                with contextlib.suppress(BusUnavailableError):  # whose end the other task sees, too
                    await self._socket.send(command(request))
