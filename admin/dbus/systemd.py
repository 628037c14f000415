"""systemd: units for actions without a D-Bus call of their own (org.freedesktop.systemd1(5))."""

import asyncio
from dataclasses import dataclass

from admin.dbus.system import Remote, SystemBus
from admin.errors import HostError

_MANAGER = Remote("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")

_SSH_UNITS = ("ssh.service", "ssh.socket")
"""With either of them enabled, port 22 is open."""

_NO_UNIT = ("org.freedesktop.DBus.Error.FileNotFound", "org.freedesktop.systemd1.NoSuchUnit")


@dataclass(frozen=True, slots=True)
class Unit:
    """A oneshot unit of the package, which runs as root and takes no arguments."""

    name: str
    timeout_s: float


class Systemd:
    """Starts units and reads their state."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus
        self._subscribed = False

    async def ssh_enabled(self) -> bool:
        """Whether ssh starts with the machine. Raises HostError."""
        states = [await self._file_state(unit) for unit in _SSH_UNITS]
        return any(state.startswith("enabled") for state in states)

    async def start(self, unit: Unit) -> None:
        """Starts a oneshot unit and returns when it has succeeded. Raises HostError."""
        if not self._subscribed:
            await self._bus.call(_MANAGER, "Subscribe")  # systemd sends signals to its subscribers only
            self._subscribed = True
        async with self._bus.signals(_MANAGER, "JobRemoved", "uoss") as removed:
            [job] = await self._bus.call(_MANAGER, "StartUnit", "ss", unit.name, "replace", returns="o")
            try:
                async with asyncio.timeout(unit.timeout_s):
                    while True:
                        _, path, _, result = await removed.get()
                        if path == job:
                            break
            except TimeoutError:
                raise HostError(f"{unit.name} is not done after {unit.timeout_s:g} s") from None
        if result != "done":
            raise HostError(f"{unit.name}: {result}; journalctl -u {unit.name} says more")

    async def _file_state(self, unit: str) -> str:
        try:
            [state] = await self._bus.call(_MANAGER, "GetUnitFileState", "s", unit, returns="s")
        except HostError as error:
            if error.name in _NO_UNIT:
                return "not installed"
            raise
        return str(state)
