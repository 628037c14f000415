"""A bus as a process of its own, and two clients that talk on it."""

import asyncio
import contextlib
import os
import resource
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from bus.server.hub import GREETING
from tests.abuse.tools import Bus, Pair


@pytest.fixture
async def bus(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus with its default settings; a parameter is what its command line begins with."""
    async with running(tmp_path, *getattr(request, "param", ())) as bus:
        yield bus


@contextlib.asynccontextmanager
async def running(folder: Path, *command: str | Path, **environment: str) -> AsyncIterator[Bus]:
    """A bus as a process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(*command, sys.executable, "-m", "bus", "serve", "--port", "0"),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, "HOME": str(folder), **environment},
        )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode()
    yield Bus(process, int(url.rsplit(":", 1)[1].split("/")[0]), folder / "log")
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


@pytest.fixture
async def pair(bus: Bus) -> AsyncIterator[Pair]:
    """Two clients of the bus."""
    async with pair_on(bus) as pair:
        yield pair


@contextlib.asynccontextmanager
async def pair_on(bus: Bus) -> AsyncIterator[Pair]:
    """Two clients of a bus."""
    # Without a limit of their own on what waits for them they always come to the end of it, and to the goodbye.
    client = partial(
        connect,
        f"ws://127.0.0.1:{bus.port}/core",
        compression=None,
        max_size=None,
        max_queue=None,
        close_timeout=1,
    )
    async with client() as ann, client() as bob:
        assert await ann.recv(decode=False) == await bob.recv(decode=False) == GREETING
        yield Pair(ann, bob)
