"""Other software for the Mark 1, unmodified, drives the simulated faceplate: over its serial port and over TCP.

OVOS' plugin, and the enclosure client of mycroft-core. That is not on PyPI by itself, but in the first ovos-core,
"mycroft-core packaged as a library": its modules eyes, mouth and arduino are those of mycroft-core's last commit.
"""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Software:
    """A program that drives a faceplate, and what it makes of a press of the knob."""

    requirements: tuple[str, ...]
    program: str
    """Called with the faceplate's port and the bus' port; prints "started", and ends with its standard input."""
    press: str
    bare: str = ""
    """A requirement that is installed without what it requires."""


PLUGIN = Software(
    requirements=(
        "ovos-PHAL-plugin-mk1==0.1.3",
        *("ovos-bus-client==0.1.3", "ovos-config==0.4.6", "ovos-plugin-manager==0.3.1", "ovos-utils==0.1.0"),
        "setuptools<81",
    ),
    program="""
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
""",
    press="mycroft.mic.listen",
)
"""With the libraries of its time: the `signal` of ovos-utils that it imports is gone since."""

MYCROFT_CORE = Software(
    requirements=(
        *("mycroft-messagebus-client==0.10.1", "pyserial==3.5", "pyxdg==0.28", "lingua-franca==0.4.3"),
        *("fasteners==0.20", "inflection==0.5.1", "pillow==12.0.0", "psutil==7.1.3", "requests==2.32.5"),
        "tornado==6.5.2",
    ),
    bare="ovos-core==0.0.1",
    program="""
import sys
from types import SimpleNamespace

sys.modules["alsaaudio"] = SimpleNamespace(Mixer=None)
sys.modules["mycroft.util.audio_test"] = SimpleNamespace(record=None)
from mycroft.client.enclosure.__main__ import main

main(ready_hook=lambda: print("started", flush=True))
""",
    press="mycroft.stop",
)
"""With only the libraries that the client imports: the others of its time cannot be built for today's Python. What
records and plays, for the hardware test of the menu, is a stand-in: it would need a compiler and a microphone."""


def configuration(port: str, bus_port: int, folder: Path) -> dict[str, Any]:
    """A mycroft.conf that leaves both on this machine: they look for the internet when they start."""
    nowhere = ("ip_url", "web_url", "web_url_secondary", "captive_portal_url", "ncsi_endpoint")
    with socket.create_server(("127.0.0.1", 0)) as free:
        gui_port = free.getsockname()[1]
    return {
        "network_tests": {
            **dict.fromkeys(nowhere, "http://127.0.0.1:9"),
            **dict.fromkeys(("dns_primary", "dns_secondary"), "127.0.0.1"),
        },
        "enclosure": {"platform": "mycroft_mark_1", "port": port},
        "websocket": {"host": "127.0.0.1", "port": bus_port},
        "gui_websocket": {"host": "127.0.0.1", "base_port": gui_port},
        "server": {"disabled": True},
        "ipc_path": str(folder / "ipc"),
    }


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


@pytest.fixture
async def device(software: Software, wire: str, tmp_path: Path) -> AsyncIterator[Device]:
    python = await asyncio.to_thread(python_with, *software.requirements, bare=software.bare)
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
        port = str(faceplate.link) if wire == "serial port" else tcp
        bus_port = bus.url.split(":")[2].partition("/")[0]
        conf = tmp_path / "mycroft.conf"
        conf.write_text(json.dumps(configuration(port, int(bus_port), tmp_path)))
        program = await asyncio.create_subprocess_exec(
            *(str(python), "-c", software.program, port, bus_port),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=sys.stderr,
            env={"HOME": str(tmp_path), "MYCROFT_SYSTEM_CONFIG": str(conf), "PATH": "/usr/bin"},
        )
        assert program.stdout is not None
        try:
            async for line in program.stdout:
                print(line.decode(), end="")
                if line == b"started\n":
                    break
            else:
                pytest.fail("it does not start")
            yield device
        finally:
            with contextlib.suppress(ProcessLookupError):
                program.kill()
            await program.wait()
        for task in tasks:
            task.cancel()


@pytest.mark.parametrize("software", [PLUGIN, MYCROFT_CORE], ids=["ovos-PHAL-plugin-mk1", "mycroft-core"])
@pytest.mark.parametrize("wire", ["serial port", "TCP"])
async def test_it_shows_and_hears(device: Device, software: Software) -> None:
    faceplate = device.faceplate
    await until(lambda: len(set(faceplate.firmware.eye_colours)) == 1, "the end of the boot animation", 30)
    await device.says("enclosure.eyes.color", {"r": 255, "g": 0, "b": 0})
    await until(lambda: colour_of(faceplate.firmware.eye_colours) == "#ff0000", "red eyes", 30)
    await device.says("enclosure.mouth.text", {"text": "hi"})
    await until(lambda: faceplate.text == "HI", "the text", 30)
    faceplate.press()
    await asyncio.sleep(0.15)  # as long as a finger takes
    faceplate.release()
    await until(lambda: software.press in device.types, "the press")
    faceplate.turn(1)
    await until(lambda: "mycroft.volume.increase" in device.types, "the turn")
    await device.says("enclosure.mouth.reset")
    await until(lambda: not any(faceplate.firmware.mouth), "an empty mouth", 30)
