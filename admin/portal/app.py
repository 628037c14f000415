"""Puts the portal together: the socket of systemd, the pages, the admin service."""

import asyncio
import logging
import os
import socket
from functools import partial
from pathlib import Path

from admin.portal.client import ask
from admin.portal.listener import listener
from admin.portal.pages import Pages
from admin.portal.server import MAX_CONNECTIONS, Server
from admin.portal.site import Site
from admin.portal.wire import MAX_HEAD
from bus.daemon.runner import inherited_sockets, notify

HTTP = 80

_LOGGER = logging.getLogger(__name__)


async def portal(admin: Path, port: int | None) -> None:
    """Runs the portal until it is cancelled, on systemd's socket or a port of 127.0.0.1. Raises OSError."""
    listening = _listening(port)
    host, port = listening.getsockname()
    address = host if port == HTTP else f"{host}:{port}"
    server = Server(Site(address, _pages(), partial(ask, admin)))
    async with listener(listening, server.serve, max_connections=MAX_CONNECTIONS, max_line=MAX_HEAD):
        _LOGGER.info("serving http://%s/", address)
        notify("READY=1")
        await asyncio.get_running_loop().create_future()


def _listening(port: int | None) -> socket.socket:
    if port is not None:
        return socket.create_server(("127.0.0.1", port))
    match inherited_sockets():
        case [listening]:
            return listening
        case found:
            raise OSError(f"{len(found)} sockets from systemd instead of one; --port listens without it")


def _pages() -> Pages:
    style, script = (Path(__file__).with_name(name).read_text("utf-8") for name in ("page.css", "page.js"))
    return Pages(style, script, os.urandom(16).hex())
