"""systemd: the units that carry out what has no D-Bus call of its own (org.freedesktop.systemd1(5)).

The admin user may start these units and no others; they run as root and take no arguments.
"""

import asyncio

from admin.dbus.system import SystemBus
from admin.errors import HostError

SSH_UNIT = "ssh.service"
ENABLE_SSH_UNIT = "mycroft-ssh-enable.service"
DISABLE_SSH_UNIT = "mycroft-ssh-disable.service"

UNIT_TIMEOUT_S = 30.0

_SERVICE = "org.freedesktop.systemd1"
_INTERFACE = "org.freedesktop.systemd1.Manager"
_MANAGER = (_SERVICE, "/org/freedesktop/systemd1", _INTERFACE)


class Systemd:
    """Switches ssh on and off."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus
        self._subscribed = False

    async def enable_ssh(self) -> None:
        """Has ssh run, now and after a restart. Raises HostError."""
        await self._start(ENABLE_SSH_UNIT)

    async def disable_ssh(self) -> None:
        """Has ssh not run, now and after a restart. Raises HostError."""
        await self._start(DISABLE_SSH_UNIT)

    async def ssh_enabled(self) -> bool:
        """Whether ssh starts with the machine. Raises HostError."""
        [state] = await self._bus.call(*_MANAGER, "GetUnitFileState", "s", SSH_UNIT)
        return str(state).startswith("enabled")

    async def _start(self, unit: str) -> None:
        """Starts a oneshot unit and returns when it has done its work."""
        if not self._subscribed:
            await self._bus.call(*_MANAGER, "Subscribe")  # systemd signals to those who have asked for it
            self._subscribed = True
        async with self._bus.signals(_SERVICE, _INTERFACE, "JobRemoved") as removed:
            [job] = await self._bus.call(*_MANAGER, "StartUnit", "ss", unit, "replace")
            try:
                async with asyncio.timeout(UNIT_TIMEOUT_S):
                    while True:
                        _, path, _, result = await removed.get()
                        if path == job:
                            break
            except TimeoutError:
                raise HostError(f"{unit} is not done after {UNIT_TIMEOUT_S:g} s") from None
        if result != "done":
            raise HostError(f"{unit}: {result}")
