"""HiveMind, old and new, as a client of our bus: a satellite asks through it and hears the answer."""

import asyncio
import contextlib
import json
import os
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from tests.compat.environment import HIVEMIND_4, HIVEMIND_5, python_with
from tests.conftest import until

pytestmark = pytest.mark.real_time

KEY, PASSWORD = "kitchen-key", "correct horse battery staple"
UTTERANCE = "recognizer_loop:utterance"


class HiveMind:
    """The programs of one generation, with a configuration of their own for a core on our bus."""

    def __init__(self, programs: Path, home: Path, bus: Server) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._programs = programs
        self._environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
        agent, network = "hivemind-ovos-agent-plugin", "hivemind-websocket-plugin"
        bus_port = int(bus.url.split(":")[2].split("/")[0])
        configuration = {
            "agent_protocol": {"module": agent, agent: {"host": "127.0.0.1", "port": bus_port}},
            "network_protocol": {network: {"host": "127.0.0.1", "port": self.port}},
        }
        file = home / ".config" / "hivemind-core" / "server.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(configuration))

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    async def finish(self, program: str, *arguments: str) -> None:
        async with self.run(program, *arguments) as process, asyncio.timeout(20):
            assert await process.wait() == 0

    @contextlib.asynccontextmanager
    async def run(self, program: str, *arguments: str, output: int | None = None) -> AsyncIterator[Process]:
        process = await asyncio.create_subprocess_exec(
            self._programs / program, *arguments, env=self._environment, stdin=PIPE, stdout=output
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # the old core does not end when it is asked to
            await process.communicate()


async def asks(satellite: Process) -> None:
    """Asks until it is cancelled: the old client loses what is said while it still shakes hands."""
    assert satellite.stdin is not None
    while True:
        satellite.stdin.write(b"what time is it\n")
        await asyncio.sleep(5)


async def hears(client: ClientConnection, msg_type: str) -> Message:
    async with asyncio.timeout(60):
        while (message := Message.deserialize(await client.recv())).msg_type != msg_type:
            pass
    return message


@pytest.mark.timeout(300)  # the first time, they are installed
@pytest.mark.parametrize("requirements", [HIVEMIND_4, HIVEMIND_5], ids=["4", "5"])
async def test_a_satellite_asks_and_receives_the_answer(tmp_path: Path, requirements: tuple[str, ...]) -> None:
    programs = (await asyncio.to_thread(python_with, *requirements)).parent
    async with Server(WebSocketSettings(port=0), BusSettings()) as bus, connect(bus.url) as skill:
        hivemind = HiveMind(programs, tmp_path, bus)
        login = ("--name", "kitchen", "--access-key", KEY, "--password", PASSWORD)
        await hivemind.finish("hivemind-core", "add-client", *login)
        await hivemind.finish("hivemind-core", "allow-msg", UTTERANCE, "1")
        async with hivemind.run("hivemind-core", "listen"):
            await until(hivemind.listens, "the port of hivemind-core", 20)
            where = ("--host", "127.0.0.1", "--port", str(hivemind.port))
            terminal = ("terminal", "--key", KEY, "--password", PASSWORD, *where)
            async with hivemind.run("hivemind-client", *terminal, output=PIPE) as satellite:
                asking = asyncio.create_task(asks(satellite))
                question = await hears(skill, UTTERANCE)
                asking.cancel()
                assert question.data["utterances"] == ["what time is it"]
                assert "::kitchen::" in question.context["source"]
                answer = question.reply("speak", {"utterance": "half past nine"})
                await skill.send(answer.serialize())
                assert satellite.stdout is not None
                async with asyncio.timeout(10):
                    await satellite.stdout.readuntil(b"half past nine")
