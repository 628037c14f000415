"""The services of the host that actions may use."""

from dataclasses import dataclass
from typing import Self

from admin.dbus.logind import Logind
from admin.dbus.system import SystemBus
from admin.dbus.systemd import Systemd
from admin.dbus.timedate import Timedate


@dataclass(frozen=True, slots=True)
class Host:
    """One object for each service."""

    logind: Logind
    systemd: Systemd
    timedate: Timedate

    @classmethod
    def on(cls, bus: SystemBus) -> Self:
        """The services on a D-Bus."""
        return cls(Logind(bus), Systemd(bus), Timedate(bus))
