"""Serves the page on a socket: one request per connection, bounded in size and time."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace
from http import HTTPStatus

from admin.errors import HttpError
from admin.portal.site import Site
from admin.portal.wire import HEAD_END, HttpRequest, HttpResponse, body_length, parse_form, parse_head

MAX_CONNECTIONS = 64
MAX_CONNECTIONS_OF_ONE = 16
"""Of one phone, whose probes and pages use half of it at most."""

REQUEST_TIMEOUT_S = 10.0
"""From the first byte to the last one of a request."""

RESPONSE_TIMEOUT_S = 10.0
"""How long a response may take to be written."""

LINGER_S = 2.0
MAX_LINGER = 64_000
"""Closing with unread bytes resets the connection, and the response is lost (RFC 9112, 9.6): they are read."""


class Server:
    """Serves one connection after another; `serve` is for a `listener`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection. Raises OSError where that is lost."""
        peer = writer.get_extra_info("peername") or ("",)
        if self._open[peer[0]] >= MAX_CONNECTIONS_OF_ONE:
            return
        self._open[peer[0]] += 1
        try:
            await self._serve(reader, writer)
        finally:
            self._open[peer[0]] -= 1
            self._open += Counter()  # forgets addresses without a connection

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method = "GET"
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                request = await _read(reader)
            method = request.method
            response = await self._site.answer(request)
        except HttpError as error:
            response = _error(error.status)
        except TimeoutError:
            response = _error(HTTPStatus.REQUEST_TIMEOUT)
        except EOFError:
            return
        writer.write(response.encode(method))
        async with asyncio.timeout(RESPONSE_TIMEOUT_S):
            await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await _linger(reader, writer)


async def _read(reader: asyncio.StreamReader) -> HttpRequest:
    """One request. Raises HttpError, or EOFError where the client goes without one."""
    try:
        request = parse_head(await reader.readuntil(HEAD_END))
    except asyncio.LimitOverrunError:
        raise HttpError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise HttpError(HTTPStatus.BAD_REQUEST) from None
        raise
    length = body_length(request)
    if request.method != "POST":
        return request
    try:
        body = await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        raise HttpError(HTTPStatus.BAD_REQUEST) from None
    return replace(request, form=parse_form(request.headers, body))


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Returns when the client has closed its side, or has sent too much."""
    writer.write_eof()
    read = 0
    while read < MAX_LINGER and (data := await reader.read(MAX_LINGER)):
        read += len(data)


def _error(status: HTTPStatus) -> HttpResponse:
    return HttpResponse(status, f"{status.value} {status.phrase}\n")
