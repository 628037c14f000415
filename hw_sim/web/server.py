"""Serves the page, and over a WebSocket the face as it changes and what a person does on the page."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus
from importlib import resources

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from hw_sim import panel
from hw_sim.faceplate import Faceplate

FRAME_S = 1 / 50
"""Between two pictures; a person sees no more."""

_LOGGER = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def face_page(faceplate: Faceplate, port: int) -> AsyncIterator[str]:
    """Serves the page on 127.0.0.1 while the context is entered; gives its URL. Port 0 takes a free one."""
    page = (resources.files("hw_sim.web") / "index.html").read_bytes()
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
        await connection.send(panel.state(faceplate))
        async for command in connection:
            try:
                panel.do(faceplate, command)
            except ValueError as error:
                _LOGGER.warning("invalid command of the page: %s", error)

    async with serve(talk, "127.0.0.1", port, process_request=answer, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        own |= {f"127.0.0.1:{port}", f"localhost:{port}"}
        showing = asyncio.create_task(_show(server, faceplate))
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            showing.cancel()


async def _show(server: Server, faceplate: Faceplate) -> None:
    while True:
        await faceplate.changed.wait()
        faceplate.changed.clear()
        broadcast(server.connections, panel.state(faceplate))
        await asyncio.sleep(FRAME_S)
