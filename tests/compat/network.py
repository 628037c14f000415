"""A network of its own, in which the default port is free whatever else runs on this machine."""

import contextlib
import os
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Run = Callable[..., AbstractAsyncContextManager[Process]]
"""Runs a command that reaches the bus at the default address, and terminates it at the end."""


@contextlib.contextmanager
def _namespace() -> Iterator[str]:
    """The name of a network namespace with a loopback interface; skips the test without the rights to make one."""
    if os.getuid() or not shutil.which("ip"):
        pytest.skip("only root can make a network namespace, with ip of iproute2")
    name = f"mycroft-compat-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


@contextlib.asynccontextmanager
async def default_bus() -> AsyncIterator[Run]:
    """A bus on the default port."""
    with _namespace() as namespace:

        def run(*command: str | Path) -> AbstractAsyncContextManager[Process]:
            return running("ip", "netns", "exec", namespace, *command)

        async with run(sys.executable, "-m", "bus", "serve", "--port", "8181") as bus:
            assert await line(bus)
            yield run


@contextlib.asynccontextmanager
async def running(*command: str | Path) -> AsyncIterator[Process]:
    """A program with pipes, terminated at the end."""
    process = await create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def line(process: Process) -> str:
    """The next line that the program prints."""
    assert process.stdout is not None, "started with a pipe"
    return (await process.stdout.readline()).decode().rstrip("\n")
