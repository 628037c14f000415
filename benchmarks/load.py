"""Clients that load a bus without being its limit: raw sockets in one thread, whole bursts per system call.

They count every byte that each client gets, and compare all that one of them gets with what was sent.
"""

import os
import select
import socket
from collections.abc import Iterable
from functools import cache
from time import clock_gettime, perf_counter, sleep
from typing import NamedTuple, Self

TIMEOUT_S = 20
"""No bus needs this long for anything here; what has not come by then never will."""

SETTLE_S = 0.5
"""Until subscriptions are answered, or relayed."""

_BUFFER_BYTES = 2**20
_UPGRADE = (
    b"GET /core HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def used_s(pid: int) -> float:
    """Processor seconds of all threads of a process, from the clock that clock_getcpuclockid(3) names."""
    return clock_gettime(~pid << 3 | 2)


class Stream(NamedTuple):
    """Different messages of one size, back to back, twice over: as a client sends them, and as it gets them."""

    sent: memoryview
    sent_size: int
    got: memoryview
    got_size: int


class Run(NamedTuple):
    """How many messages went to every client, and how long that took."""

    messages: int
    seconds: float


@cache
def stream(size: int) -> Stream:
    """Messages that are `size` bytes long, without the frame around them."""
    payloads = [_message(number, size) for number in range(_BUFFER_BYTES // size + 1)]
    sent = b"".join(map(_masked, payloads)) * 2
    got = b"".join(_head(size, 0) + payload for payload in payloads) * 2
    count = 2 * len(payloads)
    return Stream(memoryview(sent), len(sent) // count, memoryview(got), len(got) // count)


class Clients:
    """Some clients of the bus at a port, the first of which sends; `non_readers` more never read.

    With `subscribe`, every second one subscribes to the messages that are sent, each with patterns of its own.
    """

    def __init__(self, port: int, count: int, non_readers: int = 0, *, subscribe: bool = False) -> None:
        self._sockets = [connect(port) for _ in range(count)]
        self._non_readers = [connect(port) for _ in range(non_readers)]
        if subscribe:
            for number, client in enumerate(self._sockets[1::2]):
                client.sendall(_subscription(number))
            sleep(SETTLE_S)
            for client in self._sockets:  # their answers; a bus without subscriptions relays the requests
                if _is_readable(client):
                    client.recv(_BUFFER_BYTES)
        self._indices = {client.fileno(): index for index, client in enumerate(self._sockets)}
        self._epoll = select.epoll()
        self._buffer = bytearray(_BUFFER_BYTES)
        for client in self._sockets:
            client.setblocking(False)
            self._epoll.register(client, select.EPOLLIN)
        # Edge-triggered, so that it wakes us when it can send again, and only then.
        self._epoll.modify(self._sockets[0], select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._epoll.close()
        for client in (*self._sockets, *self._non_readers):
            client.close()

    def flood(self, messages: Stream, in_flight: int, seconds: float, most: int | None = None) -> Run:
        """Sends as fast as it can, with up to `in_flight` messages that not everyone has yet."""
        got = [0] * len(self._sockets)
        sent = allowed = everyone = 0
        start = perf_counter()
        while True:
            over = perf_counter() - start > seconds or (most is not None and everyone >= most)
            if not over:
                allowed = everyone + in_flight
            elif everyone == allowed:
                return Run(everyone, perf_counter() - start)
            if sent < allowed * messages.sent_size:
                sent += self._send(messages, sent, allowed * messages.sent_size)
            for index in self._ready():
                got[index] += self._receive(index, messages, got[index])
            everyone = min(got) // messages.got_size

    def trickle(self, messages: Stream, seconds: float, interval_s: float = 0.0) -> list[list[float]]:
        """Sends one message after the other, each when everyone has the last; how long each took, by client.

        A message is as late as the moment when the client could have read it.
        """
        latencies: list[list[float]] = [[] for _ in self._sockets]
        start = due = perf_counter()
        for number in range(10**9):
            sleep(max(0.0, due - perf_counter()))
            sent_at = perf_counter()
            if sent_at - start > seconds:
                break
            due += interval_s
            self._send(messages, number * messages.sent_size, (number + 1) * messages.sent_size)
            got = number * messages.got_size
            missing = [messages.got_size] * len(self._sockets)
            while any(missing):
                ready = self._ready()
                now = perf_counter()
                for index in ready:
                    missing[index] -= self._receive(index, messages, got + messages.got_size - missing[index])
                    if not missing[index]:
                        latencies[index].append(now - sent_at)
        return latencies

    def _send(self, messages: Stream, start: int, stop: int) -> int:
        offset = start % (len(messages.sent) // 2)
        try:
            return self._sockets[0].send(messages.sent[offset : offset + min(stop - start, _BUFFER_BYTES)])
        except BlockingIOError:
            return 0

    def _ready(self) -> Iterable[int]:
        ready = self._epoll.poll(TIMEOUT_S)
        if not ready:
            raise TimeoutError("messages were lost")
        return [self._indices[descriptor] for descriptor, events in ready if events != select.EPOLLOUT]

    def _receive(self, index: int, messages: Stream, start: int) -> int:
        received = 0
        while True:
            size = self._sockets[index].recv_into(self._buffer)
            if not size:
                raise ConnectionError("the bus closed a connection")
            if index == len(self._sockets) - 1:
                offset = (start + received) % (len(messages.got) // 2)
                if self._buffer[:size] != messages.got[offset : offset + size]:
                    raise ValueError("a message came back changed")
            received += size
            if size < _BUFFER_BYTES:
                return received


def connect(port: int) -> socket.socket:
    """A client that has been greeted, and is one of the bus's clients for sure."""
    client = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(_UPGRADE)
    received = b""
    while True:
        received += client.recv(4096)
        response, _, greeting = received.partition(b"\r\n\r\n")
        if greeting[2:] and len(greeting) == 2 + greeting[1]:
            assert response.startswith(b"HTTP/1.1 101 "), response
            return client


def _subscription(number: int) -> bytes:
    """A subscription to all that is sent here, and to something else."""
    patterns = b'["recognizer_loop:*", "other.%06d.%s"]' % (number, b"x" * 80)
    return _masked(b'{"type": "bus.subscribe", "data": {"patterns": %s}}' % patterns)


def _is_readable(client: socket.socket) -> bool:
    return bool(select.select([client], [], [], 0)[0])


def _message(number: int, size: int) -> bytes:
    head, tail = (
        b'{"type": "recognizer_loop:utterance", "data": {"lang": "en-us", "utterances": ["%06d ' % number,
        b'"]}, "context": {"source": "audio", "session": {"session_id": "default"}}}',
    )
    return head + b"x" * (size - len(head) - len(tail)) + tail


def _head(size: int, masked: int) -> bytes:
    assert size > 125, "nothing so short is measured"
    if size < 2**16:
        return bytes((0x81, masked | 126)) + size.to_bytes(2)
    return bytes((0x81, masked | 127)) + size.to_bytes(8)


def _masked(payload: bytes) -> bytes:
    mask = os.urandom(4)
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    covered = (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(len(payload))
    return _head(len(payload), 0x80) + mask + covered
