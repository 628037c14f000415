"""Serves the page, and over a WebSocket the face as it changes and what a person does on the page."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus
from importlib import resources
from typing import Protocol

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

FRAME_S = 1 / 50
"""Between two pictures; a person sees no more."""

_LOGGER = logging.getLogger(__name__)


class Viewer(Protocol):
    """What is on a page."""

    page: str
    """Name of its file."""
    changed: asyncio.Event
    """Set whenever it looks different."""

    def state(self) -> str:
        """What is to be seen, as JSON."""

    def do(self, command: str | bytes) -> None:
        """Carries out a command of the page. Raises ValueError for what is none."""


@contextlib.asynccontextmanager
async def served_page(viewer: Viewer, port: int) -> AsyncIterator[str]:
    """Serves a page on 127.0.0.1 while the context is entered; gives its URL. Port 0 takes a free one."""
    page = (resources.files("hw_sim.web") / viewer.page).read_bytes()
    own: set[str] = set()

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Host") not in own:  # a foreign page whose name was made to lead here
            return connection.respond(HTTPStatus.FORBIDDEN, "Open this page by its address.\n")
        if request.path == "/panel":
            if (origin := request.headers.get("Origin")) and origin.removeprefix("http://") not in own:
                return connection.respond(HTTPStatus.FORBIDDEN, "Only the page itself may press the button.\n")
            return None
        if request.path != "/":
            return connection.respond(HTTPStatus.NOT_FOUND, "There is one page, at /.\n")
        headers = Headers({"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(page))})
        return Response(HTTPStatus.OK, "OK", headers, page)

    async def talk(connection: ServerConnection) -> None:
        await connection.send(viewer.state())
        async for command in connection:
            try:
                viewer.do(command)
            except ValueError as error:
                _LOGGER.warning("invalid command of the page: %s", error)

    async with serve(talk, "127.0.0.1", port, process_request=answer, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        own |= {f"127.0.0.1:{port}", f"localhost:{port}"}
        showing = asyncio.create_task(_show(server, viewer))
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            showing.cancel()


async def _show(server: Server, viewer: Viewer) -> None:
    while True:
        await viewer.changed.wait()
        viewer.changed.clear()
        broadcast(server.connections, viewer.state())
        await asyncio.sleep(FRAME_S)
