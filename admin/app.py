"""Puts the admin service together: the host behind D-Bus, the list of actions, the bus."""

import asyncio
import logging
from functools import partial

from admin.actions import ACTIONS, Action, Host
from admin.dbus.logind import Logind
from admin.dbus.system import SystemBus
from admin.dbus.systemd import Systemd
from admin.dbus.timedate import Timedate
from admin.errors import HostError
from bus.client.client import BusClient
from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.daemon.runner import notify
from bus.errors import BusUnavailableError
from bus.message import Message

_LOGGER = logging.getLogger(__name__)


class DBusHost:
    """The Host port on the machine's own services."""

    def __init__(self, bus: SystemBus) -> None:
        logind, systemd, timedate = Logind(bus), Systemd(bus), Timedate(bus)
        self.reboot = logind.reboot
        self.power_off = logind.power_off
        self.enable_ssh = systemd.enable_ssh
        self.disable_ssh = systemd.disable_ssh
        self.ssh_enabled = systemd.ssh_enabled
        self.synchronise_clock = timedate.synchronise


class Actions:
    """Carries out actions, each in a task of its own, so that a slow one does not hold up the bus.

    An action that is under way is not started a second time. Every request is acknowledged before and reported
    after; a failure is ``<type>.failed {"error"}``.
    """

    def __init__(self, host: Host, dispatcher: Dispatcher, emit: Emit, group: asyncio.TaskGroup) -> None:
        self._host = host
        self._emit = emit
        self._group = group
        self._running: set[str] = set()
        for action in ACTIONS:
            dispatcher.on(action.request, partial(self._start, action))
        for topic in (topics.ADMIN_IS_ALIVE, topics.ADMIN_IS_READY, topics.ADMIN_ALL_LOADED):
            dispatcher.on(topic, self._on_status)

    async def _start(self, action: Action, message: Message) -> None:
        name = action.request.name
        _LOGGER.info("%s asked for by %r", name, message.context.get("source", "?"))
        if name in self._running:
            await self._emit(message.reply(f"{name}.failed", {"error": "already under way"}))
            return
        self._running.add(name)
        self._group.create_task(self._carry_out(action, message))

    async def _on_status(self, message: Message) -> None:
        await self._emit(message.response({"status": True}))

    async def _carry_out(self, action: Action, message: Message) -> None:
        name = action.request.name
        try:
            if action.before:
                await self._emit(message.reply(action.before.name))
            try:
                report = await action.perform(self._host)
            except HostError as error:
                _LOGGER.warning("%s failed: %s", name, error)
                await self._emit(message.reply(f"{name}.failed", {"error": str(error)}))
            else:
                for topic in action.after:
                    await self._emit(message.reply(topic.name, report))
        except BusUnavailableError as error:
            _LOGGER.warning("%s: %s", name, error)
        finally:
            self._running.discard(name)


async def admin(bus_url: str, dbus_address: str | None) -> None:
    """Runs the admin service until it is cancelled; a part of it that ends takes the whole down."""
    bus = BusClient(bus_url)
    dispatcher = Dispatcher(bus.emit)
    async with SystemBus(dbus_address) as system, asyncio.TaskGroup() as group:
        Actions(DBusHost(system), dispatcher, bus.emit, group)
        group.create_task(system.lost())
        group.create_task(bus.run(dispatcher, patterns=dispatcher.patterns))
        notify("READY=1")
