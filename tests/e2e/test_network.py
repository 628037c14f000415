"""The bus and another machine: two network namespaces of our own, with a cable between them."""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bus.server.admission import NOT_SECURE
from tests.bus.certificate import make_certificate

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(
        os.getuid() != 0 or not shutil.which("ip"),
        reason="only root can make network namespaces, with ip of iproute2",
    ),
]

DEVICE, STRANGER = "10.213.7.1", "10.213.7.2"
NAMES = DEVICE_NAMESPACE, STRANGER_NAMESPACE = f"mycroft-device-{os.getpid()}", f"mycroft-stranger-{os.getpid()}"

# Connects, sends each message, and prints the type of what comes back for it.
CLIENT = """
import asyncio, json, ssl, sys
from websockets.asyncio.client import connect
async def main(url, certificate, *types):
    context = ssl.create_default_context(cafile=certificate) if url.startswith("wss") else None
    async with connect(url, ssl=context) as bus:
        await bus.recv()
        for msg_type in types:
            await bus.send(json.dumps({"type": msg_type}))
            print(json.loads(await bus.recv())["type"])
try:
    asyncio.run(main(*sys.argv[1:]))
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""


@dataclass
class Bus:
    """A bus in a namespace of its own, and the one beside it."""

    certificate: Path
    log: Path

    async def hears_from(self, namespace: str, url: str, *types: str) -> list[str]:
        client = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", namespace, sys.executable, "-c", CLIENT, url, str(self.certificate), *types),
            stdout=PIPE,
        )
        out, _ = await client.communicate()
        return out.decode().splitlines()


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@pytest.fixture(scope="module")
def namespaces() -> Iterator[None]:
    try:
        for name in NAMES:
            ip("netns", "add", name)
        ip("link", "add", "cable", "netns", NAMES[0], "type", "veth", "peer", "name", "cable", "netns", NAMES[1])
        for name, address in zip(NAMES, (DEVICE, STRANGER), strict=True):
            ip("-n", name, "address", "add", f"{address}/30", "dev", "cable")
            for device in ("lo", "cable"):
                ip("-n", name, "link", "set", device, "up")
        yield
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine allows no network namespaces: {error}")
    finally:
        for name in NAMES:
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "delete", name)


@pytest.fixture
async def bus(namespaces: None, tmp_path: Path) -> AsyncIterator[Bus]:
    certificate, key = make_certificate(tmp_path, f"IP:{DEVICE}")
    tokens = {
        role: {"sha256": hashlib.sha256(role.encode()).hexdigest(), "role": role}
        for role in ("observe", "control")
    }
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text(
        json.dumps(
            {
                # As mycroft-core had it: open to all machines.
                "websocket": {"host": "0.0.0.0", "ssl_cert": str(certificate), "ssl_key": str(key)},
                "bus": {"remote_port": 8182, "tokens": tokens},
            }
        )
    )
    log = tmp_path / "log"
    with log.open("w") as err:
        server = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", DEVICE_NAMESPACE, sys.executable, "-m", "bus", "serve"),
            stdout=PIPE,
            stderr=err,
            env={**os.environ, "HOME": str(tmp_path)},
        )
    assert server.stdout is not None
    assert (await server.stdout.readline()).startswith(b"bus=")
    yield Bus(certificate, log)
    server.terminate()
    await server.communicate()


async def test_a_client_on_this_machine_is_accepted(bus: Bus) -> None:
    heard = await bus.hears_from(DEVICE_NAMESPACE, "ws://127.0.0.1:8181/core", "speak", "system.reboot")
    assert heard == ["speak", "system.reboot"]  # it is root


async def test_a_client_on_another_machine_is_refused_and_the_log_says_what_it_needs(bus: Bus) -> None:
    [heard] = await bus.hears_from(STRANGER_NAMESPACE, f"ws://{DEVICE}:8181/core", "speak")
    assert "speak" not in heard
    [heard] = await bus.hears_from(STRANGER_NAMESPACE, f"wss://{DEVICE}:8182/core", "speak")
    assert heard == "InvalidStatus: server rejected WebSocket connection: HTTP 401"
    log = bus.log.read_text()
    for reason in (NOT_SECURE.reason, "Another machine needs a token of bus.tokens"):
        assert re.search(rf"refused {STRANGER} port \d+: {re.escape(reason)}", log)


@pytest.mark.parametrize(
    ("token", "heard"),
    [("control", ["speak", "bus.message.denied"]), ("observe", ["bus.message.denied", "bus.message.denied"])],
)
async def test_a_token_lets_it_do_what_its_role_allows_and_never_administer(
    bus: Bus, token: str, heard: list[str]
) -> None:
    url = f"wss://{DEVICE}:8182/core?token={token}"
    assert await bus.hears_from(STRANGER_NAMESPACE, url, "speak", "system.reboot") == heard
