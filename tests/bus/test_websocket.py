"""The client's end of a connection, against the websockets library and against what is no WebSocket."""

import asyncio
import contextlib
import os
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

from bus.client import websocket
from bus.client.client import open_socket
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.errors import BusUnavailableError
from bus.server.listener import Server
from tests.bus.certificate import make_certificate


@contextlib.asynccontextmanager
async def peer(talk: Callable[[ServerConnection], Awaitable[object]]) -> AsyncIterator[str]:
    """The address of a server of the websockets library that talks to each client."""

    async def handle(connection: ServerConnection) -> None:
        await talk(connection)

    async with serve(handle, "127.0.0.1", 0, max_size=None) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/core"


@contextlib.asynccontextmanager
async def listener(answer: bytes, *, hangs: bool = False) -> AsyncIterator[str]:
    """The address of another server, which sends these bytes to each client, and nothing more."""
    writers: list[asyncio.StreamWriter] = []

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(answer)
        if not hangs:
            writer.write_eof()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/core"
        for writer in writers:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 3_000_000])
async def test_a_message_of_any_size_comes_back(size: int) -> None:
    async def echo(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())

    async with peer(echo) as url, open_socket(url) as socket:
        await socket.send("ä" * size)
        assert [heard async for heard in socket] == ["ä" * size]
        assert socket.end == "the bus closed the connection (1000)"


async def test_fragments_are_joined_to_one_message() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send(["{", "", "}"])
        await connection.ping()
        await connection.send(["[", "]"])

    async with peer(talk) as url, open_socket(url) as socket:
        assert [heard async for heard in socket] == ["{}", "[]"]


async def test_pings_are_answered() -> None:
    async def talk(connection: ServerConnection) -> None:
        await (await connection.ping(b"there?"))
        await connection.send("there")

    async with peer(talk) as url, open_socket(url) as socket:
        assert [heard async for heard in socket] == ["there"]


async def test_invalid_utf8_does_not_end_the_connection() -> None:
    async def talk(connection: ServerConnection) -> None:
        connection.transport.write(Frame(Opcode.TEXT, b"\xff").serialize(mask=False))
        await connection.send("next")

    async with peer(talk) as url, open_socket(url) as socket:
        assert [heard async for heard in socket] == ["\udcff", "next"]


async def test_a_protocol_error_ends_the_connection() -> None:
    async def talk(connection: ServerConnection) -> None:
        connection.transport.write(Frame(Opcode.CONT, b"of nothing").serialize(mask=False))
        await connection.wait_closed()

    async with peer(talk) as url, open_socket(url) as socket:
        assert [heard async for heard in socket] == []
        assert socket.end.startswith("closed the connection: the bus sent an invalid frame: ")
        with pytest.raises(BusUnavailableError):
            await socket.send("x")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "it answers HTTP/1.1 401 Unauthorized"),
        (b"HTTP/1.1 401 \x1b[2J\r\n\r\n", r"it answers HTTP/1.1 401 \\u001b\[2J"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "not as a WebSocket"),
        (
            b"HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nat\x1b\n/core",
            r"it answers HTTP/1.1 404 No: at\\u001b /core",
        ),
        (b"HTTP/1.1 404 No\r\nContent-Length: 99\r\n\r\n/core", "it answers HTTP/1.1 404 No: /core"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 999999\r\n\r\n" + b"-" * 999, "it answers HTTP/1.1 404 No$"),
        (b"HTTP/1.1 404 No\r\nContent-Length: -1\r\n\r\n/core", "it answers HTTP/1.1 404 No$"),
        (b"220 mail.example.org ESMTP\r\n", "bytes read"),
        (b"-" * 200_000, "limit"),
        (b"", "0 bytes read"),
    ],
)
async def test_a_response_that_is_no_handshake_is_refused(answer: bytes, complaint: str) -> None:
    async with listener(answer) as url:
        with pytest.raises(BusUnavailableError, match=complaint):
            async with open_socket(url):
                pass


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "ws://", "ws://127.0.0.1:99999/", "ws://[", "", "unix:/nowhere", "127.0.0.1:9"]
)
async def test_an_invalid_address_is_named(url: str) -> None:
    with pytest.raises(BusUnavailableError, match="no bus at"):
        async with open_socket(url):
            pass


