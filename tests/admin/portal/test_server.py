"""The time that a connection has."""

import asyncio
import socket

import pytest

from admin.portal.listener import listener
from admin.portal.server import LINGER_S, REQUEST_TIMEOUT_S, Server
from hw_sim.wifi import SimulatedSetup
from tests.admin.portal.site import ADDRESS, site_of

HEAD = f"GET / HTTP/1.1\r\nHost: {ADDRESS}\r\n\r\n".encode()
BODY_WITHOUT_END = (
    f"POST /connect HTTP/1.1\r\nHost: {ADDRESS}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: 500\r\n\r\npassword="
).encode()


@pytest.mark.parametrize("data", [b"", b"G", HEAD[:-2], b"GET /\n\n", BODY_WITHOUT_END])
async def test_a_request_that_never_ends_is_answered_and_closed(data: bytes) -> None:
    bound = socket.create_server(("127.0.0.1", 0))
    async with listener(bound, Server(site_of(SimulatedSetup())).serve, max_connections=1, max_line=1000):
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(data)
        async with asyncio.timeout(REQUEST_TIMEOUT_S + LINGER_S):
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        writer.transport.abort()
