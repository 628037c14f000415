"""systemd: units for actions without a D-Bus call of their own (org.freedesktop.systemd1(5))."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from admin.dbus.system import PROPERTIES, Remote, SystemBus
from admin.errors import HostError

_SERVICE = "org.freedesktop.systemd1"
_MANAGER = Remote(_SERVICE, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
_UNIT = "org.freedesktop.systemd1.Unit"

_SSH_UNITS = ("ssh.service", "ssh.socket")
"""With either of them enabled, port 22 is open."""

FAILED = "failed"
"""The kind of the error of a unit that has not succeeded."""

_NO_UNIT = ("org.freedesktop.DBus.Error.FileNotFound", "org.freedesktop.systemd1.NoSuchUnit")

Progress = Callable[[str], Awaitable[None]]
"""Called with each status text that a unit sets (systemd-notify(1), --status)."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the package."""

    name: str
    timeout_s: float
    """How long a oneshot may take to end, or a service to be ready."""
    stops: bool = False
    """Whether it may be stopped, too."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template unit of the package, and the regular expression of the instances that it may have."""

    name: str
    """Such as mycroft-language@.service."""
    instances: str
    """For Python and JavaScript alike; the whole instance has to match."""
    timeout_s: float

    def unit(self, instance: str) -> Unit:
        """The unit with this instance. Raises HostError for an instance that the template may not have."""
        if not re.fullmatch(self.instances, instance, re.ASCII):
            raise HostError(f"{self.name} has no instance of this name")
        return Unit(self.name.replace("@.", f"@{instance}."), self.timeout_s)


class Systemd:
    """Starts and stops units, and reads their state."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus
        self._subscribed = False

    async def ssh_enabled(self) -> bool:
        """Whether ssh starts with the machine. Raises HostError."""
        states = [await self._file_state(unit) for unit in _SSH_UNITS]
        return any(state.startswith("enabled") for state in states)

    async def start(self, unit: Unit, progress: Progress | None = None) -> None:
        """Starts a unit; returns when a oneshot has succeeded, or a service is ready. Raises HostError.

        A oneshot that is under way is not started again: this returns at its end.
        """
        async with self._progress_of(unit, progress):
            await self._do("StartUnit", unit)

    async def stop(self, unit: Unit) -> None:
        """Stops a unit; returns when it has ended. Raises HostError."""
        await self._do("StopUnit", unit)

    async def wait(self, unit: Unit, progress: Progress | None = None) -> None:
        """Waits for the end of a oneshot that an earlier daemon has started; returns at once if it does not run.

        Raises HostError where it fails meanwhile.
        """
        async with self._progress_of(unit, progress), self._removed_jobs() as removed:
            [path] = await self._bus.call(_MANAGER, "LoadUnit", "s", unit.name, returns="o")
            state = await self._bus.property(Remote(_SERVICE, path, _UNIT), "ActiveState", "s")
            if state == "activating":
                await self._end_of_job(removed, unit, lambda _, name: name == unit.name)

    async def _do(self, method: str, unit: Unit) -> None:
        async with self._removed_jobs() as removed:
            [job] = await self._bus.call(_MANAGER, method, "ss", unit.name, "replace", returns="o")
            await self._end_of_job(removed, unit, lambda path, _: path == job)

    @asynccontextmanager
    async def _removed_jobs(self) -> AsyncIterator[asyncio.Queue[list[Any]]]:
        if not self._subscribed:
            await self._bus.call(_MANAGER, "Subscribe")  # systemd sends signals to its subscribers only
            self._subscribed = True
        async with self._bus.signals(_MANAGER, "JobRemoved", "uoss") as removed:
            yield removed

    async def _end_of_job(
        self, removed: asyncio.Queue[list[Any]], unit: Unit, is_it: Callable[[str, str], bool]
    ) -> None:
        """Waits for the end of the job of which path and unit are the right ones. Raises HostError."""
        try:
            async with asyncio.timeout(unit.timeout_s):
                while True:
                    _, path, name, result = await removed.get()
                    if is_it(path, name):
                        break
        except TimeoutError:
            raise HostError(f"{unit.name} is not done after {unit.timeout_s:g} s") from None
        if result != "done":
            raise HostError(f"{unit.name}: {result}; journalctl -u {unit.name} says more", FAILED)

    @asynccontextmanager
    async def _progress_of(self, unit: Unit, progress: Progress | None) -> AsyncIterator[None]:
        """Calls `progress` with the status texts of a unit while the context is entered."""
        if progress is None:
            yield
            return
        [path] = await self._bus.call(_MANAGER, "LoadUnit", "s", unit.name, returns="o")
        properties = Remote(_SERVICE, path, PROPERTIES)
        async with self._bus.signals(properties, "PropertiesChanged", "sa{sv}as") as changes:

            async def follow() -> None:
                last = ""
                while True:
                    _, changed, _ = await changes.get()
                    text = str(changed["StatusText"].value) if "StatusText" in changed else ""
                    if text not in ("", last):
                        await progress(last := text)

            following = asyncio.create_task(follow())
            try:
                yield
            finally:
                following.cancel()
                await asyncio.wait([following])
                if not following.cancelled():
                    following.result()  # raises what ended it

    async def _file_state(self, unit: str) -> str:
        try:
            [state] = await self._bus.call(_MANAGER, "GetUnitFileState", "s", unit, returns="s")
        except HostError as error:
            if error.kind in _NO_UNIT:
                return "not installed"
            raise
        return str(state)
