"""A wifi setup on the face, with the admin service as a process: whatever becomes of that, the face follows."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from enclosure import artwork
from enclosure.app import Enclosure
from enclosure.config import VolumeSettings, load_profile
from enclosure.handlers import admin as admin_handler
from enclosure.state import SavedState
from hw_sim.host import Host
from hw_sim.networkmanager import NetworkManager as Air
from tests.conftest import until
from tests.enclosure.handlers.mark1 import Card, Recorder

pytestmark = pytest.mark.real_time

OPEN = "MYCROFT 12345678"

SETTINGS = WebSocketSettings(port=0)


class Setup:
    """A face that shows a setup, and the processes behind it."""

    def __init__(self, folder: Path, host: Host, face: Recorder, client: BusClient) -> None:
        self.folder = folder
        self.face = face
        self._client = client
        self._host = host
        self._admin: Process | None = None

    async def start_admin(self) -> None:
        """Starts the admin service, again after `end_admin`."""
        bus = f"unix:{self.folder / 'bus.sock'}"
        self._admin = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "admin", "run", "--bus", bus, "--dbus", self._host.address),
            env={**os.environ, "RUNTIME_DIRECTORY": str(self.folder), "HOME": str(self.folder)},
        )

    async def end_admin(self, number: signal.Signals) -> None:
        """Ends the admin service, unless it has ended."""
        if self._admin and self._admin.returncode is None:
            self._admin.send_signal(number)
            await self._admin.wait()

    async def start_bus(self) -> Server:
        """Starts the bus, again after `stop_bus`."""
        self._bus = Server(SETTINGS, BusSettings(socket=str(self.folder / "bus.sock")))
        return await self._bus.__aenter__()

    async def stop_bus(self) -> None:
        """Stops the bus."""
        await self._bus.__aexit__(None, None, None)

    async def begin(self) -> None:
        """Begins the setup; returns when the face shows the access point."""
        await self._client.emit(Message("system.wifi.setup"))
        await self.shows(OPEN)

    async def shows(self, shown: object) -> None:
        """Waits until the face shows a step of the setup; None: no step."""
        await until(lambda: self.face.activity.wifi_shown == shown, f"{shown} on the face", 20)

    def forget(self) -> None:
        """Has the next admin service not continue the setup."""
        (self.folder / "system.wifi.setup.json").unlink()


@pytest.fixture
async def setup(tmp_path: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Setup]:
    monkeypatch.setattr(admin_handler, "ASK_S", 2.0)  # more than reports wait for a bus
    face = Recorder()
    async with Air(host.address, (), pace=0.005), asyncio.TaskGroup() as group:
        client = BusClient(f"unix:{tmp_path / 'bus.sock'}")
        enclosure = Enclosure(
            *(client, lambda _: face, Card()),
            profile=load_profile("mycroft_mark_1"),
            settings=VolumeSettings(),
            saved=SavedState(tmp_path / "state.json"),
        )
        found = Setup(tmp_path, host, face, client)
        server = await found.start_bus()
        running = group.create_task(enclosure.run())
        await found.start_admin()
        await until(lambda: len(server.hub) == 2, "the connections")
        try:
            await found.begin()
            yield found
        finally:
            await found.end_admin(signal.SIGKILL)
            running.cancel()
            await asyncio.wait([running])
            await found.stop_bus()


async def test_it_ends_with_a_service_that_is_stopped(setup: Setup) -> None:
    await setup.end_admin(signal.SIGTERM)
    await setup.shows(None)


async def test_it_ends_with_a_service_that_is_killed_and_does_not_come_back(setup: Setup) -> None:
    await setup.end_admin(signal.SIGKILL)
    await setup.shows(None)


async def test_it_ends_with_a_service_that_comes_back_without_its_setup(setup: Setup) -> None:
    await setup.end_admin(signal.SIGKILL)
    setup.forget()
    await setup.start_admin()
    await setup.shows(None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_it_ends_whose_end_no_bus_has_relayed(setup: Setup, number: signal.Signals) -> None:
    await setup.stop_bus()
    await setup.end_admin(number)
    assert setup.face.activity.wifi_shown == OPEN
    await setup.start_bus()
    await setup.shows(None)


async def test_it_goes_on_over_a_restart_of_the_bus(setup: Setup) -> None:
    await setup.stop_bus()
    server = await setup.start_bus()
    async with connect(server.url) as client, asyncio.timeout(20):
        for _ in range(2):  # the second question is for what is still shown after the answer to the first one
            while Message.deserialize(await client.recv()).msg_type != "system.status":
                pass
    assert setup.face.activity.wifi_shown == OPEN


async def test_it_goes_on_with_the_next_service(setup: Setup) -> None:
    await setup.end_admin(signal.SIGKILL)
    await setup.start_admin()
    await setup.shows(artwork.WIFI)
    await setup.shows(OPEN)
