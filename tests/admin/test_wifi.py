"""The wifi actions on a D-Bus, with simulated radios, and the portal's end of a setup."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from admin.actions import wifi
from admin.dbus.system import SystemBus
from admin.host import Host
from admin.portal.client import ask
from admin.portal.protocol import Cancel, Connect, Look, Phase, Snapshot
from admin.service import AdminService
from admin.unfinished import Unfinished
from admin.wifi.outcome import Failure
from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.lookup import TOPICS
from bus.message import Message
from hw_sim.host import Host as SimulatedHost
from hw_sim.networkmanager import NetworkManager, Router
from tests.admin.conftest import UNCLOSED

pytestmark = [pytest.mark.real_time, UNCLOSED]

ROUTERS = (
    Router(b"home", "WPA2", "correct horse", 80),
    Router(b"guests", "open", strength=50),
    Router(b"mute", "WPA2", "correct horse", 40, answers=False),
)

SENDER = {"uid": os.getuid(), "pid": None, "process": None}

SCANNED = [
    {"ssid": "home", "security": "WPA2"},
    {"ssid": "guests", "security": "open"},
    {"ssid": "mute", "security": "WPA2"},
]


class Daemon:
    """The admin service with its wifi actions, and what it emits."""

    def __init__(self, system: SystemBus, group: asyncio.TaskGroup, folder: Path) -> None:
        self.unfinished = Unfinished(folder)
        self.socket = folder / "portal.sock"
        self._emitted: asyncio.Queue[Message] = asyncio.Queue()
        self._dispatcher = Dispatcher(self._emitted.put)
        host = Host.on(system, runtime_folder=folder)
        self.service = AdminService(
            *(wifi.ACTIONS, host, self._dispatcher, self._emitted.put, group), unfinished=self.unfinished
        )

    async def send(self, msg_type: str, data: dict[str, Any] | None = None) -> None:
        await self._dispatcher(Message(msg_type, data or {}, {"source": "ann", topics.SENDER: SENDER}))

    async def ask(self, msg_type: str, data: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """The next message after a request."""
        await self.send(msg_type, data)
        return await self.next()

    async def next(self) -> tuple[str, dict[str, Any]]:
        message = await self._emitted.get()
        assert message.context["destination"] == "ann"
        if message.msg_type in TOPICS:
            assert TOPICS[message.msg_type].problems(message.data) == []
        return message.msg_type, message.data

    async def until(self, msg_type: str) -> list[str]:
        """The types up to one of this type."""
        types: list[str] = []
        while not types or types[-1] != msg_type:
            types.append((await self.next())[0])
        return types


@pytest.fixture
async def air(host: SimulatedHost) -> AsyncIterator[NetworkManager]:
    async with NetworkManager(host.address, ROUTERS, pace=0.005) as simulated:
        yield simulated


@pytest.fixture
async def daemon(system: SystemBus, air: NetworkManager, tmp_path: Path) -> AsyncIterator[Daemon]:
    async with asyncio.TaskGroup() as group:
        yield Daemon(system, group, tmp_path)


async def test_ovos_scans_connects_and_forgets(daemon: Daemon, air: NetworkManager) -> None:
    assert await daemon.ask("ovos.phal.nm.get.connected") == ("ovos.phal.nm.is.not.connected", {})
    assert await daemon.ask("ovos.phal.nm.scan") == ("ovos.phal.nm.scan.complete", {"networks": SCANNED})
    home = {"connection_name": "home"}
    successful = ("ovos.phal.nm.connection.successful", home)
    connect = {**home, "password": "correct horse", "security_type": "wpa2"}
    assert await daemon.ask("ovos.phal.nm.connect", connect) == successful
    assert await daemon.ask("ovos.phal.nm.get.connected") == ("ovos.phal.nm.is.connected", home)
    assert await daemon.ask("ovos.phal.nm.disconnect", home) == ("ovos.phal.nm.disconnection.successful", home)
    assert await daemon.ask("ovos.phal.nm.reconnect", home) == successful
    assert await daemon.ask("ovos.phal.nm.forget", home) == ("ovos.phal.nm.forget.successful", home)
    guests = {"connection_name": "guests"}
    assert await daemon.ask("ovos.phal.nm.connect.open.network", guests) == (successful[0], guests)
    assert await daemon.ask("mycroft.wifi.reset") == ("system.wifi.reset.complete", {"networks": 1})
    assert air.known == set()


@pytest.mark.parametrize(
    ("request_", "data", "reported"),
    [
        (
            "ovos.phal.nm.connect",
            {"connection_name": "home", "password": "not correct"},
            ("ovos.phal.nm.connection.failure", {"errorCode": "0", "errorMessage": "wrong password"}),
        ),
        (
            "ovos.phal.nm.connect",
            {"connection_name": "mute", "password": "correct horse"},
            ("ovos.phal.nm.connection.failure", {"errorCode": "1", "errorMessage": "the router does not answer"}),
        ),
        (
            "ovos.phal.nm.connect",
            {"connection_name": "x" * 33, "password": "correct horse"},
            (
                "ovos.phal.nm.connection.failure",
                {"errorCode": "1", "errorMessage": "no network can have this name and password"},
            ),
        ),
        (
            "ovos.phal.nm.reconnect",
            {"connection_name": "home"},
            ("ovos.phal.nm.connection.failure", {"errorCode": "1", "errorMessage": "home is not known"}),
        ),
        ("ovos.phal.nm.disconnect", {"connection_name": "home"}, ("ovos.phal.nm.disconnection.failure", {})),
        ("ovos.phal.nm.forget", {"connection_name": "home"}, ("ovos.phal.nm.forget.failure", {})),
        ("wifi.connect", {"ssid": "home", "password": "not correct"}, ("connection.status", {"connected": False})),
    ],
)
async def test_a_failure_is_reported_as_the_clients_of_the_field_expect(
    daemon: Daemon, air: NetworkManager, request_: str, data: dict[str, Any], reported: tuple[str, dict[str, Any]]
) -> None:
    await daemon.ask("wifi.scan")
    failed, error = await daemon.ask(request_, data)
    assert failed == f"{request_}.failed"
    assert await daemon.next() == reported
    assert data.get("password", "-") not in error["error"]
    assert air.known == set()


async def test_the_old_page_scans_and_connects(daemon: Daemon) -> None:
    _, data = await daemon.ask("wifi.scan")
    assert data["networks"]["home"] == {"quality": 80, "encrypted": True, "connected": False, "demo": False}
    connected = await daemon.ask("wifi.connect", {"ssid": "home", "password": "correct horse"})
    assert connected == ("connection.status", {"connected": True})


async def page(daemon: Daemon, snapshot: Snapshot) -> Snapshot:
    """The next change of what the page shows."""
    return await ask(daemon.socket, Look(snapshot.revision))


async def test_a_setup_with_the_portal_from_a_wrong_password_to_the_network(
    daemon: Daemon, air: NetworkManager
) -> None:
    air.know(b"guests")
    await daemon.send("system.wifi.setup", {"lang": "en-us"})
    assert await daemon.until("system.wifi.ap_up") == ["system.wifi.ap_up"]
    assert air.hotspot
    snapshot = await ask(daemon.socket, Look())
    assert [network.ssid for network in snapshot.networks] == [router.ssid for router in ROUTERS]
    snapshot = await ask(daemon.socket, Connect(b"home", "not correct"))
    assert snapshot.phase is Phase.TRYING
    while snapshot.phase is Phase.TRYING:
        snapshot = await page(daemon, snapshot)
    assert snapshot.failure is Failure.WRONG_PASSWORD
    await daemon.until("system.wifi.ap_up")
    assert air.hotspot
    assert air.known == {b"guests"}
    await ask(daemon.socket, Connect(b"home", "correct horse"))
    types = await daemon.until("ovos.phal.wifi.plugin.remove.active.client")
    assert types[-4:-1] == [
        "system.wifi.ap_connection_success",
        "system.wifi.ap_down",
        "ovos.wifi.setup.completed",
    ]
    assert air.network == b"home"
    assert air.known == {b"guests", b"home"}
    assert all(profile.persist == "disk" for profile in air.profiles.values())


@pytest.mark.parametrize("cancel", ["wifi.stop", "wifi.cancel", None])
async def test_a_setup_that_is_cancelled_leaves_the_network_from_before(
    daemon: Daemon, air: NetworkManager, cancel: str | None
) -> None:
    await daemon.ask("wifi.scan")
    await daemon.ask("wifi.connect", {"ssid": "home", "password": "correct horse"})
    await daemon.send("system.wifi.setup")
    await daemon.until("system.wifi.ap_up")
    if cancel:
        await daemon.send(cancel)
    else:
        assert (await ask(daemon.socket, Cancel())).phase is Phase.OVER
    types = await daemon.until("ovos.phal.wifi.plugin.client.setup.failure")
    if cancel:
        types += await daemon.until("system.wifi.setup.failed")
        await daemon.send("system.status")
        types += await daemon.until("system.status.response")
    assert types.count("system.wifi.ap_down") == 1
    while air.network != b"home":
        await asyncio.sleep(0.01)
    assert not air.hotspot
    assert len(air.profiles) == 1


@pytest.mark.parametrize("fields", [{"lang": "de-de", "allow_timeout": False}, {}])
async def test_what_a_setup_needs_to_continue_as_it_was_is_kept_for_the_next_service(
    daemon: Daemon, air: NetworkManager, fields: dict[str, Any]
) -> None:
    await daemon.send("system.wifi.setup", fields)
    await daemon.until("system.wifi.ap_up")
    [(_, kept)] = daemon.unfinished.take([topics.WIFI_SETUP])
    await daemon.send("wifi.stop")
    await daemon.until("system.wifi.ap_down")
    assert kept.data == {"lang": None, "allow_timeout": True, **fields}


async def test_a_stop_without_a_setup_is_answered(daemon: Daemon, air: NetworkManager) -> None:
    assert await daemon.ask("wifi.stop") == ("system.wifi.ap_down", {})


async def test_a_setup_cancels_an_attempt_and_excludes_others(daemon: Daemon, air: NetworkManager) -> None:
    await daemon.ask("wifi.scan")
    await daemon.send("ovos.phal.nm.connect", {"connection_name": "mute", "password": "correct horse"})
    await daemon.send("system.wifi.setup")
    assert await daemon.next() == (
        "ovos.phal.nm.connect.failed",
        {"error": "cancelled by system.wifi.setup"},
    )
    await daemon.until("system.wifi.ap_up")
    for request in ("ovos.phal.nm.forget", "ovos.phal.nm.reconnect", "ovos.phal.nm.disconnect"):
        answer = await daemon.ask(request, {"connection_name": "home"})
        assert answer == (f"{request}.failed", {"error": "system.wifi.setup is under way"})
        await daemon.next()
    await daemon.send("wifi.stop")
    await daemon.until("system.wifi.ap_down")
    assert not air.profiles


async def test_a_setup_without_a_radio_is_an_error(daemon: Daemon, air: NetworkManager) -> None:
    air.has_radio = False
    await daemon.send("system.wifi.setup")
    types = await daemon.until("system.wifi.setup.failed")
    assert types == ["system.wifi.ap_error", "ovos.phal.wifi.plugin.client.setup.failure", types[-1]]
