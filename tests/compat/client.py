"""Programs that use the real client libraries of the field."""

import asyncio
import contextlib
import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.compat.environment import python_with
from tests.compat.network import Run, running
from tests.conftest import until

PEER = Path(__file__).parent / "peer.py"


@dataclass
class Peer:
    """A program that uses one of the field's client libraries."""

    process: Process
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    lost: bool = False

    async def read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            if not line.startswith(b"{"):
                continue  # the library logs here, too
            said = json.loads(line)
            if "heard" in said:
                self.heard.append(said["heard"])
            self.answers += said.get("answers", ())
            self.lost = self.lost or "error" in said or "closed" in said

    async def emit(self, msg_type: str, data: dict[str, Any] | None = None) -> None:
        await self.command(type=msg_type, data=data or {})

    async def command(self, **command: Any) -> None:
        """Sends it a command; peer.py has the list."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        await self.process.stdin.drain()

    async def hears(self, msg_type: str) -> dict[str, Any]:
        """Waits for a message of this type; forgets it and what came before it."""

        def types() -> list[str]:
            return [message["type"] for message in self.heard]

        await until(lambda: msg_type in types(), f"{msg_type} among {types()}", 15)
        index = types().index(msg_type)
        message = self.heard[index]
        del self.heard[: index + 1]
        return message


@contextlib.asynccontextmanager
async def peer(library: tuple[str, str], bus_url: str) -> AsyncIterator[Peer]:
    """A connected program with that library."""
    module, requirement = library
    python = await asyncio.to_thread(python_with, requirement)
    address = bus_url.removeprefix("ws://").removesuffix("/core").split(":")
    async with running(python, PEER, module, *address) as process, connected(process) as found:
        yield found


@contextlib.asynccontextmanager
async def default_peer(library: tuple[str, str], run: Run) -> AsyncIterator[Peer]:
    """A connected program with that library, which knows no address but its default one."""
    module, requirement = library
    python = await asyncio.to_thread(python_with, requirement)
    async with run(python, PEER, module) as process, connected(process) as found:
        yield found


@contextlib.asynccontextmanager
async def connected(process: Process) -> AsyncIterator[Peer]:
    found = Peer(process)
    reading = asyncio.create_task(found.read())
    try:
        await found.hears("connected")
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await reading
