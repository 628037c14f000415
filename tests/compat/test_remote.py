"""websocket-client on another machine, which adds an Origin: TLS and a token (docs/how-to/remote-access.md)."""

import asyncio
from asyncio.subprocess import PIPE

import pytest

from tests.compat.environment import OVOS, python_with
from tests.e2e import test_network
from tests.e2e.test_network import DEVICE, STRANGER_NAMESPACE, Bus, bus, namespaces  # noqa: F401  # fixtures

pytestmark = [*test_network.pytestmark, pytest.mark.timeout(180)]

CLIENT = """
import json, sys
from websocket import create_connection
url, certificate, *headers = sys.argv[1:]
bus = create_connection(url, timeout=10, sslopt={"ca_certs": certificate}, header=headers)
print(json.loads(bus.recv())["type"])
bus.send('{"type":"speak"}')
print(json.loads(bus.recv())["type"])
bus.close()
"""


@pytest.mark.parametrize(
    ("query", "headers"),
    [("", ["Authorization: Bearer control"]), ("?token=control", [])],
    ids=["header", "query"],
)
async def test_websocket_client_connects_with_a_token(bus: Bus, query: str, headers: list[str]) -> None:  # noqa: F811
    python = await asyncio.to_thread(python_with, OVOS[1])  # which brings it
    url = f"wss://{DEVICE}:8182/core{query}"
    process = await asyncio.create_subprocess_exec(
        *(
            "ip",
            "netns",
            "exec",
            STRANGER_NAMESPACE,
            str(python),
            "-c",
            CLIENT,
            url,
            str(bus.certificate),
            *headers,
        ),
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert out.decode().split() == ["connected", "speak"], err.decode()[-500:]
