"""The installed device: its daemons as systemd runs them, and a client of OVOS on their bus."""

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.vm.suites import CLIENTS

CONFIGURATION = Path("/etc/mycroft/mycroft.conf")
UNIT = "mycroft-enclosure.service"
TIMEOUT_S = 60.0

VOLUME_STEP = 0.03
"""More than the steps of any mixer here."""


class Received(NamedTuple):
    """A message of the bus."""

    at: float
    """Seconds of CLOCK_MONOTONIC, when the client had it."""
    msg_type: str
    data: dict[str, Any]


class Device:
    """The daemons on a board, seen over the bus. `first` goes on after the message that it has found."""

    def __init__(self, observer: Process) -> None:
        self._observer = observer
        self._received: list[Received] = []
        self._skipped: list[Received] = []
        """What came before the message that was found last."""
        self._arrived = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def start(self, enclosure: Mapping[str, Any]) -> None:
        """Starts the enclosure with a section of mycroft.conf."""
        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.write_text(json.dumps({"enclosure": enclosure}))
        self._received.clear()
        await systemctl("restart", UNIT)

    async def part(self, part: str, state: str) -> Received:
        """Waits until a part of the board is in a state."""
        return await self.first(
            "enclosure.board.state", lambda data: (data["part"], data["state"]) == (part, state)
        )

    async def send(self, msg_type: str, data: Mapping[str, Any] = {}) -> None:
        """Sends a message."""
        assert self._observer.stdin is not None
        text = json.dumps({"type": msg_type, "data": data, "context": {}})
        self._observer.stdin.write(text.encode() + b"\n")

    async def set_volume(self, percent: float) -> float:
        """Sets the volume, 0 to 1; returns the level that the mixer has rounded it to."""
        await self.send("mycroft.volume.set", {"percent": percent})
        answer = await self.first(
            "mycroft.volume.get.response", lambda data: abs(data["percent"] - percent) < VOLUME_STEP
        )
        return float(answer.data["percent"])

    async def first(
        self,
        msg_type: str | tuple[str, ...],
        true: Callable[[dict[str, Any]], bool] = lambda _: True,
        timeout_s: float = TIMEOUT_S,
    ) -> Received:
        """Waits for a message of a type, or of one of some, and forgets it and all before it."""
        types = (msg_type,) if isinstance(msg_type, str) else msg_type
        self._skipped = []
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    while self._received:
                        received = self._received.pop(0)
                        if received.msg_type in types and true(received.data):
                            return received
                        self._skipped.append(received)
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            seen = ", ".join(f"{received.msg_type} {received.data}" for received in self._skipped)
            raise AssertionError(f"no {' or '.join(types)}; there were: {seen}") from None

    def skipped(self, msg_type: str) -> bool:
        """Whether there was such a message before the one that was found last."""
        return any(received.msg_type == msg_type for received in self._skipped)

    async def close(self) -> None:
        """Ends the client."""
        self._reading.cancel()
        self._observer.kill()
        await self._observer.wait()

    async def _read(self) -> None:
        assert self._observer.stdout is not None
        async for line in self._observer.stdout:
            found = json.loads(line)
            message = json.loads(found["message"])
            self._received.append(Received(found["at"], message["type"], message["data"]))
            self._arrived.set()


async def observed() -> Device:
    """The device, and a client that is connected."""
    environment = {**os.environ, "PYTHONPATH": CLIENTS, "HOME": "/tmp/observer"}  # noqa: S108  # it has one user
    program = Path(__file__).with_name("observer.py")
    observer = await asyncio.create_subprocess_exec(
        sys.executable, str(program), stdin=PIPE, stdout=PIPE, env=environment
    )
    device = Device(observer)
    await device.first("connected")
    return device


async def systemctl(*arguments: str) -> None:
    """Carries out a command of systemd."""
    process = await asyncio.create_subprocess_exec("systemctl", *arguments)
    assert await process.wait() == 0


async def until(true: Callable[[], bool], interval_s: float = 0.01) -> None:
    """Waits for something that is seen outside of the bus; longer between two looks that start a program."""
    async with asyncio.timeout(TIMEOUT_S):
        while not true():
            await asyncio.sleep(interval_s)


def said(*command: str) -> str:
    """What a program says."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
