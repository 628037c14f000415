"""The whole simulated device as a process, with a real client library and a user at its knob."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.conftest import until


@dataclass
class Device:
    """A running simulator, seen from outside: its page, its mixer, its bus."""

    bus: str
    face: str
    serial: str
    alsa: str
    panel: ClientConnection
    state: dict[str, Any] = field(default_factory=dict)

    async def watch(self) -> None:
        async for state in self.panel:
            self.state |= json.loads(state)

    async def do(self, what: str, **more: int | str | bool) -> None:
        await self.panel.send(json.dumps({"do": what, **more}))

    @property
    def level(self) -> int:
        """Percent, as amixer has it."""
        environment = {**os.environ, "ALSA_CONFIG_PATH": self.alsa}
        said = subprocess.run(
            ["amixer", "sget", "Master"], env=environment, capture_output=True, text=True, check=True
        ).stdout
        return int(said.split("[")[1].split("%")[0])

    async def sees(self, condition: Callable[[list[str], list[str]], bool], what: str) -> None:
        """Waits until eyes (24 x "rrggbb") and mouth (8 rows of "#" and ".") are as told."""
        await until(lambda: condition(self.state["eyes"], self.state["mouth"]), what, 20)


@contextlib.asynccontextmanager
async def device(*arguments: str) -> AsyncIterator[Device]:
    """Runs the simulator on free ports."""
    command = ("-m", "hw_sim", "run", "--bus-port", "0", "--face-port", "0", *arguments)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
    try:
        said, rest = await _until_ready(process)
        async with connect(said["face"].replace("http:", "ws:") + "panel") as panel:
            found = Device(said["bus"], said["face"], said.get("serial", ""), said.get("alsa", ""), panel)
            watching = asyncio.create_task(found.watch())
            await until(lambda: bool(found.state), "the face")
            yield found
        await watching
    finally:
        process.terminate()
        async with asyncio.timeout(10):
            code = await process.wait()
    print((await rest).decode())
    assert code == 0


async def _until_ready(process: Process) -> tuple[dict[str, str], asyncio.Task[bytes]]:
    """What the simulator says of itself until it is ready, and what it goes on to say."""
    assert process.stdout is not None
    said: dict[str, str] = {}
    while "face" not in said:
        line = (await process.stdout.readline()).decode()
        print(line, end="")
        if not line:
            pytest.fail("the simulator has ended")
        if "ALSA_CONFIG_PATH=" in line:
            said["alsa"] = line.split("ALSA_CONFIG_PATH=")[1].split()[0]
        if line.startswith("ready "):
            said |= dict(part.split("=", 1) for part in line.split()[1:])
    return said, asyncio.create_task(process.stdout.read())
