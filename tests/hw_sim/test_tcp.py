"""The serial port of the faceplate over TCP, with pyserial."""

import asyncio
import contextlib

import pytest
import serial

from hw_sim.errors import SimulatorError
from hw_sim.faceplate import Faceplate
from hw_sim.tcp import served_port

pytestmark = pytest.mark.real_time


def ask_version(url: str) -> bytes:
    """What a program reads that asks for the version until it has it."""
    read = b""
    with serial.serial_for_url(url, timeout=1) as port:
        while b"\r\nMycroft Mark 1 v1.4.2\r\n" not in read:
            port.write(b"system.version\n")
            read += port.read(60)
    return read


async def connected(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection over which the faceplate has answered."""
    reader, writer = await asyncio.open_connection(*url.removeprefix("socket://").split(":"))
    writer.write(b"system.version\n")
    await reader.readuntil(b"Mycroft Mark 1 v1.4.2\r\n")
    return reader, writer


async def test_programs_talk_to_the_faceplate_one_after_the_other(faceplate: Faceplate) -> None:
    async with served_port(faceplate, 0) as url:
        for _ in range(2):
            assert b"Command: system.version" in await asyncio.to_thread(ask_version, url)


async def test_a_second_connection_is_closed(faceplate: Faceplate) -> None:
    async with served_port(faceplate, 0) as url:
        address = url.removeprefix("socket://").split(":")
        _, first = await asyncio.open_connection(*address)
        second, second_writer = await asyncio.open_connection(*address)
        assert await second.read() == b""
        second_writer.close()
        first.close()


async def test_the_connection_ends_when_the_faceplate_is_unplugged(faceplate: Faceplate) -> None:
    async with served_port(faceplate, 0) as url:
        reader, writer = await connected(url)
        faceplate.unplug()
        await reader.read()
        writer.close()


async def test_a_connection_ends_with_the_simulator(faceplate: Faceplate) -> None:
    async with served_port(faceplate, 0) as url:
        reader, writer = await connected(url)
    with contextlib.suppress(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_taken_port_is_an_error(faceplate: Faceplate) -> None:
    async with served_port(faceplate, 0) as url:
        with pytest.raises(SimulatorError, match=r"cannot listen on port [0-9]+: Address already in use"):
            async with served_port(faceplate, int(url.rpartition(":")[2])):
                pass
