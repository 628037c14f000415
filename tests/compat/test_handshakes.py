"""How clients of the field open a connection: with the headers that their libraries add unasked."""

import asyncio
import json
import shutil
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.server.listener import Server
from tests.compat.client import peer
from tests.compat.environment import MYCROFT, OVOS, OVOS_2, ROOT

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

WS = "ws@8.18.0"

NODE_CLIENT = """
const WebSocket = require("ws");
const bus = new WebSocket(process.argv[2]);
let count = 0;
bus.on("message", frame => {
    console.log(JSON.parse(frame).type);
    if (count++ == 0) bus.send(JSON.stringify({type: "speak", data: {utterance: "grüße"}}));
    else bus.close();
});
bus.on("error", error => console.log(error.message));
"""

# Java's own client sends this; the key is that of RFC 6455, 1.3.
JAVA_HANDSHAKE = b"""\
GET /core HTTP/1.1\r
Connection: Upgrade\r
Content-Length: 0\r
Host: 127.0.0.1:8181\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Version: 13\r
Upgrade: websocket\r
User-Agent: Java-http-client/17.0.9\r
\r
"""


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


@pytest.mark.parametrize("library", [OVOS, OVOS_2, MYCROFT], ids=["ovos", "ovos 2", "mycroft"])
@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", "127.0.0.1"])
async def test_a_library_connects_to_any_name_of_this_machine(
    bus: Server, library: tuple[str, str], host: str
) -> None:
    async with peer(library, bus.url.replace("127.0.0.1", host)) as client:
        await client.emit("speak", {"utterance": "hello"})
        assert (await client.hears("speak"))["data"] == {"utterance": "hello"}


def node_modules() -> Path:
    """The folder with the ws package; skips the test where there is no Node, or no npm registry."""
    if not shutil.which("npm"):
        pytest.skip("no Node on this machine")
    folder = ROOT / WS
    done = folder / ".installed"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        options = ("--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=15000")
        installed = subprocess.run(
            ["npm", "install", *options, "--prefix", folder, WS], capture_output=True, text=True, check=False
        )
        if installed.returncode:
            pytest.skip(f"npm cannot install {WS}: {installed.stderr}")
        done.touch()
    return folder / "node_modules"


async def test_the_websocket_library_of_node_connects(bus: Server, tmp_path: Path) -> None:
    modules = await asyncio.to_thread(node_modules)
    program = tmp_path / "client.js"
    program.write_text(NODE_CLIENT)
    (tmp_path / "node_modules").symlink_to(modules)
    process = await asyncio.create_subprocess_exec("node", program, bus.url, stdout=PIPE)
    out, _ = await process.communicate()
    assert out.decode().split() == ["connected", "speak"]


async def test_a_handshake_with_an_empty_body_is_accepted(bus: Server) -> None:
    host, port = bus.url.removeprefix("ws://").removesuffix("/core").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(JAVA_HANDSHAKE)
    response = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert response.startswith("HTTP/1.1 101 ")
    assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in response
    header = await reader.readexactly(2)
    assert json.loads(await reader.readexactly(header[1]))["type"] == "connected"
    writer.close()
    await writer.wait_closed()
