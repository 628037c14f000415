"""The bus on its sockets: where it listens, and how it starts and stops."""

import asyncio
import errno
import logging
import os
import resource
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from websockets.frames import CloseCode

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.daemon.runner import inherited_sockets, notify, run
from bus.errors import ConfigError, ListenError
from bus.server.connection import CLOSE_TIMEOUT_S, Connection, Shared
from bus.server.hub import Hub
from bus.server.identity import Processes
from bus.server.limits import Limits
from bus.server.turns import Turns

if TYPE_CHECKING:
    from ssl import SSLContext

BACKLOG = 1024
"""Connections that may wait to be accepted, as when all programs of a device come back at once."""

ACCEPTS_A_TURN = 16
"""Connections that are accepted before other clients have their turn, some 3 ms of work."""

_LOGGER = logging.getLogger(__name__)


def serve(websocket: WebSocketSettings, settings: BusSettings, log_level: int) -> int:
    """Serves until it is stopped; returns the exit code."""
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
    """The listening bus. Use as an async context manager; entering raises ListenError or ConfigError.

    `inherited` are listening sockets that systemd holds; with them nothing else is opened for this machine.
    """

    def __init__(
        self, websocket: WebSocketSettings, settings: BusSettings, inherited: Sequence[socket.socket] = ()
    ) -> None:
        limits: Limits[Connection] = Limits(websocket, settings)
        self.hub = Hub(limits.counters, self._wake, _memory, text_data=settings.relay_text_data)
        self.shared = Shared(websocket, settings, self.hub, limits, Processes(), Turns())
        self.connections: set[Connection] = set()
        self._inherited = inherited
        self._listeners: list[asyncio.Server] = []

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
        here = replace(self.shared.websocket, host=name[0], port=name[1])
        return here.url

    def _wake(self) -> None:
        """All that arrives in one turn of the loop is relayed in the next."""
        asyncio.get_running_loop().call_soon(self.hub.flush)

    async def _listen(self) -> None:
        here, settings = self.shared.websocket, self.shared.settings
        tls = self._tls() if here.ssl else None
        for inherited in self._inherited:
            await self._serve(inherited, None if _is_unix(inherited) else tls)
        if not self._inherited:
            for listening in _tcp(here.host, here.port):
                await self._serve(listening, tls)
            if settings.socket is not None:
                await self._serve(_unix(settings.socket), None)
        elif here.port not in (ports := _ports(self._inherited)):
            _LOGGER.warning(
                "websocket.port is %d, but systemd listens on %s: see ListenStream in mycroft-bus.socket",
                here.port,
                ", ".join(map(str, ports)) or "no port",
            )
        if settings.remote_port is not None:
            await self._listen_to_others(settings.remote_host, settings.remote_port)

    async def _listen_to_others(self, host: str, port: int) -> None:
        """Opens the port for other machines; where that fails, this machine's programs still have their bus."""
        try:
            tls = self._tls()
            for listening in _tcp(host, port):
                await self._serve(listening, tls)
        except (ListenError, ConfigError) as error:
            _LOGGER.error("other machines cannot connect (bus.remote_port): %s", error)

    async def _serve(self, listening: socket.socket, tls: "SSLContext | None") -> None:
        def accepted() -> Connection:
            connection = Connection(self.shared, tls)
            self.connections.add(connection)
            connection.closed.add_done_callback(lambda _: self.connections.discard(connection))
            return connection

        # Not create_unix_server: from Python 3.13 on that removes the file at the end, which is systemd's. And not
        # with ssl: asyncio does not say when TLS handshakes begin and fail, and the bus limits their number.
        # Its backlog is also the number of connections that asyncio accepts in one turn of the loop.
        listener = await asyncio.get_running_loop().create_server(accepted, sock=listening, backlog=ACCEPTS_A_TURN)
        listening.listen(BACKLOG)
        self._listeners.append(listener)

    def _tls(self) -> "SSLContext":
        here = self.shared.websocket
        if not here.ssl_cert or not here.ssl_key:
            raise ConfigError("TLS needs websocket.ssl_cert and websocket.ssl_key in mycroft.conf")
        import ssl  # noqa: PLC0415  # 5 MiB that a bus without TLS does without

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(here.ssl_cert, here.ssl_key)
        except (OSError, ssl.SSLError) as error:
            files = f"websocket.ssl_cert {here.ssl_cert} with websocket.ssl_key {here.ssl_key}"
            raise ConfigError(f"{files}: {error}") from error
        return context

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            listener.close()


def _tcp(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at an address. Raises ListenError.

    All addresses are "" or "::", and those of IPv4 alone "0.0.0.0". The name localhost is 127.0.0.1, as the IPv6
    address may belong to another program, to which clients would then talk.
    """
    host = host.strip("[]")
    host = {"localhost": "127.0.0.1", "": "::" if socket.has_dualstack_ipv6() else "0.0.0.0"}.get(host, host)  # noqa: S104  # what its owner asked for
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return [socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=host == "::")]
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
        raise ListenError(f"cannot listen on {path}: {error.strerror or error}") from error
    return listening


def _is_unix(listening: socket.socket) -> bool:
    return listening.family == socket.AF_UNIX


def _ports(listening: Sequence[socket.socket]) -> list[int]:
    return [int(found.getsockname()[1]) for found in listening if not _is_unix(found)]


def _memory() -> int:
    """Bytes of memory that this process has (its resident set)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
