"""OVOS' own wifi setup, unmodified, has the admin service set the wifi up, with simulated radios."""

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin.app import admin
from admin.config import AdminSettings, WifiSettings
from admin.portal.client import ask
from admin.portal.protocol import Cancel, Connect
from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from hw_sim.host import Host
from hw_sim.networkmanager import NetworkManager
from tests.admin.conftest import UNCLOSED
from tests.compat.environment import python_with
from tests.compat.test_faceplate import configuration
from tests.conftest import until

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180), UNCLOSED]

PLUGIN = (
    "ovos-PHAL-plugin-wifi-setup==1.1.8",
    *("ovos-bus-client==1.5.0", "ovos-config==1.2.2", "ovos-plugin-manager==0.9.0", "ovos-utils==0.8.5"),
    "ovos-workshop==3.4.0",
    "setuptools<81",
)

PROGRAM = """
import sys
from ovos_bus_client import MessageBusClient
from ovos_PHAL_plugin_wifi_setup import WifiSetupPlugin

bus = MessageBusClient()
bus.run_in_thread()
bus.connected_event.wait()
plugin = WifiSetupPlugin(bus=bus, config={})
plugin.time_between_checks = 0.1
sys.stdin.read()
"""

TOOLS = {"nmcli": "exit 0", "iwgetid": "test -e connected && echo Home"}
"""Programs that the plugin runs: no network is known, and which one the machine is in."""

CLIENT = "mycroft-admin"


class Bus:
    """What the programs on the bus say."""

    def __init__(self) -> None:
        self._received: list[Message] = []

    async def receive(self, message: Message) -> None:
        self._received.append(message)

    async def first(self, msg_type: str, **data: str) -> Message:
        """Waits for a message whose type begins so, with these data; forgets it and what came before it."""

        def found() -> list[int]:
            return [
                number
                for number, message in enumerate(self._received)
                if message.msg_type.startswith(msg_type) and data.items() <= message.data.items()
            ]

        await until(lambda: bool(found()), f"{msg_type} among {self._received}", 60)
        number = found()[0]
        message = self._received[number]
        del self._received[: number + 1]
        return message


@pytest.fixture
async def bus(host: Host, tmp_path: Path) -> AsyncIterator[Bus]:
    """The bus, with the plugin and the admin service on it."""
    python = await asyncio.to_thread(python_with, *PLUGIN)
    for name, script in TOOLS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    bus, socket = Bus(), tmp_path / "bus.sock"
    async with (
        Server(WebSocketSettings(host="127.0.0.1", port=0), BusSettings(socket=str(socket))) as server,
        NetworkManager(host.address, pace=0.02),
        asyncio.TaskGroup() as group,
    ):
        settings = AdminSettings(WifiSettings(setup_at_boot=False))
        tasks = [
            group.create_task(BusClient(server.url).run(bus.receive)),
            group.create_task(admin(f"unix:{socket}", host.address, tmp_path, settings, "en-us")),
        ]
        await bus.first("connected")
        bus_port = int(server.url.split(":")[2].partition("/")[0])
        conf = tmp_path / "mycroft.conf"
        conf.write_text(json.dumps(configuration("", bus_port, tmp_path)))
        program = await asyncio.create_subprocess_exec(
            *(str(python), "-c", PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=sys.stderr,
            stderr=sys.stderr,
            cwd=tmp_path,
            env={
                "HOME": str(tmp_path),
                "MYCROFT_SYSTEM_CONFIG": str(conf),
                "PATH": f"{tmp_path}:/usr/bin:/bin",
            },
        )
        yield bus
        program.kill()
        await program.wait()
        for task in tasks:
            task.cancel()
    gc.collect()  # see UNCLOSED


async def test_ovos_chooses_our_setup_and_receives_its_end(bus: Bus, tmp_path: Path) -> None:
    registered = await bus.first("ovos.phal.wifi.plugin.client.registered", client=CLIENT)
    await bus.first(f"ovos.phal.wifi.plugin.activate.{registered.data['id']}")
    await bus.first("system.wifi.ap_up")
    await ask(tmp_path / "portal.sock", Cancel())
    await bus.first("ovos.phal.wifi.plugin.client.setup.failure", client=CLIENT)
    await bus.first(f"ovos.phal.wifi.plugin.deactivate.{registered.data['id']}")
    # It tries again, as long as there is no network.
    await bus.first("system.wifi.ap_up")
    await ask(tmp_path / "portal.sock", Connect(b"Home", "correct horse"))
    await bus.first("system.wifi.ap_connection_success", ssid="Home")
    (tmp_path / "connected").touch()
    await bus.first("ovos.wifi.setup.completed")
    await bus.first("ovos.phal.wifi.plugin.remove.active.client", client=CLIENT)
    await bus.first(f"ovos.phal.wifi.plugin.deactivate.{registered.data['id']}")
