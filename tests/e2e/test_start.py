"""What the running daemons have loaded: no more than they use, as a Pi 3 starts slowly and has little memory."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from bus.server.listener import Server
from hw_sim.host import Host
from tests.bus.certificate import make_certificate
from tests.e2e.test_commands import bus  # noqa: F401  # a fixture

pytestmark = pytest.mark.real_time

UNUSED = {
    "PIL",
    "_hashlib",
    "asyncio.sslproto",
    "bus.client.blocking",
    "bus.cli.commands",
    "bus.contract.lookup",
    "bus.contract.foreign",
    "difflib",
    "enclosure.amplifier",
    "enclosure.controls",
    "enclosure.detect",
    "enclosure.doctor",
    "RPi",
    "enclosure.drivers.evdev",
    "enclosure.drivers.gpiod",
    "enclosure.drivers.rpi_gpio",
    "enclosure.drivers.smbus",
    "enclosure.drivers.spi",
    "enclosure.drivers.usb",
    "enclosure.drivers.ws2812_pio",
    "enclosure.leds",
    "gpiod",
    "hw_sim",
    "http.client",
    "importlib.metadata",
    "msgspec.inspect",
    "pyee",
    "smbus2",
    "ssl",
    "text_unidecode",
    "urllib.request",
    "websockets.asyncio.client",
    "websockets.asyncio.server",
    "yaml",
}

# Runs a daemon as `python -m` does, and prints the loaded modules at the end. A module that is barred is None; one
# that is deferred is of another type.
RUN = """
import runpy, sys, types
try:
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
finally:
    print("loaded:", *(name for name, module in sys.modules.items() if type(module) is types.ModuleType))
"""


async def loaded(*command: str, until: str, **environment: str) -> tuple[set[str], list[str]]:
    """What a daemon has loaded that is stopped when it has said this, and the lines that it has said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN, *command),
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said = process.stdout if command[0] == "bus" else process.stderr
    lines = []
    async with asyncio.timeout(20):
        while not re.search(until, line := (await said.readline()).decode()):
            assert line, "it has ended"
            lines.append(line)
        process.send_signal(signal.SIGTERM)
        out, _ = await process.communicate()
    return set(out.decode().partition("loaded: ")[2].split()), lines


async def test_the_bus_loads_no_unused_module(tmp_path: Path) -> None:
    found, _ = await loaded("bus", "serve", "--port", "0", until="bus=", HOME=str(tmp_path))
    assert "bus.server.listener" in found
    assert not found & UNUSED


async def test_enclosure_and_admin_load_no_unused_module(bus: Server, host: Host, tmp_path: Path) -> None:  # noqa: F811
    home = str(tmp_path)
    connected = f"connected to {bus.url}"
    found, _ = await loaded(
        "enclosure", "run", "--serial", "/nowhere", "--bus", bus.url, until=connected, HOME=home
    )
    assert "enclosure.app" in found
    assert not found & UNUSED
    found, _ = await loaded("admin", "run", "--dbus", host.address, "--bus", bus.url, until=connected, HOME=home)
    assert "admin.app" in found
    assert not found & UNUSED


async def test_the_bridge_to_a_broker_loads_tls_and_nothing_else(bus: Server, tmp_path: Path) -> None:  # noqa: F811
    settings = {"MYCROFT_MQTT_BROKER": "mqtts://localhost:1", "MYCROFT_MQTT_ID": "kitchen"}
    refused = "broker localhost:1: Connection refused"
    found, _ = await loaded("bridges.mqtt", "run", "--bus", bus.url, until=refused, HOME=str(tmp_path), **settings)
    assert "ssl" in found
    assert not found & (UNUSED - {"ssl"} | {"email", "stringprep"})


async def test_tls_is_loaded_where_the_configuration_asks_for_it(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "IP:127.0.0.1")
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    websocket: dict[str, object] = {"ssl": True, "ssl_cert": str(certificate), "ssl_key": str(key)}
    config.write_text(json.dumps({"websocket": {**websocket, "port": 0}}))
    environment = {**os.environ, "HOME": str(tmp_path), "SSL_CERT_FILE": str(certificate)}
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bus", "serve", stdout=PIPE, env=environment
    )
    assert server.stdout is not None
    url = (await server.stdout.readline()).decode().strip().removeprefix("bus=")
    port = int(url.split(":")[2].split("/")[0])
    config.write_text(json.dumps({"websocket": {**websocket, "port": port}}))
    command = ("enclosure", "run", "--serial", "/nowhere")
    found, _ = await loaded(*command, until=f"connected to {url}", **environment)
    assert "ssl" in found
    server.terminate()
    await server.communicate()
