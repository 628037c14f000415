"""The bus on its sockets: listeners, and what all connections share."""

import asyncio
import errno
import logging
import os
import resource
import socket
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from websockets.frames import CloseCode, Opcode

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.daemon.runner import inherited_sockets, notify, run
from bus.errors import ListenError
from bus.server import identity
from bus.server.connection import CLOSE_TIMEOUT_S, Connection
from bus.server.hub import Hub

if TYPE_CHECKING:
    from ssl import SSLContext

BACKLOG = 1024
"""Connections that may wait to be accepted, as when all programs of a device come back at once."""

MAX_COMPLAINTS = 1000
"""Different refusals that are told; a stranger must not fill the log."""

_LOGGER = logging.getLogger(__name__)
_FIN_TEXT = 0x80 | Opcode.TEXT


def text_frame(payload: bytes) -> bytes:
    """A whole, unmasked WebSocket text frame, as a server sends it (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", _FIN_TEXT, size) + payload
    if size < 65536:
        return struct.pack("!BBH", _FIN_TEXT, 126, size) + payload
    return struct.pack("!BBQ", _FIN_TEXT, 127, size) + payload


def serve(websocket: WebSocketSettings, settings: BusSettings, log_level: int) -> int:
    """Serves until it is told to stop; returns the exit code."""
    # Each client is an open file, and the usual 1024 are fewer than max_clients and our own.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    inherited = inherited_sockets()

    async def listen() -> None:
        async with Server(websocket, settings, inherited) as server:
            print(f"bus={server.url}", flush=True)
            notify("READY=1")
            await asyncio.get_running_loop().create_future()

    return run(listen, level=log_level)


class Server:
    """The listening bus. Use as an async context manager; entering raises ListenError.

    `inherited` are listening sockets that systemd holds; with them nothing else is opened for this machine.
    """

    def __init__(
        self, websocket: WebSocketSettings, settings: BusSettings, inherited: Sequence[socket.socket] = ()
    ) -> None:
        self.websocket = websocket
        self.settings = settings
        self.hub = Hub(_memory)
        self.connections: set[Connection] = set()
        self._inherited = inherited
        self._listeners: list[asyncio.Server] = []
        self._flush_due = False
        self._framed: tuple[Sequence[bytes], bytes] = ((), b"")
        self._complaints: set[str] = set()
        self._pids: dict[int, int] = {}
        self._pids_read = float("-inf")
        self.held = 0
        """Bytes of messages that are not complete, of all connections."""

    async def __aenter__(self) -> Self:
        try:
            await self._listen()
        except BaseException:
            self._stop_listening()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            for listening in listener.sockets:
                loop.remove_reader(listening.fileno())
        await asyncio.sleep(0)  # asyncio drops a connection that it has accepted when the listener is closed first
        self._stop_listening()
        closing = [connection.close(CloseCode.GOING_AWAY, "bus stops") for connection in self.connections]
        if closing:
            await asyncio.wait(closing, timeout=CLOSE_TIMEOUT_S)
        for connection in tuple(self.connections):
            connection.abort()

    @property
    def url(self) -> str:
        """Where clients on this machine connect to; the port is the real one even where 0 was asked for."""
        name = self._listeners[0].sockets[0].getsockname()
        if isinstance(name, str):
            return f"unix:{name}"
        here = replace(self.websocket, host=name[0], port=name[1])
        return here.url

    def receive(self, sender: Connection, payload: bytes) -> str | None:
        """Hands a frame to the hub, to be relayed in the next turn of the loop; the reason when it is not."""
        reason = self.hub.receive(sender, payload)
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)
        return reason

    def framed(self, payloads: Sequence[bytes]) -> bytes:
        """The payloads as WebSocket frames in one piece, made once for all the clients of a flush."""
        if self._framed[0] is not payloads:
            self._framed = (payloads, b"".join(map(text_frame, payloads)))
        return self._framed[1]

    def complain(self, what: str) -> None:
        """Logs a refusal, each only once."""
        if what not in self._complaints and len(self._complaints) < MAX_COMPLAINTS:
            self._complaints.add(what)
            _LOGGER.warning("%s", what)

    def pid_of(self, inode: int | None) -> int | None:
        """The process that has a socket; all of them are looked up at once, and at most once a second."""
        now = asyncio.get_running_loop().time()
        if inode is not None and inode not in self._pids and now > self._pids_read + 1:
            self._pids, self._pids_read = identity.pids(), now
        return self._pids.get(inode) if inode is not None else None

    def _flush(self) -> None:
        self._flush_due = False
        self.hub.flush()
        self._framed = ((), b"")

    async def _listen(self) -> None:
        here, settings = self.websocket, self.settings
        tls = self._tls() if here.ssl or settings.remote_port is not None else None
        for inherited in self._inherited:
            await self._serve(inherited, tls if here.ssl and not _is_unix(inherited) else None)
        if not self._inherited:
            await self._serve(_tcp(here.host, here.port), tls if here.ssl else None)
            if settings.socket is not None:
                await self._serve(_unix(settings.socket), None)
        if settings.remote_port is not None:
            await self._serve(_tcp(settings.remote_host, settings.remote_port), tls)

    async def _serve(self, listening: socket.socket, tls: "SSLContext | None") -> None:
        # Not create_unix_server: from Python 3.13 on that removes the file at the end, which is systemd's.
        listener = await asyncio.get_running_loop().create_server(
            lambda: Connection(self, secure=tls is not None),
            sock=listening,
            backlog=BACKLOG,
            ssl=tls,
            ssl_handshake_timeout=self.settings.handshake_timeout if tls else None,
        )
        self._listeners.append(listener)

    def _tls(self) -> "SSLContext":
        certificate, key = self.websocket.ssl_cert, self.websocket.ssl_key
        if not certificate or not key:
            raise ListenError("TLS needs websocket.ssl_cert and websocket.ssl_key in mycroft.conf")
        import ssl  # noqa: PLC0415  # 5 MiB, for those who want it

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise ListenError(f"TLS certificate {certificate} with key {key}: {error}") from error
        return context

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            listener.close()


def _tcp(host: str, port: int) -> socket.socket:
    """A socket that listens at an address. Raises ListenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error  # name lookups have their own
        raise ListenError(f"cannot listen on {host} port {port}: {why}") from error


def _unix(path: str) -> socket.socket:
    """A unix socket that listens, as open to local users as the port is. Raises ListenError."""
    listening = socket.socket(socket.AF_UNIX)
    try:
        if Path(path).is_socket():
            with socket.socket(socket.AF_UNIX) as probe:
                probe.setblocking(False)
                if probe.connect_ex(path) != errno.ECONNREFUSED:
                    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            Path(path).unlink()  # of a bus before this one
        listening.bind(path)
        Path(path).chmod(0o666)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise ListenError(f"cannot listen on {path}: {error.strerror}") from error
    return listening


def _is_unix(listening: socket.socket) -> bool:
    return listening.family == socket.AF_UNIX


def _memory() -> int:
    """Bytes of memory that this process has (its resident set)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
