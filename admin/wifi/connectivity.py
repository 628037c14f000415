"""Reports whether the device is in a network and in the internet, as OVOS' plugin for that does."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Protocol

from admin.errors import HostError
from admin.wifi.radio import Link
from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message

RETRY_S = 30.0
"""How often NetworkManager is looked for where it is not running."""

_LOGGER = logging.getLogger(__name__)


class Links(Protocol):
    """The connection of the device. Each method may raise HostError."""

    def links(self) -> AsyncGenerator[Link]:
        """The connection now, and whenever something may have changed."""

    async def check_link(self) -> Link:
        """The connection, after a new check."""


class Connectivity:
    """Reports changes, and answers questions. `run` has to be running, as a task."""

    def __init__(self, host: Links, dispatcher: Dispatcher, emit: Emit) -> None:
        self.link: Link | None = None
        """The last one; None where NetworkManager does not run."""
        self._host = host
        self._emit = emit
        dispatcher.on(topics.INTERNET_CHECK, self._on_check)
        dispatcher.on(topics.CONNECTED, self._on_connected)

    async def run(self) -> None:
        """Reports until cancelled."""
        while True:
            try:
                await self._follow()
            except HostError as error:
                _LOGGER.log(logging.INFO if self.link else logging.DEBUG, "connectivity is not known: %s", error)
                self.link = None
            await asyncio.sleep(RETRY_S)

    async def _follow(self) -> None:
        async with contextlib.aclosing(self._host.links()) as links:
            async for link in links:
                before, self.link = self.link, link
                if link != before:
                    await self._report(before, link)

    async def _report(self, before: Link | None, link: Link) -> None:
        try:
            for topic, data in _reports(before, link):
                await self._emit(Message(topic.name, data))
        except BusUnavailableError as error:
            _LOGGER.debug("not reported: %s", error)  # they are when there is a bus, see _on_connected

    async def _on_connected(self, _: Message) -> None:
        if self.link:
            await self._report(None, self.link)

    async def _on_check(self, message: Message) -> None:
        link = await self._host.check_link()
        data = {"internet_connected": link.internet, "network_connected": link.network}
        await self._emit(message.response(data))


def _reports(before: Link | None, link: Link) -> Iterator[tuple[Topic, dict[str, Any]]]:
    """The messages for a change, in the order of OVOS' plugin; `before` is None at the start."""
    if link.network and not (before and before.network):
        yield topics.NETWORK_CONNECTED, {}
    if link.internet and not (before and before.internet):
        yield topics.INTERNET_CONNECTED, {}
    if before and before.internet and not link.internet:
        yield topics.INTERNET_DISCONNECTED, {}
    if before and before.network and not link.network:
        yield topics.NETWORK_DISCONNECTED, {}
    if before and before.internet and not link.internet:  # at the start it may be about to come
        yield topics.NO_INTERNET, {}
    yield topics.INTERNET_STATE, _state(link.internet)
    yield topics.NETWORK_STATE, _state(link.network)


def _state(connected: bool) -> dict[str, str]:
    return {"state": "connected" if connected else "disconnected"}
