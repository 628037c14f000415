"""What a broken or hostile client can do to the others: nothing.

The bus runs as a process of its own, and two clients talk on it before, during and after each attack.
"""

import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import random
import resource
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.sync.client import connect as connect_blocking

from bus.contract.ours import PRIVILEGED
from bus.daemon.config import BusSettings, Role, Token, WebSocketSettings
from bus.errors import FrameError
from bus.message import Message
from bus.server import connection as connection_module
from bus.server.admission import origin_allowed, role_of
from bus.server.connection import Connection
from bus.server.hub import GREETING, Hub
from bus.server.limits import Counters
from bus.server.listener import Server
from bus.server.policy import denial
from tests.bus.test_hub import Listener
from tests.conftest import until

pytestmark = pytest.mark.real_time

WAIT_S = 5.0
"""A message has to be there by then, whatever is going on."""

ATTACK_S = 10.0
"""Attacks that would go on for ever end after this time."""

SPARE_MB = 24
"""What an attack may cost the bus: a queue limit of 8, twice what is read and written at a time, and the heap."""

MAX_LOG_MB = 1
"""What an attack may write into the log."""

CLIENTS = 1000
MB = 2**20

REQUEST = (
    b"GET /core HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT, CONTINUATION, BINARY, PING, CLOSE = 0x81, 0x80, 0x82, 0x89, 0x88
FIN = 0x80


# The bus, and two clients that have nothing to do with all this.


class Bus:
    """A bus that runs, and what it costs."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def peak_mb(self) -> float:
        """The most memory that it ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.fixture
async def bus(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus; a parameter is what its command line begins with."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    command = [*getattr(request, "param", ()), sys.executable, "-m", "bus", "serve", "--port", "0"]
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=log, env={**os.environ, "HOME": str(tmp_path)}
        )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode()
    yield Bus(process, int(url.rsplit(":", 1)[1].split("/")[0]), tmp_path / "log")
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


class Pair:
    """Two clients that talk to each other."""

    def __init__(self, ann: ClientConnection, bob: ClientConnection) -> None:
        self.clients = (ann, bob)
        self.overheard: list[str] = []
        """How the messages of others begin, as Bob got them."""
        self._beats = 0

    async def beat(self) -> None:
        """Ann says something; both hear it in time, and nothing of what they said before is missing."""
        ann, bob = self.clients
        self._beats += 1
        said = f'{{"type":"beat","data":{{"number":{self._beats}}}}}'
        await ann.send(said)
        for client in self.clients:
            async with asyncio.timeout(WAIT_S):
                while (heard := await client.recv()) != said:
                    assert isinstance(heard, str)
                    assert not heard.startswith('{"type":"beat"')
                    if len(heard) < 100_000:
                        json.loads(heard)
                    if client is bob:
                        self.overheard.append(heard[:100])


@pytest.fixture
async def pair(bus: Bus) -> AsyncIterator[Pair]:
    # Without a limit of their own on what waits for them they always come to the end of it, and to the goodbye.
    client = partial(
        connect,
        f"ws://127.0.0.1:{bus.port}/core",
        compression=None,
        max_size=None,
        max_queue=None,
        close_timeout=1,
    )
    async with client() as ann, client() as bob:
        assert await ann.recv(decode=False) == await bob.recv(decode=False) == GREETING
        yield Pair(ann, bob)


async def survive(attack: Callable[[int], None], bus: Bus, pair: Pair, cost_mb: float = SPARE_MB) -> None:
    """Nobody but the attacker notices the attack."""
    await pair.beat()
    before_mb = bus.peak_mb()
    async with asyncio.TaskGroup() as group:
        attacking = group.create_task(asyncio.to_thread(attack, bus.port))
        while not attacking.done():
            await pair.beat()
            await asyncio.sleep(0.02)
    await pair.beat()
    log = bus.log.read_text(errors="replace")
    assert bus.process.returncode is None
    assert "Traceback" not in log, log[-1000:]
    assert len(log) < MAX_LOG_MB * MB, log[-1000:]
    assert bus.peak_mb() - before_mb < cost_mb


# Attackers. They speak to a port over plain sockets, since no library would send such things.


def frame(payload: bytes, first: int = TEXT) -> bytes:
    """A frame as a client sends it; a mask of zeros leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB4x", first, 0x80 | size) + payload
    if size < 65536:
        return struct.pack("!BBH4x", first, 0x80 | 126, size) + payload
    return struct.pack("!BBQ4x", first, 0x80 | 127, size) + payload


def dial(port: int) -> socket.socket:
    """A connection that has said nothing yet."""
    return socket.create_connection(("127.0.0.1", port), timeout=2 * WAIT_S)


def join(port: int) -> socket.socket:
    """A client that has heard the greeting."""
    client = dial(port)
    client.sendall(REQUEST)
    heard = b""
    while GREETING not in heard:
        received = client.recv(65536)
        assert received, heard
        heard += received
    return client


def push(client: socket.socket, data: bytes) -> None:
    """Sends until the bus has had enough."""
    with contextlib.suppress(OSError):
        client.sendall(data)


def heard_by(client: socket.socket) -> bytes:
    """All that a client hears until the bus drops it."""
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while received := client.recv(65536):
            heard += received
    return heard


@contextlib.contextmanager
def crowd(
    port: int, come: Callable[[int], socket.socket] = join, count: int = CLIENTS
) -> Iterator[list[socket.socket]]:
    """Many clients at once."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(come(port)) for _ in range(count)]


def reset(client: socket.socket) -> None:
    """Leaves without a goodbye, in the middle of everything."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def thirty_megabytes(port: int) -> None:
    with join(port) as client:
        push(client, frame(bytes(30 * MB)))


def claimed_terabyte(port: int) -> None:
    for claim in (2**40, 2**63 - 1, 2**64 - 1):
        with join(port) as client:
            client.sendall(struct.pack("!BBQ4x", TEXT, 0xFF, claim) + b"x")
            assert b"\x03\xf1" in heard_by(client) or claim > 2**62  # 1009; that many are no frame at all


def many_half_frames(port: int) -> None:
    with crowd(port) as clients:
        for client in clients:
            client.sendall(frame(bytes(MB))[: MB // 2])
        time.sleep(1)


def half_open(port: int) -> None:
    with crowd(port, dial):
        time.sleep(2)


def slow_handshakes(port: int) -> None:
    with crowd(port, dial, 200) as clients:
        for byte in REQUEST[:30]:
            for client in clients:
                client.sendall(bytes([byte]))
            time.sleep(0.05)


def megabyte_of_headers(port: int) -> None:
    start = b"GET /core HTTP/1.1\r\n"
    for headers in (b"A: b\r\n" * (MB // 6), b"A: " + b"b" * MB, b"A" * MB, b"A: b\r\n" * 100):
        with dial(port) as client:
            push(client, start + headers)
    with dial(port) as client:
        push(client, b"x" * MB)


def garbage(port: int) -> None:
    noise = random.Random(1)  # noqa: S311  # the same noise each time
    openings = [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    for opening in openings * 20:
        with dial(port) as client:
            push(client, opening + noise.randbytes(10_000) + b"\r\n\r\n")
    for _ in range(50):
        with join(port) as client:
            push(client, noise.randbytes(10_000))


def broken_frames(port: int) -> None:
    """What RFC 6455 forbids; each closes its sender."""
    for broken in (
        b"\x81\x02{}",  # not masked
        *(frame(b"{}", TEXT | reserved) for reserved in (0x40, 0x20, 0x10)),
        *(frame(b"", FIN | opcode) for opcode in (3, 7, 11, 15)),
        *(frame(b"", opcode) for opcode in (8, 9, 10)),  # control frames in fragments
        frame(b"x" * 126, PING),
        frame(b"x", CONTINUATION),  # of nothing
        frame(b"{", TEXT & ~FIN) + frame(b"{}"),  # a message inside a message
        frame(b"x", CLOSE),
        frame(struct.pack("!H", 1005), CLOSE),
        frame(struct.pack("!H", 1000) + b"\xff", CLOSE),
    ):
        with join(port) as client:
            client.sendall(broken)
            assert heard_by(client)[:1] == b"\x88"


def binary_frames(port: int) -> None:
    with join(port) as client:
        client.sendall(frame(b'{"type":"x"}', BINARY) * 1000)
        heard = b""
        while heard.count(b"bus.message.rejected") < 1000:
            heard += client.recv(65536)


def resets(port: int) -> None:
    for number in range(500):
        client = dial(port)
        if number % 5:
            push(client, REQUEST[: number % 200] if number % 5 < 3 else REQUEST)
        if number % 5 == 4:
            push(client, frame(b'{"type":"x"}') * 100)
        reset(client)


def resets_in_a_flood(port: int) -> None:
    """The bus has a lot to answer to somebody who is not there any more."""
    for flood in (frame(b"", PING) * 40_000, frame(b"?") * 30_000) * 5:
        client = join(port)
        push(client, flood)
        reset(client)


def connects(port: int) -> None:
    end = time.monotonic() + ATTACK_S / 2
    for _ in range(3000):
        join(port).close()
        if time.monotonic() > end:
            return


def junk_of_many(port: int) -> None:
    """Each says one thing that is worth a line in the log."""
    for number in range(3000):
        with dial(port) as client:
            client.sendall(REQUEST + frame(b"%d" % number))
            client.recv(1)


def a_thousand_clients(port: int) -> None:
    with crowd(port) as clients:
        clients[0].sendall(frame(b'{"type":"hello"}'))
        for client in clients:
            heard = b""
            while b'{"type":"hello"}' not in heard:
                heard += client.recv(65536)


def one_byte_fragments(port: int) -> None:
    with join(port) as client:
        client.sendall(frame(b"", TEXT & ~FIN))
        for _ in range(1000):
            client.sendall(frame(b" ", CONTINUATION & ~FIN) * 1000)
        client.sendall(frame(b"{}", CONTINUATION))
        while b"rejected" not in client.recv(65536):
            pass


def empty_fragments(port: int) -> None:
    with join(port) as client:
        client.sendall(frame(b"", TEXT & ~FIN))
        for _ in range(500):
            client.sendall(frame(b"", CONTINUATION & ~FIN) * 1000)


def deaf_pinger(port: int) -> None:
    """Nothing is delivered to it that could show that it does not read."""
    with join(port) as client:
        client.sendall(frame(b'{"type":"bus.subscribe","data":{"patterns":[]}}'))
        for _ in range(400):
            push(client, frame(b"x" * 125, PING) * 1000)


def deaf_talker(port: int) -> None:
    """Every frame is answered, and it reads no answer."""
    with join(port) as client:
        client.sendall(frame(b'{"type":"bus.subscribe","data":{"patterns":[]}}'))
        for _ in range(300):
            push(client, frame(b"?") * 1000)


def never_closes(port: int) -> None:
    with crowd(port, count=100) as clients:
        for client in clients:
            client.sendall(frame(struct.pack("!H", 1000), CLOSE) + frame(b'{"type":"x"}') * 1000)
        for client in clients:
            heard_by(client)


def many_origins(port: int) -> None:
    for number in range(2000):
        with dial(port) as client:
            client.sendall(REQUEST[:-2] + b"Origin: http://%d%s\r\n\r\n" % (number, b"x" * 8000))
            client.recv(1)


def many_paths(port: int) -> None:
    for number in range(2000):
        with dial(port) as client:
            client.sendall(REQUEST.replace(b"/core", b"/%d%s" % (number, b"x" * 8000)))
            client.recv(1)


def subscriptions(patterns: list[str], *types: str) -> Callable[[int], None]:
    """Subscribes, and has messages of these types compared with the patterns."""

    def attack(port: int) -> None:
        with crowd(port, count=10) as clients:
            for client in clients:
                push(client, frame(json.dumps({"type": "bus.subscribe", "data": {"patterns": patterns}}).encode()))
            for msg_type in types:
                push(clients[0], frame(json.dumps({"type": msg_type}).encode()))
            time.sleep(0.5)
            push(clients[0], frame(b"", PING))
            with contextlib.suppress(OSError):
                clients[0].recv(65536)

    return attack


def status_flood(port: int) -> None:
    with crowd(port, count=100) as clients:
        for client in clients:
            client.sendall(frame(b'{"type":"bus.status"}') * 10)
        for client in clients:
            heard = b""
            while b"bus.status.response" not in heard:
                heard = heard[-100:] + client.recv(65536)


def unreadable_process_name(port: int) -> None:
    comm = Path("/proc/self/comm")
    name = comm.read_bytes()
    comm.write_bytes(b"\xff\x1b[2J")
    try:
        with join(port) as client:
            client.sendall(frame(b'{"type":"bus.status"}'))
            assert b"bus.status.response" in client.recv(65536)
    finally:
        comm.write_bytes(name)


def one_message(*payloads: bytes) -> Callable[[int], None]:
    """Sends these, and waits until the bus is through with them."""

    def attack(port: int) -> None:
        with join(port) as client:
            for payload in payloads:
                push(client, frame(payload))
            push(client, frame(b"", CLOSE))
            heard_by(client)

    return attack


def data(inner: bytes) -> bytes:
    return b'{"type":"x","data":{"a":' + inner + b"}}"


ATTACKS: dict[str, Callable[[int], None]] = {
    attack.__name__: attack
    for attack in (
        *(thirty_megabytes, claimed_terabyte, many_half_frames, half_open, slow_handshakes, megabyte_of_headers),
        *(garbage, broken_frames, binary_frames, resets, resets_in_a_flood, connects, junk_of_many),
        *(a_thousand_clients, one_byte_fragments, empty_fragments, deaf_pinger, deaf_talker, never_closes),
        *(many_origins, many_paths, status_flood, unreadable_process_name),
    )
} | {
    "a pattern of many stars": subscriptions(["*a" * 100_000], "a" * 900),
    "many patterns of many stars": subscriptions(["*a" * 1000 + "b"] * 256, "a" * 900),
    "patterns that nearly match": subscriptions(
        ["*" + "a" * 500 + "b"] * 256, *("a" * n for n in range(980, 1000))
    ),
    "many empty lists": one_message(data(b"[" + b"[]," * (8 * 10**6) + b"1]")),
    "a long text": one_message(data(b'"' + b"[" * 300 + b"x" * 23 * 10**6 + b'"')),
    "long texts escaped": one_message(data(b'"' + b"[" * 300 + rb"\n" * 11 * 10**6 + b'"')),
    "nesting": one_message(data(b"[" * 10**6), data(b"[" * 10**6 + b"]" * 10**6), data(b'{"a":' * 10**6)),
    "a huge context": one_message(b'{"type":"bus.status","context":{"a":[' + b"[]," * 10**6 + b"1]}}"),
    "huge numbers": one_message(
        *(
            data(number)
            for number in (b"1" * 4300, b"1" * 4301, b"-" + b"9" * 10**6, b"1e999", b"0." + b"1" * 10**6)
        ),
        b'{"type":"x","more":' + b"1" * 5000 + b"}",
        b'{"type":"bus.status","context":{"a":' + b"1" * 4000 + b"}}",
    ),
    "invalid UTF-8": one_message(
        b"\xff",
        b'{"type":"\xff"}',
        data(b'"\xed\xa0\x80"'),
        b'{"type":"x","more":"\xff"}',
        b'{"type":"x","\xc0\x80":1}',
    ),
    "lone surrogates": one_message(
        data(rb'"\ud800"'), rb'{"type":"\udfff"}', rb'{"type":"x","more":"\ud800"}', rb'{"type":"x","\ud800":1}'
    ),
    "keys that come twice": one_message(
        b'{"type":"x","type":5}', b'{"data":[],"data":{},"type":"x"}', b'{"type":"x","data":{"a":1,"a":2}}'
    ),
}

COSTS_MB = {
    "thirty_megabytes": 64,
    "a_thousand_clients": 64,
    "many_half_frames": 224,
    "half_open": 64,
    "many empty lists": 160,
    "a long text": 300,
    "long texts escaped": 300,
}
"""What an attack may cost where that is more: the message itself, some times over, or many connections."""


@pytest.mark.timeout(90)
@pytest.mark.parametrize("attack", ATTACKS)
async def test_two_clients_notice_nothing_of(attack: str, bus: Bus, pair: Pair) -> None:
    await survive(ATTACKS[attack], bus, pair, COSTS_MB.get(attack, SPARE_MB))


async def test_a_client_that_takes_nothing_costs_its_queue_and_others_lose_nothing(bus: Bus, pair: Pair) -> None:
    def publish(port: int) -> None:
        with join(port) as stuck, connect_blocking(f"ws://127.0.0.1:{port}/core", max_size=None) as publisher:
            publisher.recv()
            for number in range(30):
                said = f'{{"type":"flood","data":{{"number":{number},"x":"{"x" * MB}"}}}}'
                publisher.send(said)
                while (received := publisher.recv()) != said:
                    assert '"beat"' in received
            push(stuck, frame(b'{"type":"late"}'))

    await survive(publish, bus, pair, 64)
    assert "does not read: closed with" in bus.log.read_text()
    floods = [int(heard.split(":")[3].split(",")[0]) for heard in pair.overheard if "flood" in heard]
    assert floods == list(range(30))


@pytest.mark.parametrize("bus", [("prlimit", "--nofile=256:4096")], indirect=True)
async def test_the_usual_limit_of_open_files_limits_no_clients(bus: Bus, pair: Pair) -> None:
    await survive(a_thousand_clients, bus, pair, COSTS_MB["a_thousand_clients"])


@pytest.mark.parametrize("said", [b"", REQUEST[:-1], REQUEST.replace(b"/core", b"/"), b"?\r\n\r\n"])
async def test_a_handshake_that_leads_nowhere_ends(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT_S", 0.1)
    async with Server(WebSocketSettings(port=0), BusSettings(handshake_timeout=0.1)) as server:
        with dial(int(server.url.split(":")[2].split("/")[0])) as client:
            client.sendall(said)
            await until(lambda: len(server.connections) == 1, "the connection")
            await until(lambda: not server.connections, "its end")


# Any bytes at all.

TOKENS = {"a": Token(hashlib.sha256(b"a").hexdigest(), Role.CONTROL)}
ANY_TEXT = st.text() | st.text(st.characters(categories=["Cs", "L"]))
"""Lone surrogates, too: so are headers read that are not ASCII."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MESSAGES = st.fixed_dictionaries(
    {"type": st.text(min_size=1) | st.sampled_from(["x", "bus.subscribe", "bus.status", "system.reboot"])},
    optional={
        "data": st.dictionaries(st.text() | st.just("patterns"), JSON | st.lists(st.text("*?[]!-ab"))),
        "context": st.dictionaries(st.text() | st.sampled_from(["source", "destination", "session"]), JSON),
        "more": JSON,
        "ciphertext": st.just("00"),
    },
).map(lambda message: json.dumps(message, ensure_ascii=False).encode())


