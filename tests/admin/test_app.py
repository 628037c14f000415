"""The admin service against a real D-Bus; the services of the host behind it are python-dbusmock's."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from admin.app import Actions, DBusHost
from admin.dbus.system import SystemBus
from admin.errors import HostError
from bus.client.dispatch import Dispatcher
from bus.message import Message
from hw_sim.host import Host

# dbus-fast leaves the file object of its socket to the garbage collector, which is called here to be heard here.
pytestmark = [pytest.mark.real_time, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


class Service:
    """The actions on the private D-Bus, and somebody who listens."""

    def __init__(self, system: SystemBus, group: asyncio.TaskGroup) -> None:
        self.said: asyncio.Queue[Message] = asyncio.Queue()
        self.dispatcher = Dispatcher(self.said.put)
        Actions(DBusHost(system), self.dispatcher, self.said.put, group)

    async def ask(self, msg_type: str, answers: int) -> list[tuple[str, dict[str, Any]]]:
        await self.dispatcher(Message(msg_type, {}, {"source": "ann"}))
        messages = [await self.said.get() for _ in range(answers)]
        assert all(message.context["destination"] == "ann" for message in messages)
        return [(message.msg_type, message.data) for message in messages]


@pytest.fixture
async def service(host: Host) -> AsyncIterator[Service]:
    async with SystemBus(host.address) as system, asyncio.TaskGroup() as group:
        yield Service(system, group)


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
async def test_what_is_asked_for_is_acknowledged_done_and_reported(
    service: Service, capfd: pytest.CaptureFixture[str], request_: str, call: str, answers: list[Any]
) -> None:
    assert await service.ask(request_, len(answers)) == answers
    printed = ""
    async with asyncio.timeout(10):
        while call not in printed:
            printed += capfd.readouterr().out
            await asyncio.sleep(0.01)


async def test_ssh_is_switched_on_and_off(service: Service) -> None:
    assert await service.ask("system.ssh.status", 1) == [("system.ssh.status.response", {"enabled": False})]
    assert await service.ask("system.ssh.enable", 2) == [("system.ssh.enabling", {}), ("system.ssh.enabled", {})]
    assert await service.ask("system.ssh.status", 1) == [("system.ssh.status.response", {"enabled": True})]
    assert await service.ask("system.ssh.disable", 2) == [
        ("system.ssh.disabling", {}),
        ("system.ssh.disabled", {}),
    ]
    assert await service.ask("system.ssh.status", 1) == [("system.ssh.status.response", {"enabled": False})]


@pytest.mark.parametrize("what", ["is_alive", "is_ready", "all_loaded"])
async def test_who_asks_how_we_do_gets_an_answer(service: Service, what: str) -> None:
    asked = f"mycroft.admin.{what}"
    assert await service.ask(asked, 1) == [(f"{asked}.response", {"status": True})]


async def test_an_action_under_way_is_not_started_again(service: Service) -> None:
    asked = Message("system.ssh.enable")
    await service.dispatcher(asked)
    await service.dispatcher(asked)
    answers = {(await service.said.get()).msg_type for _ in range(3)}
    assert answers == {"system.ssh.enabling", "system.ssh.enable.failed", "system.ssh.enabled"}


async def test_what_the_host_refuses_is_told(host: Host) -> None:
    async with SystemBus(host.address) as system:
        with pytest.raises(HostError, match=r"StartUnit: not allowed: evil\.service"):
            await system.call(
                *("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"),
                *("StartUnit", "ss", "evil.service", "replace"),
            )
        with pytest.raises(HostError, match="Nothing"):
            await system.call("org.example.Nothing", "/", "org.example.Nothing", "Nothing")
