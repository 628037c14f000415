"""The admin service's end of the socket between it and the portal."""

import asyncio
import contextlib
import logging
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from admin.portal.peer import PORTAL_USER, is_trusted
from admin.portal.protocol import (
    MAX_REQUEST,
    WAIT_S,
    Cancel,
    Connect,
    Look,
    Request,
    Setup,
    Snapshot,
    decode_request,
    encode,
)

SOCKET = Path("/run/mycroft-admin/portal.sock")

MAX_CONNECTIONS = 64
"""At once; the portal has one for each page that it serves, and serves fewer."""

REQUEST_TIMEOUT_S = 5.0
"""How long a request may take to arrive, and an answer to be taken."""

_LOGGER = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def endpoint(setup: Setup, path: Path = SOCKET) -> AsyncIterator[None]:
    """Serves a setup to the portal while the context is entered. Raises OSError."""
    serving: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(serving) >= MAX_CONNECTIONS or not is_trusted(writer.get_extra_info("socket"), PORTAL_USER):
            _LOGGER.warning("a connection to %s is refused: not of the portal, or one too many", path)
            writer.transport.abort()
            return
        task = asyncio.create_task(_serve(setup, reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_unix_server(accept, sock=_bound(path), limit=MAX_REQUEST)
    try:
        yield
    finally:
        server.close()
        for task in serving:
            task.cancel()


def _bound(path: Path) -> socket.socket:
    """A socket that the portal's group may connect to, in place of one that is left over."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    with contextlib.suppress(LookupError):  # in development there is no such group, and the user is the same
        shutil.chown(path, group=PORTAL_USER)
    path.chmod(0o660)
    return bound


async def _serve(setup: Setup, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request and its answer."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            request = decode_request(await reader.readline())
        writer.write(encode(await _answer(setup, request)))
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            await writer.drain()
    except (OSError, ValueError) as error:  # TimeoutError is one, too
        _LOGGER.warning("the portal: %s", str(error) or "no request")
    except Exception:  # contains a fault to its connection
        _LOGGER.exception("the portal")
    finally:
        writer.close()


async def _answer(setup: Setup, request: Request) -> Snapshot:
    match request:
        case Look(seen):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_S):
                    await setup.changed(seen)
        case Connect():
            await setup.connect(request.ssid, request.password, hidden=request.hidden)
        case Cancel():
            await setup.cancel()
    return setup.snapshot
