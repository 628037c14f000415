"""Puts the bridge together: the bus on one side, the satellite on the other."""

import asyncio
import contextlib
import math
from collections.abc import Callable
from typing import Protocol

from bridges.outbox import Outbox
from bridges.voice.assistant import Assistant, SatelliteRequest
from bridges.voice.config import LocalAddress, Wyoming
from bridges.voice.lva import PeripheralLink
from bridges.voice.services import WyomingServices
from bus.client.client import BusClient
from bus.daemon.runner import notify, watched
from bus.message import Message

NO_PROXY = "the satellite cannot be asked: voice.wake_uri is not set"
NO_WAY = "a wyoming-satellite cannot be asked for it"


class Satellite(Protocol):
    """What the bridge needs of a satellite."""

    async def run(self) -> None:
        """Runs until cancelled."""

    def request(self, request: SatelliteRequest) -> None:
        """Sends a request, if there is a connection."""


Connect = Callable[[Assistant, Callable[[], None]], contextlib.AbstractAsyncContextManager[Satellite]]
"""Makes a satellite that reports to an assistant, and calls after each report."""


class Bridge:
    """Sends the messages of the assistant to the bus, and its requests to the satellite."""

    def __init__(self, bus: BusClient, assistant: Assistant, connect: Connect) -> None:
        self._bus = bus
        self._assistant = assistant
        self._connect = connect
        self._outbox = Outbox(bus)
        self._satellite: Satellite | None = None
        self._tick: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Runs until cancelled. Raises ListenError."""
        async with (
            self._connect(self._assistant, self._on_change) as self._satellite,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._bus.run(watched(self._on_bus_message), patterns=self._assistant.patterns))
            group.create_task(self._outbox.run())
            group.create_task(self._satellite.run())
            notify("READY=1")

    async def _on_bus_message(self, message: Message) -> None:
        self._assistant.read(message)
        self._on_change()

    def _on_change(self) -> None:
        """Sends all messages and requests after a change, also those that sending causes."""
        assert self._satellite is not None
        while self._assistant.requests or self._assistant.messages:
            requests, self._assistant.requests = self._assistant.requests, []
            for request in requests:
                self._satellite.request(request)
            messages, self._assistant.messages = self._assistant.messages, []
            for message in messages:
                self._outbox.put(message)
        if self._tick is not None:
            self._tick.cancel()
        if self._assistant.next_at < math.inf:
            self._tick = asyncio.get_running_loop().call_at(self._assistant.next_at, self._on_tick)

    def _on_tick(self) -> None:
        self._assistant.tick()
        self._on_change()


def cannot(satellite: LocalAddress | Wyoming) -> dict[SatelliteRequest, str]:
    """The requests that a satellite cannot carry out, each with the reason."""
    if isinstance(satellite, LocalAddress):
        return {}
    by_proxy = {SatelliteRequest.LISTEN, SatelliteRequest.MUTE, SatelliteRequest.UNMUTE}
    if satellite.wake is not None:
        return dict.fromkeys({*SatelliteRequest} - by_proxy, NO_WAY)
    return {request: NO_PROXY if request in by_proxy else NO_WAY for request in SatelliteRequest}


async def bridge(bus_url: str, satellite: LocalAddress | Wyoming) -> None:
    """Runs the bridge until it is cancelled. Raises ListenError."""

    def connect(
        assistant: Assistant, changed: Callable[[], None]
    ) -> contextlib.AbstractAsyncContextManager[Satellite]:
        if isinstance(satellite, Wyoming):
            return WyomingServices(satellite, assistant, changed)
        return contextlib.nullcontext(PeripheralLink(satellite, assistant, changed))

    assistant = Assistant(asyncio.get_running_loop().time, cannot(satellite))
    await Bridge(BusClient(bus_url), assistant, connect).run()
