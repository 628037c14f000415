"""Clients that know nothing but WebSockets, as wscat does: byte by byte, and with websocket-client."""

import asyncio
import contextlib
import os
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator

import pytest

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.server.hub import GREETING
from bus.server.listener import Server
from tests.compat.environment import OVOS, python_with

pytestmark = pytest.mark.real_time

# The accept key of RFC 6455, 1.3 for this key; and wscat asks for compression, as browsers do.
HANDSHAKE = """\
GET /core HTTP/1.1\r
Host: localhost\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r
\r
"""

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

WEBSOCKET_CLIENT = """
import sys
from websocket import create_connection
bus = create_connection(sys.argv[1], timeout=10)
print(bus.recv())
bus.send('{"type":"x"}')
print(bus.recv())
bus.ping("still there?")
print(*bus.recv_data(control_frame=True))
bus.send_close()
print(*bus.recv_data(control_frame=True))
"""


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


class Raw:
    """A socket, and the frames of RFC 6455, 5.2 that are shorter than 126 bytes."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, opcode: int, payload: bytes, *, masked: bool = True) -> None:
        mask = os.urandom(4) if masked else b""
        hidden = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if masked else payload
        self.writer.write(bytes([0x80 | opcode, masked << 7 | len(payload)]) + mask + hidden)

    async def receive(self) -> tuple[int, bytes]:
        first, size = await self.reader.readexactly(2)
        return first & 0x0F, await self.reader.readexactly(size)


@contextlib.asynccontextmanager
async def raw(bus: Server) -> AsyncIterator[Raw]:
    """A connection that has heard the greeting."""
    host, port = bus.url.removeprefix("ws://").removesuffix("/core").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(HANDSHAKE.encode())
    try:
        async with asyncio.timeout(10):
            response = (await reader.readuntil(b"\r\n\r\n")).decode()
            assert response.startswith("HTTP/1.1 101 ")
            assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in response
            assert "Extensions" not in response
            client = Raw(reader, writer)
            assert await client.receive() == (TEXT, GREETING)
            yield client
    finally:
        writer.close()


@pytest.mark.parametrize(
    "frame", ['{"type":"x"}', '{ "type": "x", "data": null, "context": null }', '{"type":"x","data":{"a":"ü"}}']
)
async def test_a_message_is_relayed_byte_by_byte(bus: Server, frame: str) -> None:
    async with raw(bus) as ann, raw(bus) as bob:
        ann.send(TEXT, frame.encode())
        assert await ann.receive() == await bob.receive() == (TEXT, frame.encode())


async def test_a_ping_is_answered_with_its_payload(bus: Server) -> None:
    async with raw(bus) as client:
        client.send(PING, b"still there?")
        assert await client.receive() == (PONG, b"still there?")


async def test_a_close_is_answered_with_its_code(bus: Server) -> None:
    async with raw(bus) as client:
        client.send(CLOSE, (1000).to_bytes(2) + b"bye")
        assert await client.receive() == (CLOSE, (1000).to_bytes(2) + b"bye")
        assert await client.reader.read() == b""


async def test_a_frame_without_a_mask_closes_its_sender_alone(bus: Server) -> None:
    async with raw(bus) as wrong, raw(bus) as other:
        wrong.send(TEXT, b'{"type":"x"}', masked=False)
        opcode, reason = await wrong.receive()
        assert (opcode, int.from_bytes(reason[:2])) == (CLOSE, 1002)
        assert await wrong.reader.read() == b""
        other.send(TEXT, b'{"type":"after"}')
        assert await other.receive() == (TEXT, b'{"type":"after"}')


async def test_a_client_that_vanishes_does_not_affect_others(bus: Server) -> None:
    async with raw(bus) as other:
        async with raw(bus) as gone:
            gone.writer.transport.abort()
        other.send(TEXT, b'{"type":"after"}')
        assert await other.receive() == (TEXT, b'{"type":"after"}')


async def test_a_bus_that_stops_closes_with_1001(bus: Server) -> None:
    async with raw(bus) as client:
        stopping = asyncio.create_task(bus.__aexit__())
        opcode, reason = await client.receive()
        assert (opcode, int.from_bytes(reason[:2])) == (CLOSE, 1001)
        client.send(CLOSE, reason)
        assert await client.reader.read() == b""
    await stopping


async def test_websocket_client_sends_receives_and_pings(bus: Server) -> None:
    python = await asyncio.to_thread(python_with, OVOS[1])  # which brings it
    process = await asyncio.create_subprocess_exec(python, "-c", WEBSOCKET_CLIENT, bus.url, stdout=PIPE)
    async with asyncio.timeout(20):
        printed, _ = await process.communicate()
    assert printed.decode().splitlines() == [
        GREETING.decode(),
        '{"type":"x"}',
        "10 b'still there?'",
        r"8 b'\x03\xe8'",
    ]
