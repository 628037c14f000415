"""Puts the admin service together: the host behind D-Bus, the list of actions, the bus."""

import asyncio
import contextlib
import logging
from pathlib import Path

from admin.actions import ACTIONS
from admin.config import AdminSettings
from admin.dbus.system import SystemBus
from admin.errors import HostError
from admin.host import Host
from admin.service import AdminService
from admin.trust import NO_OTHER_BUS, verify_listener
from admin.unfinished import Unfinished
from admin.wifi.boot import BootHelper
from admin.wifi.connectivity import Connectivity
from admin.wifi.ovos import PATTERNS as OVOS_PATTERNS
from admin.wifi.ovos import OvosClient
from bus.client.client import BusClient
from bus.client.dispatch import Dispatcher
from bus.daemon.runner import notify, watched

_LOGGER = logging.getLogger(__name__)


async def admin(
    bus_url: str, dbus_address: str | None, runtime_folder: Path | None, settings: AdminSettings, lang: str
) -> None:
    """Runs the admin service until it is cancelled. If one part ends, all end."""
    if bus_url.startswith("unix:"):
        bus = BusClient(bus_url, verify_listener, NO_OTHER_BUS)
    else:
        _LOGGER.warning("the user who runs the bus at %s is not verified: for development only", bus_url)
        bus = BusClient(bus_url)
    async with SystemBus(dbus_address) as system:
        await admin_on(bus, system, runtime_folder, settings, lang)


async def admin_on(
    bus: BusClient, system: SystemBus, runtime_folder: Path | None, settings: AdminSettings, lang: str
) -> None:
    """Runs the admin service on connections to the two buses."""
    dispatcher = Dispatcher(bus.emit)
    host = Host.on(system, settings, runtime_folder, lang)
    with contextlib.suppress(HostError):  # without NetworkManager there is none
        await host.network.close(restore=False)  # the access point of a daemon that was killed
    # Two groups, so that an action which a stop ends still reports its end.
    async with asyncio.TaskGroup() as connections, asyncio.TaskGroup() as actions:
        unfinished = Unfinished(runtime_folder)
        service = AdminService(ACTIONS, host, dispatcher, bus.emit, actions, unfinished=unfinished)
        connectivity = Connectivity(host.network, dispatcher, bus.emit)
        OvosClient(service, connectivity, dispatcher, bus.emit)
        actions.create_task(service.run())
        if settings.wifi.setup_at_boot:
            helper = BootHelper(host.network, service, dispatcher, bus.emit)
            actions.create_task(helper.run(runtime_folder, lang))
        connections.create_task(system.lost())
        connections.create_task(bus.run(watched(dispatcher), patterns=[*dispatcher.patterns, *OVOS_PATTERNS]))
        connections.create_task(connectivity.run())
        notify("READY=1")
