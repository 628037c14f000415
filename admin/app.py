"""Puts the admin service together: the host behind D-Bus, the list of actions, the bus."""

import asyncio
import logging
from pathlib import Path

from admin.actions import ACTIONS
from admin.dbus.system import SystemBus
from admin.host import Host
from admin.service import AdminService
from admin.trust import NO_OTHER_BUS, verify_listener
from admin.unfinished import Unfinished
from bus.client.client import BusClient
from bus.client.dispatch import Dispatcher
from bus.daemon.runner import notify, watched

_LOGGER = logging.getLogger(__name__)


async def admin(bus_url: str, dbus_address: str | None, runtime_folder: Path | None) -> None:
    """Runs the admin service until it is cancelled. If one part ends, all end."""
    if bus_url.startswith("unix:"):
        bus = BusClient(bus_url, verify_listener, NO_OTHER_BUS)
    else:
        _LOGGER.warning("the user who runs the bus at %s is not verified: for development only", bus_url)
        bus = BusClient(bus_url)
    dispatcher = Dispatcher(bus.emit)
    async with SystemBus(dbus_address) as system, asyncio.TaskGroup() as group:
        AdminService(ACTIONS, Host.on(system), dispatcher, bus.emit, group, unfinished=Unfinished(runtime_folder))
        group.create_task(system.lost())
        group.create_task(bus.run(watched(dispatcher), patterns=dispatcher.patterns))
        notify("READY=1")
