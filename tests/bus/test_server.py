import asyncio
import contextlib
import hashlib
import json
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.frames import CloseCode, Frame, Opcode

from bus.contract.ours import SENDER
from bus.daemon.config import BusSettings, Role, Token, WebSocketSettings
from bus.errors import ConfigError, ListenError
from bus.message import Message
from bus.server import connection, identity
from bus.server.frames import text_frame
from bus.server.hub import GREETING
from bus.server.limits import Party
from bus.server.listener import Server
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
    """Connects clients that have received the greeting, and drops them in the end."""
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


async def test_every_frame_reaches_every_client_as_it_was_sent_and_in_order(join: Join) -> None:
    ann, bob = await join(), await join()
    frames = [
        f'{{"type" : "t{number}", "data": {{"x": "{"ü" * size}"}}}}' for number, size in enumerate((0, 60, 40_000))
    ]
    for frame in frames:
        await ann.send(frame)
    for client in (ann, bob):
        assert [await client.recv() for _ in frames] == frames


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /x HTTP/1.1\r\n\r\n", 404),
        (HANDSHAKE.replace(b"/core", b"/elsewhere"), 404),
        (HANDSHAKE.replace(b"Host: x", b"Host: x\r\nOrigin: https://evil.example"), 403),
        (HANDSHAKE.replace(b"Version: 13", b"Version: 8"), 400),
        (HANDSHAKE.replace(b"Upgrade: websocket\r\n", b""), 426),
        (HANDSHAKE.replace(b"Host: x", b"Content-Length: 5"), 400),
        (HANDSHAKE.replace(b"Host: x", "Host: ü".encode()), 400),
        (HANDSHAKE.replace(b"Host: x", b"x" * 9000), 431),
        (b"GET /core HTTP/1.1\r\n" + b"x" * 17 * 1024, 431),
        (b"POST / HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
    ],
)
async def test_a_refused_handshake_gets_a_response_and_one_line(
    bus: Server, caplog: pytest.LogCaptureFixture, request_: bytes, status: int
) -> None:
    reader, writer = await dial(bus)
    writer.write(request_)
    assert (await reader.read()).startswith(f"HTTP/1.1 {status} ".encode())
    writer.close()
    [line] = [record for record in caplog.records if "refused" in record.getMessage()]
    assert line.levelname == "WARNING"
    assert "\\u000a" not in line.getMessage()
    assert bus.hub.counters.refused == 1


@pytest.mark.parametrize("request_", [HANDSHAKE, b"GET /x HTTP/1.1\r\n\r\n"])
@pytest.mark.parametrize("size", [1, 2, 1000])
async def test_frames_before_the_handshake_response_are_refused(
    bus: Server, join: Join, caplog: pytest.LogCaptureFixture, request_: bytes, size: int
) -> None:
    other = await join()
    reader, writer = await dial(bus)
    message = Frame(Opcode.TEXT, b'{"type":"speak"}').serialize(mask=True)
    writer.write(request_ + message[:size])
    with contextlib.suppress(ConnectionResetError):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    assert len(caplog.records) == 1
    await other.send('{"type":"x"}')
    assert await other.recv() == '{"type":"x"}'
    assert bus.hub.counters.refused == 1


@pytest.mark.parametrize("size", [10, 1000, 70_000])
async def test_frames_may_arrive_in_any_pieces(bus: Server, join: Join, size: int) -> None:
    other = await join()
    reader, writer = await dial(bus)
    writer.write(HANDSHAKE)
    await reader.readuntil(GREETING)
    payload = json.dumps({"type": "x", "data": {"x": "x" * size}}).encode()
    frame = Frame(Opcode.TEXT, payload).serialize(mask=True)
    ping = Frame(Opcode.PING, b"p").serialize(mask=True)
    for cut in (*range(1, 16), len(frame) - 1, len(frame)):
        for part in (frame[:cut], frame[cut:] + ping[: cut % 5], ping[cut % 5 :]):
            writer.write(part)
            await asyncio.sleep(0.01)
        assert await other.recv(decode=False) == payload
    writer.close()


async def test_a_frame_in_fragments_is_one_message(join: Join) -> None:
    client = await join()
    await client.send(['{"type":', '"x"', "}"])
    assert await client.recv() == '{"type":"x"}'


