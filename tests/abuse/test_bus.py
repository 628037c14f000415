"""What a broken or hostile client can do to the others: nothing.

The bus runs as a process of its own, and two clients talk on it before, during and after each attack.
"""

import contextlib
import json
import random
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.sync.client import connect as connect_blocking

from tests.abuse.tools import (
    ATTACK_S,
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    MB,
    PATIENCE_S,
    PING,
    REQUEST,
    TEXT,
    Bus,
    Pair,
    crowd,
    dial,
    frame,
    heard_by,
    join,
    push,
    reset,
    survive,
)

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(PATIENCE_S)]


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
    """The bus has a lot to answer to a client that is gone."""
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


def pings_without_reading(port: int) -> None:
    """Nothing is delivered to it that could show that it does not read."""
    with join(port) as client:
        client.sendall(frame(b'{"type":"bus.subscribe","data":{"patterns":[]}}'))
        for _ in range(400):
            push(client, frame(b"x" * 125, PING) * 1000)


def talks_without_reading(port: int) -> None:
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
        *(
            a_thousand_clients,
            one_byte_fragments,
            empty_fragments,
            pings_without_reading,
            talks_without_reading,
            never_closes,
        ),
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


@pytest.mark.parametrize("attack", ATTACKS)
async def test_two_clients_notice_nothing_of(attack: str, bus: Bus, pair: Pair) -> None:
    await survive(ATTACKS[attack], bus, pair)


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

    await survive(publish, bus, pair)
    assert "does not read: closed with" in bus.log.read_text()
    floods = [int(heard.split(":")[3].split(",")[0]) for heard in pair.overheard if "flood" in heard]
    assert floods == list(range(30))


@pytest.mark.parametrize("bus", [("prlimit", "--nofile=256:4096")], indirect=True)
async def test_the_usual_limit_of_open_files_limits_no_clients(bus: Bus, pair: Pair) -> None:
    await survive(a_thousand_clients, bus, pair)
