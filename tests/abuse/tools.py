"""A bus as a process, two clients with nothing to hide, and what their attackers use: plain sockets."""

import asyncio
import contextlib
import ctypes
import json
import os
import pwd
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from websockets.asyncio.client import ClientConnection

from bus.server.hub import GREETING

PATIENCE_S = 90.0
"""How long a test waits: for one message, for a socket of its attacker, or altogether. A failure takes as long."""

ATTACK_S = 10.0
"""Attacks without an end of their own stop after this time."""

MAX_MEMORY_MB = 128
"""Memory that the bus may have under any attack, with its default settings."""

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


class Pair:
    """Two clients that talk to each other."""

    def __init__(self, ann: ClientConnection, bob: ClientConnection) -> None:
        self.clients = (ann, bob)
        self.overheard: list[str] = []
        """How the messages of others begin, as Bob got them."""
        self._beats = 0

    async def beat(self) -> None:
        """Ann sends a message; both receive it, and nothing of what they sent before is missing."""
        ann, bob = self.clients
        self._beats += 1
        said = f'{{"type":"beat","data":{{"number":{self._beats}}}}}'
        await ann.send(said)
        for client in self.clients:
            while (heard := await client.recv()) != said:
                assert isinstance(heard, str)
                assert not heard.startswith('{"type":"beat"')
                if len(heard) < 100_000:
                    json.loads(heard)
                if client is bob:
                    self.overheard.append(heard[:100])


async def survive(attack: Callable[[int], None], bus: Bus, pair: Pair) -> None:
    """Only the attacker notices the attack."""
    await pair.beat()
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
    assert (peak := bus.peak_mb()) < MAX_MEMORY_MB, peak


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
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def join(port: int) -> socket.socket:
    """A client that has received the greeting."""
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
    """All that a client receives until the bus drops it."""
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


def become_another_user() -> None:
    """The sockets that this thread opens from now on are those of a user without rights; needs root."""
    if os.getuid() == 0:
        ctypes.CDLL(None).setfsuid(pwd.getpwnam("nobody").pw_uid)  # of this thread alone, see setfsuid(2)