@pytest.mark.parametrize("frame", ["not json", b'{"type":"x"}', '{"type":"x","context":{"session":5}}'])
async def test_an_invalid_frame_is_answered_to_its_sender_alone_which_stays(
    join: Join, frame: str | bytes
) -> None:
    ann, bob = await join(), await join()
    await ann.send(frame)
    assert json.loads(await ann.recv())["type"] == "bus.message.rejected"
    await ann.send('{"type":"after"}')
    assert await ann.recv() == await bob.recv() == '{"type":"after"}'


async def test_a_client_that_takes_nothing_is_closed_and_others_lose_nothing(bus: Server, join: Join) -> None:
    stuck = socket.create_connection(bus.url.removeprefix("ws://").removesuffix("/core").rsplit(":", 1))  # type: ignore[arg-type]
    stuck.sendall(HANDSHAKE)
    reader, writer = await join(), await join()
    frame = json.dumps({"type": "x", "data": {"x": "x" * 100_000}})
    for _ in range(150):  # more than the kernel buffers and the queue hold
        await writer.send(frame)
        assert await reader.recv() == await writer.recv() == frame
    await until(lambda: bus.hub.counters.slow == 1, "the end of the client that does not read")
    late, closing = await asyncio.open_connection(sock=stuck)
    assert (await late.read()).endswith(struct.pack("!H", 1013) + b"client does not read")
    closing.close()
    await until(lambda: len(bus.connections) == 2, "its end")
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
async def test_a_page_connects_where_its_origin_is_listed(
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


async def test_a_handshake_without_a_body_may_say_so(bus: Server) -> None:
    """As Java's own WebSocket client does."""
    reader, writer = await dial(bus)
    writer.write(HANDSHAKE.replace(b"Host: x", b"Host: x\r\nContent-Length: 0"))
    assert GREETING in await reader.readuntil(GREETING)
    writer.close()


@pytest.mark.parametrize(("request_", "response"), [(b"", b""), (b"GET /core HTTP/1.1\r\n", b"HTTP/1.1 408 ")])
async def test_a_handshake_that_is_never_finished_is_refused(
    bus: Server, request_: bytes, response: bytes
) -> None:
    reader, writer = await dial(bus)
    writer.write(request_)
    with contextlib.suppress(ConnectionResetError):
        assert (await reader.read())[:13] == response
    writer.close()
    assert bus.hub.counters.timed_out == 1


async def test_a_silent_client_is_pinged_and_dropped_one_that_answers_stays(bus: Server, join: Join) -> None:
    bus.shared.settings = replace(bus.shared.settings, ping_interval=0.1)
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
        (b"GET /core HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", "oversized"),
        (b"GET /core HTTP/1.1\r\n" + b"X: x\r\n" * 150 + b"\r\n", "oversized"),
        (b"GET /core HTTP/1.1\r\n" + (b"X: " + b"x" * 4000 + b"\r\n") * 5, "oversized"),
        (b"\xff" * 14, "malformed"),
        (Frame(Opcode.TEXT, b"x" * 3 * 2**20).serialize(mask=True)[:20], "oversized"),
    ],
    ids=["junk", "long header", "many headers", "long headers", "binary", "large frame"],
)
async def test_invalid_and_oversized_input_is_counted(bus: Server, sent: bytes, counter: str) -> None:
    reader, writer = await dial(bus)
    if sent[:1] not in (b"G", b"j"):
        writer.write(HANDSHAKE)
        await reader.readuntil(b"}")
    writer.write(sent)
    await until(lambda: getattr(bus.hub.counters, counter) == 1, counter)
    writer.close()


async def test_stopping_closes_with_a_close_code(bus: Server, join: Join) -> None:
    client = await join()
    await bus.__aexit__()
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


@pytest.mark.parametrize("more", [b"", b"x" * 30])
async def test_a_client_that_answers_a_close_frame_is_gone_at_once(bus: Server, more: bytes) -> None:
    reader, writer = await dial(bus)
    writer.write(HANDSHAKE)
    await reader.readuntil(GREETING)
    loop = asyncio.get_running_loop()
    began = loop.time()
    [peer] = bus.connections
    peer.close(CloseCode.GOING_AWAY, "")
    close = Frame(Opcode.CLOSE, struct.pack("!H", CloseCode.GOING_AWAY))
    assert await reader.readexactly(4) == close.serialize(mask=False)
    writer.write(close.serialize(mask=True) + more)
    assert await reader.read() == b""
    writer.close()
    assert loop.time() - began < connection.CLOSE_TIMEOUT_S


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
def test_frames_equal_those_of_websockets(size: int) -> None:
    assert text_frame(b"x" * size) == Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)


