"""The admin service's end of the socket between it and the portal."""

import asyncio
import contextlib
import logging
import shutil
import socket
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from admin.errors import PortalProtocolError
from admin.portal.listener import listener
from admin.portal.peer import PORTAL_USER, is_trusted
from admin.portal.protocol import (
    MAX_REQUEST,
    WAIT_S,
    Cancel,
    Connect,
    Look,
    PortalSetup,
    Request,
    Snapshot,
    decode_request,
    encode,
)
from admin.wifi.networks import Choice

MAX_CONNECTIONS = 64
"""At once; the portal has one for each page that it serves, and serves no more."""

TIMEOUT_S = 5.0
"""How long a request may take to arrive, and an answer to be taken."""

_LOGGER = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def endpoint(setup: PortalSetup, path: Path) -> AsyncIterator[None]:
    """Serves a setup to the portal while the context is entered. Raises OSError."""
    serve = partial(_serve, setup)
    async with listener(_bound(path), serve, max_connections=MAX_CONNECTIONS, max_line=MAX_REQUEST):
        yield


def _bound(path: Path) -> socket.socket:
    """A socket that the portal's group may connect to, in place of one that is left over."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    with contextlib.suppress(LookupError):  # in development there is no such group, and the user is the same
        shutil.chown(path, group=PORTAL_USER)
    path.chmod(0o660)
    return bound


async def _serve(setup: PortalSetup, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request and its answer."""
    if not is_trusted(writer.get_extra_info("socket"), PORTAL_USER):
        _LOGGER.warning("a connection of another user than %s is refused", PORTAL_USER)
        return
    try:
        async with asyncio.timeout(TIMEOUT_S):
            request = decode_request(await reader.readuntil())
    except (PortalProtocolError, EOFError, asyncio.LimitOverrunError) as error:
        _LOGGER.warning("the portal: %s", error)
        return
    writer.write(encode(await _answer(setup, request)))
    async with asyncio.timeout(TIMEOUT_S):
        await writer.drain()


async def _answer(setup: PortalSetup, request: Request) -> Snapshot:
    match request:
        case Look(seen):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_S):
                    await setup.changed(seen)
        case Connect():
            await setup.connect(Choice(request.ssid, request.password, request.hidden))
        case Cancel():
            await setup.cancel()
    return setup.snapshot
