"""Programs that run during the soak: daemons as processes of their own, and other clients of the bus."""

import asyncio
import contextlib
import os
import random
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.contract.lookup import TOPICS
from bus.errors import BusUnavailableError
from bus.message import Message

STOP_S = 5.0

FAULT = re.compile(r" (ERROR|CRITICAL) |^Traceback|^[\w.]*(Error|Exception|Warning)\b")
"""What should never be in a log."""

RUDE = (
    *(
        "not json",
        "[]",
        '{"type":5}',
        '{"type":"x","data":5}',
        '{"type":"x"',
        '{"type":"system.reboot","context":{}}',
    ),
    *("\0", '{"type":"bus.subscribe","data":{"patterns":[1]}}', "x" * 100_000),
)


class Daemon:
    """One of our daemons as a process; remembers the end of its log, and what should never be there."""

    def __init__(self, *command: str, environment: Mapping[str, str]) -> None:
        self.name = command[0]
        self._command = command
        self._environment = {**os.environ, **environment}
        self.faults: list[str] = []
        self.last: deque[str] = deque(maxlen=15)

    async def start(self) -> None:
        """Starts it, again if it was stopped."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *self._command), env=self._environment, stdout=PIPE, stderr=PIPE
        )
        self._reading = asyncio.create_task(self._read(self.process))

    async def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None, "started with a pipe"
        return (await self.process.stdout.readline()).decode().rstrip()

    async def stop(self) -> int:
        """Stops it as systemd does; returns its exit code. Raises TimeoutError when it does not stop."""
        self.process.terminate()
        async with asyncio.timeout(STOP_S):
            code = await self.process.wait()
        await self._reading
        return code

    async def kill(self) -> None:
        """Kills it, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self._reading

    @property
    def memory(self) -> int:
        """KiB of its own: what it shares with other programs changes with them."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.findall(r"^Pss_Anon:\s+(\d+) kB", rollup, re.MULTILINE)[0])

    async def _read(self, process: Process) -> None:
        assert process.stderr is not None, "started with a pipe"
        async for raw in process.stderr:
            line = raw.decode(errors="replace").rstrip()
            self.last.append(line)
            if FAULT.search(line):
                self.faults.append(line)


class Admin:
    """A stand-in for the admin service: refuses everything, as a host without rights would."""

    def __init__(self, bus_url: str) -> None:
        self._client = BusClient(bus_url)

    async def run(self) -> None:
        """Serves until cancelled."""
        await self._client.run(self._refuse, patterns=["system.*"])

    async def _refuse(self, message: Message) -> None:
        topic = TOPICS.get(message.msg_type)
        if topic is not None and topic.privileged:
            with contextlib.suppress(BusUnavailableError):  # it restarts now and then: the sender no longer waits
                await self._client.emit(message.reply(f"{message.msg_type}.failed", {"error": "this is a soak"}))


async def stranger(bus_url: str, chance: random.Random) -> None:
    """Another client of the bus, for some seconds: it reads all, or some, or nothing, or sends what is invalid."""
    stays_s = chance.uniform(0, 5)
    part = chance.choice((_reads, _reads_some, _reads_nothing, _is_rude))
    with contextlib.suppress(OSError, WebSocketException, TimeoutError):  # also when the bus restarts
        async with asyncio.timeout(stays_s + STOP_S), connect(bus_url) as client:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(stays_s):
                    await part(client, chance)
            if chance.random() < 0.5:
                client.transport.abort()


async def _reads(client: ClientConnection, _: random.Random) -> None:
    async for _frame in client:
        pass


async def _reads_some(client: ClientConnection, chance: random.Random) -> None:
    patterns = chance.sample(["enclosure.*", "mycroft.volume.*", "*", "recognizer_loop:*", "x"], 2)
    await client.send(Message(topics.SUBSCRIBE.name, {"patterns": patterns}).serialize())
    await _reads(client, chance)


async def _reads_nothing(client: ClientConnection, _: random.Random) -> None:
    client.transport.pause_reading()
    await asyncio.get_running_loop().create_future()


async def _is_rude(client: ClientConnection, chance: random.Random) -> None:
    while True:
        await client.send(chance.choice(RUDE))
        await client.recv()
