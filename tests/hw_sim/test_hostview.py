"""What the page shows of the simulated host."""

import asyncio
from pathlib import Path

import pytest

from hw_sim.host import Host
from hw_sim.hostview import HostView
from hw_sim.process import Program

pytestmark = pytest.mark.real_time


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
