"""What the page shows of the simulated host."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from hw_sim.host import Host
from hw_sim.hostview import HostView
from hw_sim.process import Program
from tests.admin.conftest import UNCLOSED, collected  # noqa: F401  # a fixture

pytestmark = [pytest.mark.real_time, UNCLOSED, pytest.mark.usefixtures("collected")]


async def test_the_end_of_the_d_bus_while_the_host_is_asked_ends_the_view(tmp_path: Path) -> None:
    host, shown = Host(tmp_path), asyncio.Queue[dict[str, object]]()
    async with Program("host", host.command, lambda _: None, host.environment) as dbus:
        await dbus.line("unix:")
        view = HostView(host.address, shown.put_nowait)
        watching = asyncio.create_task(view.run())
        assert (await shown.get())["answers"]
        dbus.pause(True)
        view.look()
        assert not (await shown.get())["answers"]
    await watching


async def test_the_networks_of_a_scan_are_shown_as_they_come(tmp_path: Path) -> None:
    host, shown = Host(tmp_path), asyncio.Queue[dict[str, Any]]()
    nm = "org.freedesktop.NetworkManager"
    async with Program("host", host.command, lambda _: None, host.environment) as dbus:
        await dbus.line("unix:")
        watching = asyncio.create_task(HostView(host.address, shown.put_nowait).run())
        assert dict((await shown.get())["values"])["networks found"] == "none"
        caller = await MessageBus(bus_address=host.address, bus_type=BusType.SYSTEM).connect()
        scan = Message(nm, "/org/freedesktop/NetworkManager/Devices/2", f"{nm}.Device.Wireless", "RequestScan")
        scan.signature, scan.body = "a{sv}", [{"ssids": Variant("aay", [b"Home"])}]
        reply = await caller.call(scan)
        assert reply is not None
        assert reply.message_type is MessageType.METHOD_RETURN
        async with asyncio.timeout(10):
            while "Home" not in dict((state := await shown.get())["values"])["networks found"]:
                pass
        assert state["calls"][-1][1] == "NetworkManager RequestScan({'ssids': [b'Home']})"
        caller.disconnect()
    await watching
