"""The whole device on a real kernel: from an edge to a bus message, and from a message to a register."""

import asyncio
import contextlib
import json
import os
import signal
import statistics
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import smbus2

from bus.client.client import BusClient
from bus.message import Message
from tests.vm.inside.check_i2c import BUS
from tests.vm.inside.hands import GpioSim

URL = "unix:/tmp/bus.sock"
ACTION, VOLUME_UP, MUTE = 24, 22, 25
RING, AMPLIFIER = 0x04, 0x2F

SJ201 = {"platform": "sj201_r6", "board": {"leds": {"bus": BUS}, "amplifier": {"bus": BUS}}}


@pytest.fixture
def chip() -> Iterator[GpioSim]:
    sim = GpioSim()
    for line in (ACTION, VOLUME_UP):
        sim.release(line)
    yield sim
    sim.remove()


class Ears:
    """A client of the bus that keeps what it receives, and when."""

    def __init__(self) -> None:
        self.client = BusClient(URL)
        self.received: list[tuple[float, Message]] = []

    async def take(self, message: Message) -> None:
        self.received.append((time.monotonic(), message))

    async def first(
        self, msg_type: str, true: Callable[[Message], bool] = lambda _: True
    ) -> tuple[float, Message]:
        """Waits for a message of this type, and forgets it and all before it."""
        async with asyncio.timeout(30):
            while True:
                for index, (at, message) in enumerate(self.received):
                    if message.msg_type == msg_type and true(message):
                        del self.received[: index + 1]
                        return at, message
                await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def device(settings: Mapping[str, Any]) -> AsyncIterator[Ears]:
    """Bus and enclosure, as processes, and a client."""
    home = Path("/tmp/home")  # noqa: S108  # it has one user
    (home / ".config/mycroft").mkdir(parents=True, exist_ok=True)
    (home / ".config/mycroft/mycroft.conf").write_text(json.dumps({"enclosure": settings}))
    environment = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home)}
    options = ("-m", "bus", "serve", "--port", "0", "--socket", URL.removeprefix("unix:"))
    bus = await asyncio.create_subprocess_exec(sys.executable, *options, stdout=PIPE, env=environment)
    assert bus.stdout is not None
    await bus.stdout.readline()
    ears = Ears()
    listening = asyncio.create_task(ears.client.run(ears.take))
    await ears.first("connected")
    enclosure = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "enclosure", "run", "--bus", URL, env=environment
    )
    try:
        await ears.first("enclosure.board.state", lambda message: message.data["state"] == "connected")
        yield ears
    finally:
        enclosure.send_signal(signal.SIGTERM)
        assert await enclosure.wait() == 0
        listening.cancel()
        await asyncio.wait([listening])
        bus.send_signal(signal.SIGTERM)
        await bus.wait()


async def check_a_mark_2(chip: GpioSim) -> None:
    chip.drive(MUTE, True)
    async with device(SJ201) as ears:
        _, state = await ears.first("mycroft.switch.state")
        assert state.data == {"name": "mute", "state": "off"}
        await ears.first("mycroft.mic.mute")
        chip.press(ACTION)
        await asyncio.sleep(0.06)
        chip.release(ACTION)
        _, error = await ears.first("mycroft.mic.error")
        assert error.data == {"error": "mic_sw_muted"}
        chip.drive(MUTE, False)
        await ears.first("mycroft.mic.unmute")
        chip.press(ACTION)
        await asyncio.sleep(0.06)
        chip.release(ACTION)
        await ears.first("mycroft.mic.listen")

        await until(lambda: 0x54 < register(AMPLIFIER, 0x4C) < 0xD2)  # it has been set up
        before = register(AMPLIFIER, 0x4C)
        latencies = []
        for _ in range(10):
            pressed_at = time.monotonic()
            chip.press(VOLUME_UP)
            at, _ = await ears.first("mycroft.volume.increase")
            latencies.append((at - pressed_at) * 1000)
            chip.release(VOLUME_UP)
            await asyncio.sleep(0.1)
        print(f"edge to bus message, ms: median {statistics.median(latencies):.0f}, most {max(latencies):.0f}")
        assert register(AMPLIFIER, 0x4C) < before
        await ears.client.emit(Message("mycroft.volume.set", {"percent": 1.0}))
        await ears.first("mycroft.volume.get.response", lambda message: message.data["percent"] == 1)
        assert register(AMPLIFIER, 0x4C) == 0x54, "loudest"
        assert register(AMPLIFIER, 0x03) == 0x03, "it plays"

        await ears.client.emit(Message("mycroft.ready"))  # the start is over
        await asyncio.sleep(4)  # and the arc of the volume
        await ears.client.emit(Message("recognizer_loop:record_begin"))
        # Green, and dim; the second write of a frame, of the last two LEDs, is in registers 10 to 15.
        await until(lambda: [register(RING, part) for part in range(10)] == [*[0, 51, 12] * 3, 0])
    assert [register(RING, led) for led in range(30)] == [0] * 30, "dark at the end"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def register(chip: int, number: int) -> int:
    """A register of a chip, as another program sees it."""
    with smbus2.SMBus(BUS) as bus:
        return int(bus.read_byte_data(chip, number))
