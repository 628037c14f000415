"""Attacks on what all clients share: places, memory, the time of the bus, and its log."""

import contextlib
import json
import os
import pwd
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.abuse.conftest import pair_on, running
from tests.abuse.tools import (
    MB,
    PATIENCE_S,
    REQUEST,
    Bus,
    Pair,
    become_another_user,
    crowd,
    dial,
    frame,
    heard_by,
    join,
    push,
    survive,
)
from tests.bus.certificate import make_certificate

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(PATIENCE_S)]

FLOOD_S = 3.0


@contextlib.contextmanager
def reading(client: socket.socket) -> Iterator[socket.socket]:
    """A client that also reads, as fast as it can."""
    reader = threading.Thread(target=heard_by, args=(client,))
    reader.start()
    with client:
        yield client
        with contextlib.suppress(OSError):  # dropped already
            client.shutdown(socket.SHUT_RDWR)
        reader.join()


def subscribe(client: socket.socket, *patterns: str) -> None:
    push(client, frame(json.dumps({"type": "bus.subscribe", "data": {"patterns": patterns}}).encode()))


def refused_with_more(port: int) -> None:
    for _ in range(500):
        with dial(port) as client:
            push(client, b"GET /x HTTP/1.1\r\n\r\nxx")
            heard_by(client)


def denied_again_and_again(port: int) -> None:
    end = time.monotonic() + FLOOD_S
    while time.monotonic() < end:
        with join(port) as client:
            push(client, frame(b'{"type":"bus.%s"}' % (b"x" * 990)))


def costly_patterns(port: int) -> None:
    """Many subscriptions, each different, each as costly to match as any may be."""
    with crowd(port, count=300) as clients:
        for number, client in enumerate(clients):
            subscribe(client, *(f"*{'a' * 30}*{'a' * 30}b{number}*a*{index}" for index in range(8)))
        for number in range(20):
            push(clients[0], frame(json.dumps({"type": f"{'a' * 900}{number}"}).encode()))
        subscribe(clients[0], "*?" * 50)
        push(clients[0], frame(b'{"type":"bus.status"}'))
        received = b""
        while b"bus.status.response" not in received:
            received = received[-100:] + clients[0].recv(65536)


def stuck_subscribers(port: int) -> None:
    """Each has patterns of its own, so that each gets a selection of its own, and none reads."""
    with crowd(port, count=40) as clients:
        for number, client in enumerate(clients):
            subscribe(client, "large", "small", f"own.{number}")
        with reading(join(port)) as sender:
            for _ in range(2):
                push(sender, frame(b'{"type":"small"}'))
                push(sender, frame(b'{"type":"large","data":{"x":"%s"}}' % (b"x" * 24 * MB)))
            time.sleep(FLOOD_S)


def stuck_subscribers_of_small_messages(port: int) -> None:
    """Each gets a copy of its own, as messages are joined for each selection."""
    with crowd(port, count=40) as clients:
        for number, client in enumerate(clients):
            subscribe(client, f"b{number}", "a*")
        with reading(join(port)) as sender:
            text = b"x" * 8000
            end = time.monotonic() + FLOOD_S
            while time.monotonic() < end:
                push(sender, b"".join(frame(b'{"type":"b%d","data":{"x":"%s"}}' % (n, text)) for n in range(40)))
                push(sender, frame(b'{"type":"a","data":{"x":"%s"}}' % text) * 40)


def texts_of_wide_letters(port: int) -> None:
    """Python has four bytes for each letter of a text with one emoji."""
    with join(port) as client:
        for size in (24 * MB, 7 * MB, 24 * MB):
            for emoji in ("😀".encode(), rb"\ud83d\ude00"):
                push(client, frame(b'{"type":"x","data":{"a":"%s%s"}}' % (emoji, b"x" * size)))
                with contextlib.suppress(OSError):
                    client.recv(65536)


def fast_sender(port: int) -> None:
    with reading(join(port)) as client:
        burst = frame(b'{"type":"flood","data":{"x":"%s"}}' % (b"x" * 200)) * 200
        end = time.monotonic() + FLOOD_S
        while time.monotonic() < end:
            push(client, burst)


def repeated(payload: bytes, senders: int) -> Callable[[int], None]:
    """Some clients that send this over and over, and read what comes back."""

    def attack(port: int) -> None:
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(reading(join(port))) for _ in range(senders)]
            for client in sockets:
                subscribe(client, "none")
            for _ in range(3):
                for client in sockets:
                    push(client, frame(payload))

    return attack


