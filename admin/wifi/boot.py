"""The setup that begins by itself, on a device that knows no network."""

import asyncio
import logging
from pathlib import Path
from typing import Protocol

from admin.errors import HostError
from admin.service import AdminService
from admin.wifi.radio import Link
from bus.contract import ours as topics

GRACE_S = 30.0
"""How long a cable may take to give an address."""

DONE = "looked-for-a-network"
"""A file of the service's folder in /run: that was done since the start of the machine."""

_LOGGER = logging.getLogger(__name__)


class Networks(Protocol):
    """What is known of networks. Each method may raise HostError."""

    async def knows_networks(self) -> bool:
        """Whether the device joins one by itself, once it is in range."""

    async def link(self) -> Link:
        """What the device is connected to."""


async def set_up_at_boot(host: Networks, service: AdminService, folder: Path | None) -> None:
    """Starts a setup where the device knows no network and is in none; once after each start of the machine.

    One that knows a network is left alone: its router may start later than it does.
    """
    if folder and (folder / DONE).exists():
        return
    await asyncio.sleep(GRACE_S)
    try:
        wanted = not (await host.knows_networks() or (await host.link()).network)
    except HostError as error:
        _LOGGER.debug("no wifi setup: %s", error)
        return
    if folder:
        (folder / DONE).touch()
    if wanted:
        _LOGGER.info("the device knows no network and is in none: the wifi setup begins")
        service.begin(topics.WIFI_SETUP, lang=None, allow_timeout=False)