async def test_a_bus_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "OPEN_TIMEOUT_S", 0.05)
    async with listener(b"HTTP/1.1 101 Switching Protocols\r\n", hangs=True) as url:
        with pytest.raises(BusUnavailableError, match=r"no answer within 0\.05 s"):
            async with open_socket(url):
                pass


async def test_a_silent_bus_is_pinged_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SILENCE_S", 0.05)

    async def talk(connection: ServerConnection) -> None:
        await asyncio.sleep(0.3)
        connection.transport.pause_reading()  # as if it hung
        await asyncio.sleep(0.3)
        connection.transport.resume_reading()

    loop = asyncio.get_running_loop()
    async with peer(talk) as url, open_socket(url) as socket:
        began = loop.time()
        assert [heard async for heard in socket] == []
        assert 0.3 < loop.time() - began < 0.6
        assert socket.end == "gave the connection up: the bus has sent nothing for 0.1 s"


def reset(connection: ServerConnection) -> None:
    linger = struct.pack("ii", 1, 0)
    connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.transport.abort()


@pytest.mark.parametrize(
    ("how", "end"),
    [
        (
            lambda connection: connection.close(1013, "client does not\nread"),
            r"closed the connection \(1013\): .*not\\u",
        ),
        (lambda connection: connection.transport.close(), "the bus dropped the connection$"),
        (reset, "connection to the bus broke: .*reset"),
    ],
    ids=["closed", "dropped", "reset"],
)
async def test_the_end_of_a_connection_has_its_reason(how: Callable[[ServerConnection], Any], end: str) -> None:
    async def talk(connection: ServerConnection) -> None:
        ended = how(connection)
        if ended is not None:
            await ended

    async with peer(talk) as url, open_socket(url) as client:
        assert [heard async for heard in client] == []
        assert re.search(end, client.end)


async def test_wss_addresses_use_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make_certificate(tmp_path, "IP:127.0.0.1")
    settings = WebSocketSettings(port=0, ssl=True, ssl_cert=str(certificate), ssl_key=str(key))
    async with Server(settings, BusSettings()) as bus:
        assert bus.url.startswith("wss:")
        with pytest.raises(BusUnavailableError, match="certificate verify failed"):
            async with open_socket(bus.url):
                pass
        monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(certificate))
        async with open_socket(bus.url) as socket:
            assert "connected" in await anext(socket)


async def test_the_listener_of_a_unix_socket_is_verified_before_anything_is_sent(tmp_path: Path) -> None:
    path = str(tmp_path / "bus.socket")
    seen: list[int | None] = []

    def refuse(uid: int | None) -> None:
        seen.append(uid)
        raise BusUnavailableError("not the system's bus")

    async with Server(WebSocketSettings(port=0), BusSettings(socket=path)) as server:
        for url in (f"unix:{path}", server.url):
            with pytest.raises(BusUnavailableError, match="not the system's bus"):
                await websocket.WebSocket.open(url, refuse)
            async with open_socket(url, seen.append) as socket:
                assert "connected" in await anext(socket)
        assert server.hub.counters.rejected == 0
    assert seen == [os.getuid(), os.getuid(), None, None]


async def test_bytes_go_both_ways_and_the_end_is_no_message() -> None:
    async def echo(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())
        await connection.send(await connection.recv())

    async with peer(echo) as url:
        server = await websocket.WebSocket.open(url)
        await server.send(b"\x00\xff")
        await server.send("\u00e9")
        assert [await server.receive() for _ in range(3)] == [b"\x00\xff", "\u00e9".encode(), None]
        await server.close()


async def test_a_message_above_the_limit_ends_the_connection_and_the_error_names_the_server() -> None:
    async def flood(connection: ServerConnection) -> None:
        await connection.send(b"x" * 101)
        await connection.wait_closed()

    async with peer(flood) as url:
        server = await websocket.WebSocket.open(url, name="hub", max_size=100)
        assert await server.receive() is None
        assert server.end.startswith("closed the connection: the hub sent an invalid frame")
        server.abort()


async def test_an_error_does_not_have_the_query_of_the_address() -> None:
    with pytest.raises(BusUnavailableError, match=r"no hub at ws://127\.0\.0\.1:1/: ") as caught:
        await websocket.WebSocket.open("ws://127.0.0.1:1/?authorization=secret", name="hub")
    assert "secret" not in str(caught.value)
