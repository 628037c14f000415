"""systemd-hostnamed: the name of the machine (org.freedesktop.hostname1(5))."""

from admin.dbus.system import Remote, SystemBus

_HOSTNAME = Remote("org.freedesktop.hostname1", "/org/freedesktop/hostname1", "org.freedesktop.hostname1")


class Hostname:
    """Sets the name of the machine."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus

    async def set(self, name: str) -> None:
        """Sets the name, now and after a restart. Raises HostError."""
        await self._bus.call(_HOSTNAME, "SetStaticHostname", "sb", name, False)