async def test_a_confidential_message_comes_over_the_unix_socket_alone(tmp_path: Path) -> None:
    path = tmp_path / "bus.sock"
    async with (
        Server(WebSocketSettings(port=0), BusSettings(socket=str(path))) as bus,
        unix_connect(str(path), "ws://localhost/core") as service,
        connect(bus.url) as other,
    ):
        for client in (service, other):
            await client.recv()
            await client.send(Message("bus.subscribe", {"patterns": ["wifi.connect", "after"]}).serialize())
            await client.recv()
        for msg_type in ("wifi.connect", "after"):
            await other.send(Message(msg_type).serialize())
        received = [Message.deserialize(str(await service.recv())).msg_type for _ in range(2)]
        assert received == ["wifi.connect", "after"]
        assert Message.deserialize(str(await other.recv())).msg_type == "after"


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
async def test_another_machine_needs_a_token_and_has_its_role(
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    route: str,
    headers: dict[str, str],
    role: Role | None,
) -> None:
    monkeypatch.setattr(identity, "is_loopback", lambda _: False)
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


async def test_another_machine_without_tls_is_refused(bus: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "is_loopback", lambda _: False)
    with pytest.raises(InvalidStatus) as refused:
        await connect(bus.url)
    assert refused.value.response.status_code == 403
    assert refused.value.response.body is not None
    assert b"bus.remote_port" in refused.value.response.body


async def test_connections_with_tls_have_a_limit_of_their_own(certificate: tuple[Path, Path]) -> None:
    websocket = WebSocketSettings(port=0, ssl=True, ssl_cert=str(certificate[0]), ssl_key=str(certificate[1]))
    trusted = ssl.create_default_context(cafile=certificate[0])
    async with (
        Server(websocket, BusSettings(max_secure=2)) as bus,
        connect(bus.url, ssl=trusted) as ann,
        connect(bus.url, ssl=trusted) as bob,
    ):
        with pytest.raises(ConnectionResetError):
            await connect(bus.url, ssl=trusted)
        for client in (ann, bob):
            assert await client.recv(decode=False) == GREETING
        await ann.send('{"type":"x"}')
        assert await bob.recv() == '{"type":"x"}'
        assert bus.hub.counters.evicted == 1


async def test_tls_needs_its_files() -> None:
    with pytest.raises(ConfigError, match=r"websocket\.ssl_cert"):
        await Server(WebSocketSettings(port=0, ssl=True), BusSettings()).__aenter__()


@pytest.mark.parametrize("fault", ["no certificate", "no key file", "key of another certificate", "port taken"])
async def test_a_faulty_remote_listener_leaves_the_local_bus(
    certificate: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    cert, key = map(str, certificate)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        websocket = {
            "no certificate": WebSocketSettings(port=0),
            "no key file": WebSocketSettings(port=0, ssl_cert=cert, ssl_key="/nowhere"),
            "key of another certificate": WebSocketSettings(
                port=0, ssl_cert=cert, ssl_key=str(make_certificate(tmp_path, "IP:127.0.0.1")[1])
            ),
            "port taken": WebSocketSettings(port=0, ssl_cert=cert, ssl_key=key),
        }[fault]
        remote_port = taken.getsockname()[1] if fault == "port taken" else 0
        settings = BusSettings(remote_host="127.0.0.1", remote_port=remote_port)
        async with Server(websocket, settings) as bus, connect(bus.url) as client:
            assert await client.recv(decode=False) == GREETING
    [line] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert line.startswith("other machines cannot connect (bus.remote_port): ")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        *(("", "127.0.0.1"), ("::", "127.0.0.1"), ("::", "::1"), ("[::1]", "::1")),
        *(("0.0.0.0", "127.0.0.1"), ("localhost", "127.0.0.1")),
    ],
)
async def test_a_host_listens_as_its_owner_means_it(host: str, address: str) -> None:
    async with Server(WebSocketSettings(host=host, port=0), BusSettings()) as bus:
        port = bus.url.rsplit(":", 1)[1]
        shown = f"[{address}]" if ":" in address else address
        for url in (bus.url, f"ws://{shown}:{port}"):
            async with connect(url) as client:
                assert await client.recv(decode=False) == GREETING
        if host == "localhost":
            with pytest.raises(OSError, match=r"Connect call failed|refused"):
                await connect(f"ws://[::1]:{port}")


