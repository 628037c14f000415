"""Serves the page, and the WebSocket between it and the panel."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus
from importlib import resources

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from bus.message import clip
from hw_sim.inputs import decode
from hw_sim.panel import Page, Panel
from hw_sim.web.contract import contract

FRAME_S = 1 / 50
"""Between two pictures; a person sees no more."""

MAX_PAGES = 16
MAX_INPUT = 256 * 1024
"""Bytes of one request of the page: a message to send."""

FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    **{
        f"/{name}.js": (f"{name}.js", "text/javascript; charset=utf-8")
        for name in ("main", "dom", "board", "scenery", "messages", "machine")
    },
}
"""What is served: by path, a file of this folder and its type."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws://{host}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads nothing from elsewhere, and runs no script that stands in it."""

_LOGGER = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def served_page(panel: Panel, port: int) -> AsyncIterator[str]:
    """Serves the page on 127.0.0.1 while the context is entered; gives its URL. Port 0 takes a free one."""
    folder = resources.files("hw_sim.web")
    files = {path: ((folder / name).read_bytes(), kind) for path, (name, kind) in FILES.items()}
    files["/contract.json"] = (msgspec.json.encode(contract()), "application/json")
    own: set[str] = set()

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        host = request.headers.get("Host")
        if host is None or host not in own:  # a page of another site whose name was made to lead here
            return connection.respond(HTTPStatus.FORBIDDEN, "Open this page by its address.\n")
        if request.path == "/panel":
            if (origin := request.headers.get("Origin")) and origin.removeprefix("http://") not in own:
                return connection.respond(HTTPStatus.FORBIDDEN, "Only the page itself may press the button.\n")
            if len(panel.pages) >= MAX_PAGES:
                return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages are open.\n")
            return None
        if request.path not in files:
            return connection.respond(HTTPStatus.NOT_FOUND, "There is one page, at /.\n")
        content, kind = files[request.path]
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Content-Security-Policy": POLICY.format(host=host),
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(HTTPStatus.OK, "OK", Headers(headers), content)

    async def talk(connection: ServerConnection) -> None:
        page = Page(panel)
        panel.pages.add(page)
        showing = asyncio.create_task(_show(connection, page))
        try:
            async for frame in connection:
                try:
                    page.do(decode(frame))
                except ValueError as error:
                    _LOGGER.warning("invalid request of the page: %s", clip(str(error)))
        finally:
            showing.cancel()
            panel.pages.discard(page)
            page.close()

    async with serve(
        talk, "127.0.0.1", port, process_request=answer, compression=None, max_size=MAX_INPUT
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        own |= {f"127.0.0.1:{port}", f"localhost:{port}"}
        watching = asyncio.create_task(panel.watch())
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            watching.cancel()


async def _show(connection: ServerConnection, page: Page) -> None:
    """Sends what is new, as fast as this page reads it."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            page.changed.clear()
            if news := page.news():
                await connection.send(msgspec.json.encode(news).decode())
            await asyncio.sleep(FRAME_S)
            await page.changed.wait()
