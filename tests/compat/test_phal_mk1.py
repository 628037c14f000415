"""OVOS' own plugin for the Mark 1, unmodified, drives the simulated faceplate: over its serial port and over TCP.

mycroft-core's enclosure client is on no package index, so it is not tried.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from hw_sim.face import colour_of
from hw_sim.faceplate import Faceplate
from hw_sim.links import Cable
from hw_sim.tcp import served_port
from tests.compat.environment import python_with
from tests.conftest import until

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

PLUGIN = (
    "ovos-PHAL-plugin-mk1==0.1.3",
    *("ovos-bus-client==0.1.3", "ovos-config==0.4.6", "ovos-plugin-manager==0.3.1", "ovos-utils==0.1.0"),
    "setuptools<81",
)
"""With the libraries of its time: the `signal` of ovos-utils that it imports is gone since."""

PROGRAM = """
import sys
from ovos_bus_client import MessageBusClient
from ovos_PHAL_plugin_mk1 import MycroftMark1

port, bus_port = sys.argv[1:]
bus = MessageBusClient(host="127.0.0.1", port=int(bus_port), route="/core", ssl=False)
bus.run_in_thread()
bus.connected_event.wait()
plugin = MycroftMark1(bus=bus, config={"port": port, "rate": 9600, "timeout": 5.0})
print("started", flush=True)
sys.stdin.read()
"""

CONFIGURATION = """{"network_tests": {
    "ip_url": "http://127.0.0.1:9", "dns_primary": "127.0.0.1", "dns_secondary": "127.0.0.1",
    "web_url": "http://127.0.0.1:9", "web_url_secondary": "http://127.0.0.1:9",
    "captive_portal_url": "http://127.0.0.1:9"
}}"""
"""It looks for the internet when it starts; a test stays on this machine."""


class Device:
    """A faceplate and a bus, and what is said on that."""

    def __init__(self, faceplate: Faceplate, client: BusClient) -> None:
        self.faceplate = faceplate
        self.types: list[str] = []
        self._client = client

    async def receive(self, message: Message) -> None:
        self.types.append(message.msg_type)
        if message.msg_type.endswith(".is_ready"):  # an assistant is there
            await self._client.emit(message.response({"status": True}))

    async def says(self, msg_type: str, data: dict[str, object] | None = None) -> None:
        await self._client.emit(Message(msg_type, data or {}))

    async def shows(self, condition: Callable[[], bool], what: str) -> None:
        await until(condition, what, 30)


@pytest.fixture(params=["serial port", "TCP"])
async def device(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Device]:
    python = await asyncio.to_thread(python_with, *PLUGIN)
    (tmp_path / "mycroft").mkdir()
    (tmp_path / "mycroft/mycroft.conf").write_text(CONFIGURATION)
    async with (
        Server(WebSocketSettings(host="127.0.0.1", port=0), BusSettings()) as bus,
        Faceplate(tmp_path / "faceplate", Cable(), print, strict=False) as faceplate,
        served_port(faceplate, 0) as tcp,
        asyncio.TaskGroup() as group,
    ):
        client = BusClient(bus.url)
        device = Device(faceplate, client)
        tasks = [group.create_task(faceplate.run()), group.create_task(client.run(device.receive))]
        await until(lambda: faceplate.firmware.now > 60, "the end of the boot")
        port = str(faceplate.link) if request.param == "serial port" else tcp
        bus_port = bus.url.split(":")[2].partition("/")[0]
        program = await asyncio.create_subprocess_exec(
            *(str(python), "-c", PROGRAM, port, bus_port),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=sys.stderr,
            env={"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PATH": "/usr/bin"},
        )
        assert program.stdout is not None
        async for line in program.stdout:
            print(line.decode(), end="")
            if line == b"started\n":
                break
        else:
            pytest.fail("the plugin does not start")
        yield device
        program.kill()
        await program.wait()
        for task in tasks:
            task.cancel()


async def test_the_plugin_shows_and_hears(device: Device) -> None:
    faceplate = device.faceplate
    await device.says("enclosure.eyes.color", {"r": 255, "g": 0, "b": 0})
    await device.shows(lambda: colour_of(faceplate.firmware.eye_colours) == "#ff0000", "red eyes")
    await device.says("enclosure.mouth.text", {"text": "hi"})
    await device.shows(lambda: faceplate.text == "HI", "the text")
    faceplate.press()
    await asyncio.sleep(0.15)  # as long as a finger takes
    faceplate.release()
    await until(lambda: "mycroft.mic.listen" in device.types, "the press")
    faceplate.turn(1)
    await until(lambda: "mycroft.volume.increase" in device.types, "the turn")
    await device.says("enclosure.mouth.reset")
    await device.shows(lambda: not any(faceplate.firmware.mouth), "an empty mouth")
