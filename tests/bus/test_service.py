"""What the daemons do for systemd, tried on the bus as a process."""

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.conftest import until

pytestmark = pytest.mark.real_time

# Becomes the bus, as systemd does it: the socket is descriptor 3, and LISTEN_PID the process that may have it.
LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "bus", "serve"])
"""


async def start(environment: dict[str, str], listening: socket.socket) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LAUNCH, str(listening.fileno())),
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **environment},
        pass_fds=[listening.fileno()],
    )


async def test_a_restart_refuses_nobody_and_tells_systemd(tmp_path: Path) -> None:
    told: list[bytes] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
    ):
        systemd.bind(str(tmp_path / "notify"))
        asyncio.get_running_loop().add_reader(systemd, lambda: told.append(systemd.recv(100)))
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}/core"

        async def connects() -> None:
            async with connect(url) as client:
                assert json.loads(await client.recv())["type"] == "connected"

        process = await start(environment, listening)
        await connects()
        await until(lambda: b"READY=1" in told and told.count(b"WATCHDOG=1") > 2, f"ready and watchdog in {told}")
        process.terminate()
        assert await process.wait() == 0
        assert b"STOPPING=1" in told

        waiting = asyncio.create_task(connects())  # there is no bus now, and yet nobody is refused
        await asyncio.sleep(0.2)
        assert not waiting.done()
        process = await start(environment, listening)
        await waiting
        process.terminate()
        await process.communicate()
        asyncio.get_running_loop().remove_reader(systemd)


async def test_it_stops_when_told_where_systemd_does_not_listen_any_more(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = await start({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "100000"}, listening)
        assert process.stdout is not None
        await process.stdout.readline()
        process.terminate()
        async with asyncio.timeout(5):
            _, err = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in err
