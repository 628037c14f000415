"""systemd: units for actions without a D-Bus call of their own (org.freedesktop.systemd1(5)).

The user of the admin service may start these units and no others; they run as root and take no arguments.
"""

import asyncio
from enum import Enum

from admin.dbus.system import Remote, SystemBus
from admin.errors import HostError

_MANAGER = Remote("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")

_SSH_UNITS = ("ssh.service", "ssh.socket")
"""With either of them enabled, port 22 is open."""

_NO_UNIT = ("org.freedesktop.DBus.Error.FileNotFound", "org.freedesktop.systemd1.NoSuchUnit")


class Work(Enum):
    """The closed list of oneshot units, each with its timeout in seconds."""

    ENABLE_SSH = (
        "mycroft-ssh-enable.service",
        180.0,
    )  # generates host keys: RSA takes up to a minute on a Pi Zero
    DISABLE_SSH = ("mycroft-ssh-disable.service", 30.0)


class Systemd:
    """Starts units and reads their state."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus
        self._subscribed = False

    async def ssh_enabled(self) -> bool:
        """Whether ssh starts with the machine. Raises HostError."""
        states = [await self._file_state(unit) for unit in _SSH_UNITS]
        return any(state.startswith("enabled") for state in states)

    async def do(self, work: Work) -> None:
        """Starts a oneshot unit and returns when it has succeeded. Raises HostError."""
        unit, timeout_s = work.value
        if not self._subscribed:
            await self._bus.call(_MANAGER, "Subscribe")  # systemd sends signals to its subscribers only
            self._subscribed = True
        async with self._bus.signals(_MANAGER, "JobRemoved", "uoss") as removed:
            [job] = await self._bus.call(_MANAGER, "StartUnit", "ss", unit, "replace", returns="o")
            try:
                async with asyncio.timeout(timeout_s):
                    while True:
                        _, path, _, result = await removed.get()
                        if path == job:
                            break
            except TimeoutError:
                raise HostError(f"{unit} is not done after {timeout_s:g} s") from None
        if result != "done":
            raise HostError(f"{unit}: {result}; journalctl -u {unit} says more")

    async def _file_state(self, unit: str) -> str:
        try:
            [state] = await self._bus.call(_MANAGER, "GetUnitFileState", "s", unit, returns="s")
        except HostError as error:
            if error.name in _NO_UNIT:
                return "not installed"
            raise
        return str(state)