ATTACKS = {
    attack.__name__: attack
    for attack in (
        *(refused_with_more, denied_again_and_again, costly_patterns, stuck_subscribers),
        *(stuck_subscribers_of_small_messages, texts_of_wide_letters, fast_sender),
    )
} | {
    "texts of 21 MB": repeated(b'{"type":"x","data":{"a":"%s"}}' % (b"x" * 21 * MB), senders=8),
    "sources of 20 MB": repeated(
        b'{"type":"mycroft.volume.duck","context":{"source":"%s"}}' % (b"x" * 20 * MB), senders=4
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_other_clients_notice_nothing_of(attack: str, bus: Bus, pair: Pair) -> None:
    await survive(ATTACKS[attack], bus, pair)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can connect as another user, too")
@pytest.mark.parametrize("request_", [b"", REQUEST], ids=["silent", "idle"])
async def test_one_user_cannot_take_all_places(bus: Bus, pair: Pair, request_: bytes) -> None:
    def attack(port: int) -> None:
        become_another_user()
        with contextlib.ExitStack() as stack:
            for _ in range(1200):
                client = stack.enter_context(dial(port))
                push(client, request_)
            attacked.set()
            accepted.wait(PATIENCE_S)

    def newcomer() -> None:
        attacked.wait(PATIENCE_S)
        with join(bus.port) as client:
            push(client, frame(b'{"type":"x"}'))
            accepted.set()

    attacked, accepted = threading.Event(), threading.Event()
    coming = threading.Thread(target=newcomer)
    coming.start()
    await survive(attack, bus, pair)
    coming.join()
    assert accepted.is_set()
    assert f"(uid {pwd.getpwnam('nobody').pw_uid})" in bus.log.read_text()


async def test_unfinished_messages_of_idle_clients_drop_those_clients(bus: Bus, pair: Pair) -> None:
    def attack(port: int) -> None:
        with crowd(port, count=3) as hoarders, join(port) as sender:
            for client in hoarders:
                push(client, frame(bytes(22 * MB))[: 21 * MB])
            said = b'{"type":"x","data":{"x":"%s"}}' % (b"x" * 200_000)
            for _ in range(20):
                sender.sendall(frame(said)[:100_000])
                sender.sendall(frame(said)[100_000:])
                received = b""
                while b'x"}}' not in received:
                    more = sender.recv(65536)
                    assert more, "the bus has closed the sender"
                    received += more

    await survive(attack, bus, pair)
    assert bus.log.read_text().count("too many unfinished messages") == 2


async def test_a_fast_sender_is_slowed_down_for_a_slow_reader(bus: Bus, pair: Pair) -> None:
    def attack(port: int) -> None:
        with join(port) as slow, reading(join(port)) as sender:
            subscribe(slow, "flood")
            received = bytearray()
            sent = threading.Event()

            def read_slowly() -> None:
                while b"end" not in received[-100:]:
                    more = slow.recv(65536)
                    assert more, "the bus has closed the slow reader"
                    received.extend(more)
                    if not sent.is_set():
                        time.sleep(0.05)

            reader = threading.Thread(target=read_slowly)
            reader.start()
            number, end = 0, time.monotonic() + FLOOD_S
            while time.monotonic() < end:
                push(sender, b"".join(frame(message(number + n)) for n in range(100)))
                number += 100
            sent.set()
            push(sender, frame(message(number, "end")))
            reader.join()
            found = [int(part.split(b",")[0]) for part in bytes(received).split(b'"number":')[1:]]
            assert found == list(range(number + 1))

    def message(number: int, more: str = "") -> bytes:
        return f'{{"type":"flood","data":{{"number":{number},"x":"{"x" * 1000}{more}"}}}}'.encode()

    await survive(attack, bus, pair)
    assert "does not read" not in bus.log.read_text()


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[Bus, int, ssl.SSLContext]]:
    """A bus that other machines may connect to; the port for them, and what verifies it."""
    certificate, key = make_certificate(tmp_path, "IP:127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "MYCROFT_BUS_REMOTE_HOST": "127.0.0.1",
        "MYCROFT_BUS_REMOTE_PORT": str(port),
        "MYCROFT_WEBSOCKET_SSL_CERT": str(certificate),
        "MYCROFT_WEBSOCKET_SSL_KEY": str(key),
    }
    async with running(tmp_path, **environment) as bus:
        yield bus, port, ssl.create_default_context(cafile=certificate)


@pytest.mark.parametrize("said", [b"", REQUEST, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
async def test_unfinished_tls_handshakes_are_limited(secure: tuple[Bus, int, ssl.SSLContext], said: bytes) -> None:
    bus, port, trusted = secure

    def attack(_: int) -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(1500):
                push(stack.enter_context(dial(port)), said)
            with trusted.wrap_socket(dial(port), server_hostname="127.0.0.1") as newcomer:
                newcomer.sendall(REQUEST)
                assert newcomer.recv(65536).startswith(b"HTTP/1.1 101 ")

    async with pair_on(bus) as pair:
        await survive(attack, bus, pair)
