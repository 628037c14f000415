"""systemd-logind: restarting and switching off (org.freedesktop.login1(5))."""

from admin.dbus.system import Remote, SystemBus

_MANAGER = Remote("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")


class Logind:
    """Restarts the machine, or switches it off."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus

    async def reboot(self) -> None:
        """Restarts the machine. Raises HostError."""
        await self._bus.call(_MANAGER, "Reboot", "b", False)

    async def power_off(self) -> None:
        """Switches the machine off. Raises HostError."""
        await self._bus.call(_MANAGER, "PowerOff", "b", False)
