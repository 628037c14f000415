import asyncio
import contextlib
import hashlib
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.frames import Frame, Opcode

from bus.contract.ours import SENDER
from bus.daemon.config import BusSettings, Role, Token, WebSocketSettings
from bus.errors import ListenError
from bus.server import connection as connection_module
from bus.server.hub import GREETING
from bus.server.listener import Server, text_frame
from tests.bus.certificate import make_certificate
from tests.conftest import until

HANDSHAKE = (
    b"GET /core HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

SETTINGS = BusSettings(allowed_origins=("https://listed.example",), max_queue=1)


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0, max_msg_size=2), SETTINGS) as server:
        yield server


Join = Callable[..., Awaitable[ClientConnection]]


@pytest.fixture
async def join(bus: Server) -> AsyncIterator[Join]:
    """Connects clients that have heard the greeting, and drops them in the end."""
    clients = []

    async def connected(**options: Any) -> ClientConnection:
        clients.append(await connect(bus.url, compression=None, max_size=None, **options))
        assert await clients[-1].recv(decode=False) == GREETING
        return clients[-1]

    yield connected
    for client in clients:
        client.transport.abort()
        await client.wait_closed()


async def dial(bus: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection without a handshake."""
    host, port = bus.url.removeprefix("ws://").removesuffix("/core").split(":")
    return await asyncio.open_connection(host, int(port))


async def test_every_frame_reaches_all_as_it_was_sent_and_in_order(join: Join) -> None:
    ann, bob = await join(), await join()
    frames = [
        f'{{"type" : "t{number}", "data": {{"x": "{"ü" * size}"}}}}' for number, size in enumerate((0, 60, 40_000))
    ]
    for frame in frames:
        await ann.send(frame)
    for client in (ann, bob):
        assert [await client.recv() for _ in frames] == frames


@pytest.mark.parametrize(
    "request_",
    [
        HANDSHAKE,
        HANDSHAKE.replace(b"/core", b"/elsewhere"),
        HANDSHAKE.replace(b"Host: x", b"Host: x\r\nOrigin: https://evil.example"),
        HANDSHAKE.replace(b"Version: 13", b"Version: 8"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
async def test_nobody_is_heard_before_the_handshake_is_answered(
    bus: Server, join: Join, request_: bytes, size: int
) -> None:
    other = await join()
    reader, writer = await dial(bus)
    message = Frame(Opcode.TEXT, b'{"type":"speak"}').serialize(mask=True)
    writer.write(request_ + message[:size])
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    await other.send('{"type":"x"}')
    assert await other.recv() == '{"type":"x"}'
    assert bus.hub.counters.refused == 1


async def test_a_frame_in_fragments_is_one_message(join: Join) -> None:
    client = await join()
    await client.send(['{"type":', '"x"', "}"])
    assert await client.recv() == '{"type":"x"}'


@pytest.mark.parametrize("frame", ["not json", b'{"type":"x"}', '{"type":"x","context":{"session":5}}'])
async def test_only_the_sender_hears_of_a_bad_frame_and_stays(join: Join, frame: str | bytes) -> None:
    ann, bob = await join(), await join()
    await ann.send(frame)
    assert json.loads(await ann.recv())["type"] == "bus.message.rejected"
    await ann.send('{"type":"after"}')
    assert await ann.recv() == await bob.recv() == '{"type":"after"}'


async def test_who_does_not_read_is_closed_and_nobody_else_loses_anything(bus: Server, join: Join) -> None:
    deaf = socket.create_connection(bus.url.removeprefix("ws://").removesuffix("/core").rsplit(":", 1))  # type: ignore[arg-type]
    deaf.sendall(HANDSHAKE)
    reader, writer = await join(), await join()
    frame = json.dumps({"type": "x", "data": {"x": "x" * 100_000}})
    for _ in range(150):  # more than the kernel buffers and the queue hold
        await writer.send(frame)
        assert await reader.recv() == await writer.recv() == frame
    async with asyncio.timeout(10):
        while len(bus.connections) > 2:
            await asyncio.sleep(0.01)
    deaf.close()
    await writer.send('{"type":"after"}')
    assert await reader.recv() == '{"type":"after"}'


async def test_a_message_over_the_limit_closes_its_sender_alone(join: Join) -> None:
    ann, bob = await join(), await join()
    await ann.send(json.dumps({"type": "x", "data": {"x": "x" * 3_000_000}}))
    with pytest.raises(ConnectionClosed) as closed:
        await ann.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    await bob.send('{"type":"after"}')
    assert await bob.recv() == '{"type":"after"}'


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://evil.example", 403), ("http://[bad", 403), ("https://listed.example", None), (None, None)],
)
async def test_pages_connect_only_where_they_are_listed(
    bus: Server, join: Join, origin: str | None, status: int | None
) -> None:
    if status is None:
        await join(origin=origin)
        return
    with pytest.raises(InvalidStatus) as refused:
        await connect(bus.url, origin=origin)  # type: ignore[arg-type]
    assert refused.value.response.status_code == status


async def test_there_is_nothing_at_another_path(bus: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(bus.url.replace("/core", "/gui"))
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    "request_", [b"\x00\xff\r\n\r\n", b"GET /core HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n"]
)
async def test_what_is_no_handshake_is_dropped(bus: Server, join: Join, request_: bytes) -> None:
    reader, writer = await dial(bus)
    writer.write(request_)
    assert b"101" not in await reader.read()
    writer.close()
    await join()


async def test_a_handshake_that_is_never_finished_is_dropped(bus: Server) -> None:
    bus.settings = replace(bus.settings, handshake_timeout=0.05)
    reader, writer = await dial(bus)
    writer.write(b"GET /core HTTP/1.1\r\n")
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()


async def test_a_silent_client_is_pinged_and_dropped_one_that_answers_stays(bus: Server, join: Join) -> None:
    bus.settings = replace(bus.settings, ping_interval=0.1)
    alive, silent = await join(), await join()
    silent.transport.pause_reading()
    async with asyncio.timeout(10):
        while len(bus.connections) > 1:
            await asyncio.sleep(0.01)
    await alive.send('{"type":"x"}')
    assert await alive.recv() == '{"type":"x"}'


@pytest.mark.parametrize(
    ("sent", "counter"),
    [
        (b"junk\r\n\r\n", "malformed"),
        (b"GET /core HTTP/1.1\r\nX: " + b"x" * 9000, "oversized"),
        (b"GET /core HTTP/1.1\r\n" + b"X: x\r\n" * 150, "oversized"),
        (b"GET /core HTTP/1.1\r\n" + (b"X: " + b"x" * 4000 + b"\r\n") * 5, "oversized"),
        (b"\xff\xff", "malformed"),
        (Frame(Opcode.TEXT, b"x" * 3 * 2**20).serialize(mask=True)[:20], "oversized"),
        (b"\x81\xff" + (2**21).to_bytes(8) + b"mask" + b"x" * (2**20 + 1), "oversized"),  # of 1 MB unfinished
    ],
)
async def test_what_is_too_large_or_no_frame_is_counted(bus: Server, sent: bytes, counter: str) -> None:
    bus.settings = replace(bus.settings, max_unfinished=1, max_clients=2)
    reader, writer = await dial(bus)
    if sent[:1] not in (b"G", b"j"):
        writer.write(HANDSHAKE)
        await reader.readuntil(b"}")
    writer.write(sent)
    await until(lambda: getattr(bus.hub.counters, counter) == 1, counter)
    writer.close()


async def test_stopping_says_goodbye(bus: Server, join: Join) -> None:
    client = await join()
    await bus.__aexit__()
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


async def test_stopping_lets_a_handshake_end_first(bus: Server) -> None:
    reader, writer = await dial(bus)
    writer.write(HANDSHAKE[:20])
    await until(lambda: len(bus.connections) == 1, "the connection")
    stopping = asyncio.create_task(bus.__aexit__())
    await asyncio.sleep(0.05)
    writer.write(HANDSHAKE[20:])
    said = await reader.readuntil(b"bus stops")
    assert said.startswith(b"HTTP/1.1 101 ")
    writer.close()
    await stopping


async def test_connections_have_no_nagle(bus: Server, join: Join) -> None:
    await join()
    [connection] = bus.connections
    raw = connection._transport.get_extra_info("socket")
    assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_taken_port_is_an_error_that_names_it(bus: Server) -> None:
    port = int(bus.url.split(":")[2].split("/")[0])
    with pytest.raises(ListenError, match=f"port {port}: Address already in use"):
        await Server(WebSocketSettings(port=port), SETTINGS).__aenter__()


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames_are_what_websockets_makes(size: int) -> None:
    assert text_frame(b"x" * size) == Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)


async def test_a_unix_socket_is_the_same_bus(tmp_path: Path) -> None:
    path = tmp_path / "bus.socket"
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    async with (
        Server(WebSocketSettings(port=0), BusSettings(socket=str(path))) as bus,
        unix_connect(str(path), "ws://localhost/core") as ann,
        connect(bus.url) as bob,
    ):
        assert path.stat().st_mode & 0o777 == 0o666
        assert await ann.recv(decode=False) == await bob.recv(decode=False) == GREETING
        await ann.send('{"type":"system.reboot"}')
        assert json.loads(await bob.recv())["context"][SENDER]["pid"] == os.getpid()
        await bob.send('{"type":"system.reboot"}')
        assert json.loads(await ann.recv())["type"] == "system.reboot"
        assert json.loads(await ann.recv())["context"][SENDER]["uid"] == os.getuid()
        assert json.loads(await bob.recv())["type"] == "system.reboot"
        with pytest.raises(ListenError, match="Address already in use"):
            await Server(WebSocketSettings(port=0), BusSettings(socket=str(path))).__aenter__()
        await ann.send('{"type":"x"}')
        assert await bob.recv() == '{"type":"x"}'


async def test_a_socket_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ListenError, match="file: Address already in use"):
        await Server(WebSocketSettings(port=0), BusSettings(socket=str(tmp_path / "file"))).__aenter__()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


def token(name: str, role: Role) -> dict[str, Token]:
    return {name: Token(hashlib.sha256(name.encode()).hexdigest(), role)}


@pytest.mark.parametrize(
    ("route", "headers", "role"),
    [
        ("/core", {}, None),
        ("/core?token=wrong", {}, None),
        ("/core", {"Authorization": "Bearer wrong"}, None),
        ("/core?x=1&token=screen", {}, Role.OBSERVE),
        ("/core?token=a%2Bb+c", {}, Role.CONTROL),
        ("/core", {"Authorization": "Bearer phone"}, Role.CONTROL),
    ],
)
async def test_another_machine_needs_a_token_and_is_what_that_says(
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    route: str,
    headers: dict[str, str],
    role: Role | None,
) -> None:
    monkeypatch.setattr(connection_module, "is_loopback", lambda _: False)
    websocket = WebSocketSettings(port=0, ssl=True, ssl_cert=str(certificate[0]), ssl_key=str(certificate[1]))
    tokens = token("screen", Role.OBSERVE) | token("phone", Role.CONTROL) | token("a+b+c", Role.CONTROL)
    trusted = ssl.create_default_context(cafile=certificate[0])
    async with Server(websocket, BusSettings(tokens=tokens)) as bus:
        url = bus.url.replace("/core", route)
        if role is None:
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, ssl=trusted, additional_headers=headers)
            assert refused.value.response.status_code == 401
            return
        async with connect(url, ssl=trusted, additional_headers=headers) as client:
            await client.recv()
            await client.send('{"type":"speak"}')
            heard = json.loads(await client.recv())["type"]
            assert heard == ("speak" if role is Role.CONTROL else "bus.message.denied")
            await client.send('{"type":"system.reboot"}')
            assert json.loads(await client.recv())["type"] == "bus.message.denied"


async def test_another_machine_without_tls_is_not_let_in(bus: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "is_loopback", lambda _: False)
    with pytest.raises((ConnectionResetError, InvalidMessage)):
        await connect(bus.url)
    assert bus.hub.counters.refused == 1


async def test_tls_needs_its_files() -> None:
    with pytest.raises(ListenError, match=r"websocket\.ssl_cert"):
        await Server(WebSocketSettings(port=0, ssl=True), BusSettings()).__aenter__()
    websocket = WebSocketSettings(port=0, ssl_cert="/nowhere", ssl_key="/nowhere")
    with pytest.raises(ListenError, match="/nowhere"):
        await Server(websocket, BusSettings(remote_port=0)).__aenter__()


async def test_more_clients_than_allowed_are_not_let_in() -> None:
    async with Server(WebSocketSettings(port=0), BusSettings(max_clients=1)) as bus, connect(bus.url) as client:
        with pytest.raises((ConnectionResetError, InvalidMessage)):
            await connect(bus.url)
        await client.recv()
        await client.send('{"type":"x"}')
        assert await client.recv() == '{"type":"x"}'


async def test_who_sends_too_fast_is_read_slowly_and_loses_nothing() -> None:
    async with (
        Server(WebSocketSettings(port=0), BusSettings(max_rate=100, ping_interval=0.1)) as bus,
        connect(bus.url) as fast,
        connect(bus.url) as calm,
    ):
        await calm.recv()
        frames = [json.dumps({"type": "x", "data": {"n": number, "x": "x" * 3000}}) for number in range(150)]
        for frame in frames:
            await fast.send(frame)
        assert [await calm.recv() for _ in frames] == frames
        assert bus.hub.counters.throttled > 0
        await asyncio.sleep(0.3)
        await fast.ping()  # not dropped for pongs that the bus had no credit to read
        await calm.send('{"type":"y"}')
        assert await calm.recv() == '{"type":"y"}'


@pytest.mark.parametrize("turns", range(6))
async def test_who_knocks_while_the_bus_restarts_gets_in(turns: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with Server(WebSocketSettings(), BusSettings(), [listening.dup()]):
            client = socket.create_connection(listening.getsockname())
            client.sendall(HANDSHAKE)
            for _ in range(turns):
                await asyncio.sleep(0)
        async with Server(WebSocketSettings(), BusSettings(), [listening.dup()]):
            reader, writer = await asyncio.open_connection(sock=client)
            assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
            writer.close()


async def test_status_tells_who_is_there(join: Join) -> None:
    client = await join()
    await client.send('{"type":"bus.status"}')
    status = json.loads(await client.recv())["data"]
    [found] = status["clients"]
    assert (found["uid"], found["pid"]) == (os.getuid(), os.getpid())
    assert status["memory"] > 1_000_000
