"""A local program floods the bus with questions; the daemons answer again soon after."""

import asyncio
import contextlib
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from bus.client.client import open_socket
from bus.errors import BusUnavailableError
from bus.message import Message
from hw_sim.host import Host
from hw_sim.sound import Sound
from tests.e2e.test_commands import start

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

FLOOD_S = 3
ANSWER_S = 5
RECOVERY_S = 15
"""It takes 2 s: at most 1 MB of questions wait in the bus. Hours where each queued answer waits for a bus."""


@contextlib.asynccontextmanager
async def running(*command: str, home: Path) -> AsyncIterator[Process]:
    process = await start(*command, home=home)
    try:
        yield process
    finally:
        process.terminate()
        await process.communicate()


async def flood(url: str, message: Message, duration_s: float = FLOOD_S) -> None:
    """Sends a message as fast as the bus takes it, and receives nothing."""
    end = time.monotonic() + duration_s
    many = 1000 * Frame(Opcode.TEXT, message.serialize().encode()).serialize(mask=True)
    while time.monotonic() < end:
        with contextlib.suppress(BusUnavailableError, OSError):
            async with open_socket(url) as flooder:
                await flooder.send(Message("bus.subscribe", {"patterns": ["none"]}).serialize())
                while time.monotonic() < end:
                    flooder._writer.write(many)
                    await flooder._writer.drain()
                flooder.abort()


async def answers(url: str, question: str) -> None:
    """Returns when a question is answered, not one of a flood before it; a daemon may be away for a moment."""
    for number in count():
        # The answers to the flood come, too; a client that waits with its goodbye until they are read waits long.
        async with connect(url, max_queue=None, close_timeout=0) as asker:
            await asker.send(Message("bus.subscribe", {"patterns": [f"{question}.response"]}).serialize())
            await asker.send(Message(question, {}, {"number": number}).serialize())
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                async with asyncio.timeout(ANSWER_S):
                    async for frame in asker:
                        answer = Message.deserialize(frame)
                        if answer.msg_type == f"{question}.response" and "number" in answer.context:
                            return


async def test_the_daemons_answer_again_after_a_flood(sound: Sound, host: Host, tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text('{"enclosure": {"platform": "picroft"}}')
    unix = tmp_path / "bus.sock"
    async with contextlib.AsyncExitStack() as stack:
        bus = await stack.enter_async_context(
            running("bus", "serve", "--port", "0", "--socket", str(unix), home=tmp_path)
        )
        assert bus.stdout is not None
        url = (await bus.stdout.readline()).decode().strip().removeprefix("bus=")
        daemons = [
            await stack.enter_async_context(running("enclosure", "run", "--bus", url, home=tmp_path)),
            await stack.enter_async_context(
                running("admin", "run", "--bus", f"unix:{unix}", "--dbus", host.address, home=tmp_path)
            ),
        ]
        for question in ("mycroft.volume.get", "mycroft.admin.is_alive"):
            async with asyncio.timeout(RECOVERY_S):
                await answers(url, question)
            await flood(url, Message(question))
            async with asyncio.timeout(RECOVERY_S):
                await answers(url, question)
        assert [daemon.returncode for daemon in daemons] == [None, None]


async def test_a_flood_of_faulty_messages_does_not_fill_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with running("bus", "serve", "--port", "0", home=tmp_path) as bus:
        assert bus.stdout is not None
        url = (await bus.stdout.readline()).decode().strip().removeprefix("bus=")
        with log.open("w") as file:
            command = (sys.executable, "-m", "enclosure", "run", "--bus", url, "--serial", "/nowhere")
            enclosure = await asyncio.create_subprocess_exec(*command, stderr=file)
            try:
                async with asyncio.timeout(RECOVERY_S):
                    await answers(url, "mycroft.enclosure.is_alive")
                await flood(url, Message("enclosure.eyes.level", {"level": "high"}), duration_s=0.5)
                async with asyncio.timeout(RECOVERY_S):
                    await answers(url, "mycroft.enclosure.is_alive")
            finally:
                enclosure.terminate()
                await enclosure.wait()
    assert "enclosure.eyes.level" in log.read_text()
    assert log.stat().st_size < 100_000
