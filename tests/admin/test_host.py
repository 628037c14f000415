"""The actions on a real D-Bus; python-dbusmock stands in for the services behind it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from admin import host as admin_host
from admin.actions import ACTIONS
from admin.dbus.networkmanager import NetworkManager
from admin.dbus.system import Remote, SystemBus
from admin.errors import HostError
from admin.service import AdminService
from admin.unfinished import Unfinished
from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.message import Message
from tests.admin.conftest import UNCLOSED

pytestmark = [pytest.mark.real_time, UNCLOSED]

SYSTEMD = Remote("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")


class Daemon:
    """The admin service on a D-Bus, and what it emits."""

    def __init__(self, system: SystemBus, group: asyncio.TaskGroup) -> None:
        self._emitted: asyncio.Queue[Message] = asyncio.Queue()
        self._dispatcher = Dispatcher(self._emitted.put)
        AdminService(
            *(ACTIONS, admin_host.Host.on(system), self._dispatcher, self._emitted.put, group),
            unfinished=Unfinished(None),
        )

    async def ask(self, msg_type: str, answers: int) -> list[tuple[str, dict[str, Any]]]:
        sender = {"uid": os.getuid(), "pid": None, "process": None}
        await self._dispatcher(Message(msg_type, {}, {"source": "ann", topics.SENDER: sender}))
        messages = [await self._emitted.get() for _ in range(answers)]
        assert all(message.context["destination"] == "ann" for message in messages)
        return [(message.msg_type, message.data) for message in messages]


@pytest.fixture
async def daemon(system: SystemBus) -> AsyncIterator[Daemon]:
    async with asyncio.TaskGroup() as group:
        yield Daemon(system, group)


@pytest.mark.parametrize(
    ("request_", "call", "answers"),
    [
        ("system.reboot", "Reboot False", [("system.reboot.start", {})]),
        ("system.shutdown", "PowerOff False", [("system.shutdown.start", {})]),
        (
            "system.ntp.sync",
            "SetNTP True False",
            [("system.ntp.syncing", {}), ("system.ntp.sync.complete", {}), ("system.clock.synced", {})],
        ),
    ],
)
async def test_an_action_calls_its_service_and_reports(
    daemon: Daemon, capfd: pytest.CaptureFixture[str], request_: str, call: str, answers: list[Any]
) -> None:
    assert await daemon.ask(request_, len(answers)) == answers
    printed = ""
    async with asyncio.timeout(10):
        while call not in printed:
            printed += capfd.readouterr().out
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", ["system.ssh.{}", "mycroft.{}.ssh"], ids=["OVOS", "old"])
async def test_ssh_is_enabled_and_disabled_under_either_name(daemon: Daemon, name: str) -> None:
    status = "system.ssh.status"
    assert await daemon.ask(status, 1) == [("system.ssh.status.response", {"enabled": False})]
    enabled = await daemon.ask(name.format("enable"), 2)
    assert enabled == [("system.ssh.enabling", {}), ("system.ssh.enabled", {})]
    assert await daemon.ask(status, 1) == [("system.ssh.status.response", {"enabled": True})]
    disabled = await daemon.ask(name.format("disable"), 2)
    assert disabled == [("system.ssh.disabling", {}), ("system.ssh.disabled", {})]
    assert await daemon.ask(status, 1) == [("system.ssh.status.response", {"enabled": False})]


@pytest.mark.parametrize("question", ["is_alive", "is_ready", "all_loaded"])
async def test_the_service_answers_how_it_is(daemon: Daemon, question: str) -> None:
    name = f"mycroft.admin.{question}"
    assert await daemon.ask(name, 1) == [(f"{name}.response", {"status": True})]


async def test_the_simulated_host_has_a_wifi_device_and_joins_a_network(system: SystemBus) -> None:
    radio = NetworkManager(system)
    assert await radio.interface() == "wlan0"
    async with contextlib.aclosing(radio.links()) as links:
        async for link in links:
            if link.internet:
                break
    assert await radio.connected() == "Home"


async def test_a_refusal_of_a_service_is_an_error_with_its_text_and_name(system: SystemBus) -> None:
    with pytest.raises(HostError, match=r"^StartUnit: not allowed: evil\.service$") as caught:
        await system.call(SYSTEMD, "StartUnit", "ss", "evil.service", "replace", returns="o")
    assert caught.value.kind == "org.freedesktop.DBus.Error.AccessDenied"


async def test_a_service_that_is_not_there_is_an_error(system: SystemBus) -> None:
    with pytest.raises(HostError, match=r"Nothing: .*org\.example\.Nothing"):
        await system.call(Remote("org.example.Nothing", "/", "org.example.Nothing"), "Nothing")


@pytest.mark.parametrize("address", ["unix:path=/nonexistent", "nonsense"])
async def test_no_d_bus_is_an_error(address: str) -> None:
    with pytest.raises(HostError, match="no D-Bus"):
        async with SystemBus(address):
            pass
