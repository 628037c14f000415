"""What follows a start of the machine without a network: the setup, or a hint where a network is known."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Protocol

from admin.errors import HostError
from admin.service import AdminService
from admin.wifi.radio import Link
from bus.client.dispatch import Emit
from bus.contract import ours as topics
from bus.errors import BusUnavailableError
from bus.message import Message

GRACE_S = 30.0
"""How long a cable may take to give an address."""

KNOWN_GRACE_S = 120.0
"""How long a known network may take: after a loss of power the router starts later than the device."""

DONE = "looked-for-a-network"
"""A file of the service's folder in /run: that was done since the start of the machine."""

_LOGGER = logging.getLogger(__name__)


class Networks(Protocol):
    """What is known of networks. Each method may raise HostError."""

    async def knows_networks(self) -> bool:
        """Whether the device joins one by itself, once it is in range."""

    async def link(self) -> Link:
        """What the device is connected to."""


async def help_at_boot(host: Networks, service: AdminService, emit: Emit, folder: Path | None, lang: str) -> None:
    """Helps a device that is in no network; once after each start of the machine.

    A setup begins where it knows none; where it knows one, which may come back, only a hint is given.
    """
    if folder and (folder / DONE).exists():
        return
    await asyncio.sleep(GRACE_S)
    try:
        known = await host.knows_networks()
        if known:
            await asyncio.sleep(KNOWN_GRACE_S - GRACE_S)
        connected = (await host.link()).network
    except HostError as error:
        _LOGGER.debug("no wifi setup: %s", error)
        return
    if folder:
        (folder / DONE).touch()
    if connected:
        return
    if known:
        _LOGGER.info("the device is in none of the networks that it knows")
        with contextlib.suppress(BusUnavailableError):  # then there is no voice either
            await emit(Message(topics.WIFI_NOT_CONNECTED.name, {"lang": lang}))
    else:
        _LOGGER.info("the device knows no network and is in none: the wifi setup begins")
        service.begin(topics.WIFI_SETUP, lang=None, allow_timeout=False)