@st.composite
def spoilt(draw: st.DrawFn, of: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of which a few have become others."""
    spoilt = bytearray(draw(of))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(spoilt)))
        spoilt[start : start + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(spoilt)


FRAMES = st.one_of(
    st.builds(frame, MESSAGES | spoilt(MESSAGES)),
    st.builds(frame, st.binary(), st.integers(0, 255)),
    st.builds(
        lambda inner, at: frame(inner[:at], TEXT & ~FIN) + frame(inner[at:], CONTINUATION),
        MESSAGES,
        st.integers(0, 9),
    ),
)
STREAMS = spoilt(st.lists(FRAMES, max_size=5).map(b"".join))


class Wire(asyncio.Transport):
    """A connection without a network, to a client that never reads."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__({"socket": connected, "peername": ("127.0.0.1", 5)})
        self.written = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Nothing to do."""

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing to do."""

    def pause_reading(self) -> None:
        """Nothing to do."""

    def resume_reading(self) -> None:
        """Nothing to do."""

    def abort(self) -> None:
        """Nothing to do."""


async def play(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Has a connection receive these bytes, cut into pieces; what another client gets of it."""
    server, other = Server(WebSocketSettings(), BusSettings(tokens=TOKENS)), Listener()
    server.hub.join(other)
    with socket.socket() as connected:
        connection = Connection(server.shared)
        connection.connection_made(Wire(connected))
        places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
        for start, end in itertools.pairwise(places):
            connection.get_buffer(-1)[: end - start] = stream[start:end]
            connection.buffer_updated(end - start)
        connection.eof_received()
        await asyncio.sleep(0)  # the flush
        connection.connection_lost(None)
    return other.heard[1:]


LET_IN = REQUEST[:-2] + b"Authorization: Bearer a\r\n\r\n"
PARSERS = [json.loads] + [import_module(name).loads for name in ("orjson",) if find_spec(name)]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STREAMS, st.lists(st.integers(0, 1000), max_size=10))
@example(frame(b'{"type":"x","more":"\xff"}'), [])
@example(frame(b'{"type":"x","more":%s}' % (b"1" * 5000)), [])
def test_whatever_comes_in_others_hear_only_messages(stream: bytes, cuts: list[int]) -> None:
    for heard in asyncio.run(play(LET_IN + stream, cuts)):
        for parse in PARSERS:
            assert isinstance(parse(heard.decode()), dict)


@settings(max_examples=200, deadline=None)
@given(
    spoilt(st.just(LET_IN)) | st.binary() | st.binary().map(lambda token: LET_IN.replace(b" a", b" " + token)),
    st.lists(st.integers(0, 300), max_size=5),
)
@example(LET_IN.replace(b" a", b" \xff"), [])
@example(LET_IN.replace(b"Host: x", b"Host: x\r\nHost: y"), [])
@example(REQUEST.replace(b"websocket", b"\xff"), [])
@example(REQUEST.replace(b"/core", b"/core?token=\xff"), [])
def test_no_handshake_is_too_strange(request: bytes, cuts: list[int]) -> None:
    asyncio.run(play(request, cuts))


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_policy_has_a_verdict_for_any_text(one: str, other: str, third: str) -> None:
    assert role_of(one, TOKENS) == (Role.CONTROL if one == "a" else None)
    assert origin_allowed(one, other, third, {third}) in (True, False)
    assert not origin_allowed(f"http://{one}.example", one, "mark1", ())
    assert (denial(one, Role.CONTROL, lambda: False) is None) == (one not in PRIVILEGED)
    assert denial(one, Role.OBSERVE, lambda: True) is not None


@given(
    st.sampled_from(sorted(PRIVILEGED)),
    st.randoms(use_true_random=False),
    st.sampled_from(["", '"type":"x",', " "]),
)
def test_no_spelling_of_a_privileged_type_gets_through(name: str, dice: random.Random, before: str) -> None:
    spellings = [(letter, f"\\u{ord(letter):04x}", f"\\u{ord(letter):04X}") for letter in name]
    spelling = "".join(map(dice.choice, spellings))
    hub, sender, other = Hub(Counters(), lambda: None, lambda: 0), Listener(), Listener()
    hub.join(sender)
    hub.join(other)
    spelt = f'{{{before}"type":"{spelling}"}}'
    assert json.loads(spelt)["type"] == name
    assert hub.receive(sender, spelt.encode()) is not None
    hub.flush()
    assert other.heard == [GREETING]


@given(spoilt(MESSAGES))
def test_what_is_accepted_can_be_answered(received: bytes) -> None:
    try:
        message = Message.deserialize(received)
    except FrameError:
        return
    assert json.loads(received.decode())["type"] == message.msg_type
    assert Message.deserialize(message.response().serialize()).msg_type == f"{message.msg_type}.response"