@pytest.mark.parametrize("port", [0, 1])
async def test_a_port_that_systemd_does_not_listen_on_is_reported_once(
    caplog: pytest.LogCaptureFixture, port: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(socket.AF_UNIX) as unix:
        real = listening.getsockname()[1]
        unix.bind("")
        async with Server(WebSocketSettings(port=port or real), BusSettings(), [listening.dup(), unix.dup()]):
            pass
    reported = [record.getMessage() for record in caplog.records]
    assert len(reported) == port
    assert all(f"systemd listens on {real}" in line for line in reported)


async def test_a_plain_connection_to_the_tls_port_is_one_line(
    certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    websocket = WebSocketSettings(port=0, ssl=True, ssl_cert=str(certificate[0]), ssl_key=str(certificate[1]))
    async with Server(websocket, BusSettings()) as bus:
        for request_ in (HANDSHAKE, b"\x16\x03\x01junk", b""):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(bus.url.split(":")[2].split("/")[0]))
            writer.write(request_)
            writer.write_eof()
            with contextlib.suppress(ConnectionResetError):
                await reader.read()
            writer.close()
        await until(lambda: not bus.connections, "the end of all connections")
    assert len(caplog.records) <= 3
    assert not any(record.exc_info for record in caplog.records)


async def test_more_clients_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "is_service", lambda _: False)
    async with Server(WebSocketSettings(port=0), BusSettings(max_clients=1)) as bus, connect(bus.url) as client:
        with pytest.raises(InvalidStatus) as refused:
            await connect(bus.url)
        assert refused.value.response.status_code == 503
        await client.recv()
        await client.send('{"type":"x"}')
        assert await client.recv() == '{"type":"x"}'


async def test_the_newest_client_of_the_user_with_most_makes_place_for_another_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parties = iter([Party(1000), Party(1000), Party(1001)])
    caller = identity.Caller("x", True, identity.Owner(None), Party(None))
    monkeypatch.setattr(connection, "caller_of", lambda *_: replace(caller, party=next(parties)))
    async with (
        Server(WebSocketSettings(port=0), BusSettings(max_clients=2)) as bus,
        connect(bus.url) as old,
        connect(bus.url) as new,
        connect(bus.url) as other,
    ):
        await new.recv()
        with pytest.raises(ConnectionClosedError, match="1013"):
            await new.recv()
        assert bus.hub.counters.evicted == 1
        for client in (old, other):
            await client.recv()
            await client.send('{"type":"x"}')
            assert await client.recv() == '{"type":"x"}'


async def test_the_oldest_connection_without_a_handshake_is_dropped_for_a_newer_one() -> None:
    async with Server(WebSocketSettings(port=0), BusSettings(max_handshakes=2)) as bus:
        dialled = [await dial(bus) for _ in range(3)]
        with contextlib.suppress(ConnectionResetError):
            assert await dialled[0][0].read() == b""
        assert bus.hub.counters.evicted == 1
        for reader, writer in dialled[1:]:
            writer.write(HANDSHAKE)
            assert GREETING in await reader.readuntil(GREETING)
        for _, writer in dialled:
            writer.close()


async def test_a_client_over_its_rate_is_read_slowly_and_loses_nothing() -> None:
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
        await fast.ping()  # not dropped for pongs that the bus did not read
        await calm.send('{"type":"y"}')
        assert await calm.recv() == '{"type":"y"}'


@pytest.mark.parametrize("turns", range(6))
async def test_a_client_that_connects_while_the_bus_restarts_is_accepted(turns: int) -> None:
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


async def test_status_names_the_clients(join: Join) -> None:
    client = await join()
    await client.send('{"type":"bus.status"}')
    status = json.loads(await client.recv())["data"]
    [found] = status["clients"]
    assert (found["uid"], found["pid"]) == (os.getuid(), os.getpid())
    assert status["memory"] > 1_000_000
