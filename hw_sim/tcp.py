"""The serial port of the faceplate over TCP, for programs that open ``socket://127.0.0.1:PORT`` with pyserial."""

import asyncio
import contextlib
import os
import socket
import termios
from collections.abc import AsyncIterator

from hw_sim.errors import SimulatorError
from hw_sim.faceplate import Faceplate

CHUNK = 1024
"""Bytes that go to the port at a time; it has room for 4096."""

RETRY_S = 0.01
"""How soon a port without room is tried again; the faceplate reads at once."""


@contextlib.asynccontextmanager
async def served_port(faceplate: Faceplate, port: int) -> AsyncIterator[str]:
    """Serves the port on 127.0.0.1 while the context is entered; gives its URL. Port 0 takes a free one.

    It is open for one program at a time, as a serial port is; a second connection is closed at once.
    """
    in_use = asyncio.Lock()
    connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        try:
            if not in_use.locked() and faceplate.plugged:
                async with in_use:
                    await _connect(faceplate.port, reader, writer)
        finally:
            connections.remove(writer)
            writer.close()

    try:
        server = await asyncio.start_server(serve, "127.0.0.1", port)
    except OSError as error:
        raise SimulatorError(f"cannot listen on port {port}: {os.strerror(error.errno or 0)}") from error
    try:
        yield f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()  # and not `async with`, which waits for the programs from Python 3.12 on
        for connection in connections:
            connection.transport.abort()


async def _connect(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Moves bytes both ways until the program or the faceplate goes."""
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    loop = asyncio.get_running_loop()
    with open(path, "r+b", buffering=0) as tty:  # noqa: ASYNC230, PTH123  # a pseudo terminal opens at once
        termios.tcflush(tty, termios.TCIFLUSH)  # what it said while no program listened
        os.set_blocking(tty.fileno(), False)
        gone: asyncio.Future[None] = loop.create_future()

        def pass_on() -> None:
            try:
                data = tty.read(CHUNK)
            except OSError:
                data = b""
            if data == b"":  # unplugged
                loop.remove_reader(tty.fileno())
                gone.set_result(None)
            elif data:
                writer.write(data)

        loop.add_reader(tty.fileno(), pass_on)
        sending = asyncio.create_task(_send(reader, tty.fileno()))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            loop.remove_reader(tty.fileno())


async def _send(reader: asyncio.StreamReader, tty: int) -> None:
    with contextlib.suppress(OSError):  # either end has gone
        while data := await reader.read(CHUNK):
            while data:
                try:
                    data = data[os.write(tty, data) :]
                except BlockingIOError:
                    await asyncio.sleep(RETRY_S)
