"""What follows a start of the machine without a network: the setup, or a hint where a network is known."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Protocol

from admin.errors import HostError
from admin.service import AdminService
from admin.wifi.radio import Link
from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.errors import BusUnavailableError
from bus.message import Message, is_local

GRACE_S = 30.0
"""How long a cable may take to give an address."""

KNOWN_GRACE_S = 120.0
"""How long a known network may take: after a loss of power the router starts later than the device."""

SPEECH_BEGINS_S = 15.0
"""How long the introduction may take to begin; a Pi 3 needs some seconds for its sentences. Without an assistant
there is none."""

SPEECH_ENDS_S = 60.0
"""How long the introduction may be spoken."""

PAUSE_S = 2.0
"""Between the introduction and the setup; as in mycroft-core."""

DONE = "looked-for-a-network"
"""A file of the service's folder in /run: that was done since the start of the machine."""

_LOGGER = logging.getLogger(__name__)


class Networks(Protocol):
    """What is known of networks. Each method may raise HostError."""

    async def knows_networks(self) -> bool:
        """Whether the device joins one by itself, once it is in range."""

    async def link(self) -> Link:
        """What the device is connected to."""


class BootHelper:
    """Helps a device that is in no network; once after each start of the machine.

    A setup begins where it knows none; where it knows one, which may come back, only a hint is given.
    """

    def __init__(self, host: Networks, service: AdminService, dispatcher: Dispatcher, emit: Emit) -> None:
        self._host = host
        self._service = service
        self._emit = emit
        self._speech_began = asyncio.Event()
        self._speech_ended = asyncio.Event()
        dispatcher.on(topics.AUDIO_OUTPUT_START, self._on_speech_began)
        dispatcher.on(topics.AUDIO_OUTPUT_END, self._on_speech_ended)

    async def run(self, folder: Path | None, lang: str) -> None:
        """Helps where it is needed, unless `folder` says that this was done."""
        if folder and (folder / DONE).exists():
            return
        try:
            wants_setup = await self._wants_setup(lang)
        except HostError as error:
            _LOGGER.debug("no wifi setup: %s", error)
            return
        if folder:
            (folder / DONE).touch()
        if wants_setup:
            _LOGGER.info("the device knows no network and is in none: the wifi setup begins")
            self._service.begin(topics.WIFI_SETUP, lang=None, allow_timeout=False)

    async def _wants_setup(self, lang: str) -> bool:
        """Whether a setup is to begin; the enclosure has introduced it, or given a hint. Raises HostError."""
        await asyncio.sleep(GRACE_S)
        known = await self._host.knows_networks()
        if known:
            await asyncio.sleep(KNOWN_GRACE_S - GRACE_S)
        if (await self._host.link()).network:
            return False
        self._speech_began.clear()
        with contextlib.suppress(BusUnavailableError):  # then there is no voice either
            await self._emit(Message(topics.WIFI_NOT_CONNECTED.name, {"known": known, "lang": lang}))
        if known:
            _LOGGER.info("the device is in none of the networks that it knows")
            return False
        await self._introduction()
        return not (await self._host.link()).network  # a cable, as the introduction asks for

    async def _introduction(self) -> None:
        """Returns when it has been spoken; at the latest after SPEECH_BEGINS_S where there is no assistant."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SPEECH_BEGINS_S):
                await self._speech_began.wait()
            async with asyncio.timeout(SPEECH_ENDS_S):
                await self._speech_ended.wait()
            await asyncio.sleep(PAUSE_S)

    async def _on_speech_began(self, message: Message) -> None:
        if is_local(message):
            self._speech_began.set()
            self._speech_ended.clear()

    async def _on_speech_ended(self, message: Message) -> None:
        if is_local(message):
            self._speech_ended.set()
