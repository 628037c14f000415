"""Programs that the simulator starts, and stops again."""

import asyncio
import contextlib
import os
import shutil
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from hw_sim.errors import SimulatorError

STOP_TIMEOUT_S = 3.0
"""Our daemons stop within 2 s."""

LINE_TIMEOUT_S = 30.0

DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")
"""Of util-linux, which every Debian has; it becomes the program."""


class Program:
    """A running program. Use as an async context manager; entering raises SimulatorError, leaving stops it.

    `on_line` gets every line that the program prints, on standard output and standard error.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        on_line: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = command
        self._name = name
        self._on_line = on_line
        self._environment = {**os.environ, **(environment or {})}
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._awaited: dict[str, asyncio.Future[str]] = {}
        self._stopped: Process | None = None
        """The process that `stop` has ended, or is ending."""
        self.paused = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts the program, again after `stop`. Raises SimulatorError."""
        if shutil.which(self.command[0]) is None:
            raise SimulatorError(f"cannot start {self._name}: there is no {self.command[0]}")
        # A process group of its own: Ctrl-C is for the simulator, which then stops them in their order. A killed
        # simulator stops none of them, so the kernel does.
        self._process = await asyncio.create_subprocess_exec(
            *DIES_WITH_US,
            *self.command,
            stdout=PIPE,
            stderr=STDOUT,
            env=self._environment,
            process_group=0,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def stop(self) -> None:
        """Ends the program; does nothing where it has been ended."""
        assert self._process is not None, "not started"
        assert self._reader is not None, "not started"
        self._stopped = self._process
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            self._process.terminate()
            self.pause(False)
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._reader

    def pause(self, paused: bool) -> None:
        """Has the program hang, or go on."""
        assert self._process is not None, "not started"
        self._process.send_signal(signal.SIGSTOP if paused else signal.SIGCONT)
        self.paused = paused

    @property
    def running(self) -> bool:
        """Whether it has been started, and not stopped."""
        return self._process is not None and self._process is not self._stopped

    async def watch(self) -> None:
        """Returns when the program has been stopped; raises SimulatorError when it ends by itself."""
        process = self._process
        assert process is not None, "not started"
        code = await process.wait()
        if process is not self._stopped:
            raise SimulatorError(f"{self._name} has ended by itself, with exit code {code}")

    async def line(self, prefix: str) -> str:
        """The next line that begins with `prefix`. Raises SimulatorError when there is none in time."""
        found = self._awaited[prefix] = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(found, LINE_TIMEOUT_S)
        except TimeoutError:
            raise SimulatorError(f"{self._name} does not say {prefix}...") from None

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None, "started with a pipe"
        async for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            self._on_line(line)
            for prefix, found in self._awaited.items():
                if line.startswith(prefix) and not found.done():
                    found.set_result(line)
