"""A listening socket whose connections are bounded in number, and end with it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Serves one connection, which is closed when it returns. `drain` returns when everything is written."""

_LOGGER = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def listener(
    bound: socket.socket, serve: Serve, *, max_connections: int, max_line: int
) -> AsyncIterator[None]:
    """Serves connections while the context is entered; those over the limit are closed at once."""
    serving: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(serving) >= max_connections:
            writer.transport.abort()
            return
        task = asyncio.create_task(_contained(serve, reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(accept, sock=bound, limit=max_line)
    try:
        yield
    finally:
        server.close()
        for task in serving:
            task.cancel()


async def _contained(serve: Serve, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves a connection; an error of the other end, or a fault of ours, ends this one alone."""
    writer.transport.set_write_buffer_limits(0)
    try:
        await serve(reader, writer)
    except OSError as error:  # TimeoutError is one, too
        _LOGGER.debug("connection lost: %s", error)
    except Exception:  # contains a fault to its connection
        _LOGGER.exception("a connection")
    finally:
        writer.transport.abort()
