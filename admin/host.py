"""The services of the host that actions may use."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from admin.config import AdminSettings
from admin.dbus.hostname import Hostname
from admin.dbus.logind import Logind
from admin.dbus.networkmanager import NetworkManager
from admin.dbus.system import SystemBus
from admin.dbus.systemd import Systemd
from admin.dbus.timedate import Timedate
from admin.locales import Locales
from admin.results import Results
from admin.wifi.radio import Hotspot


@dataclass(frozen=True, slots=True)
class Host:
    """One object for each service."""

    hostname: Hostname
    hotspot: Hotspot
    """The access point of the wifi setup."""
    lang: str
    """The language of the device, such as en-us."""
    locales: Locales
    logind: Logind
    network: NetworkManager
    portal_socket: Path | None
    """Where the portal reaches a wifi setup; None without a folder for it, in a test."""
    results: Results
    systemd: Systemd
    timedate: Timedate

    @classmethod
    def on(
        cls,
        bus: SystemBus,
        settings: AdminSettings | None = None,
        runtime_folder: Path | None = None,
        lang: str = "en-us",
    ) -> Self:
        """The services on a D-Bus."""
        return cls(
            hostname=Hostname(bus),
            hotspot=(settings or AdminSettings()).wifi.hotspot,
            lang=lang,
            locales=Locales(),
            logind=Logind(bus),
            network=NetworkManager(bus),
            portal_socket=runtime_folder / "portal.sock" if runtime_folder else None,
            results=Results(runtime_folder.parent if runtime_folder else Path("/run")),
            systemd=Systemd(bus),
            timedate=Timedate(bus),
        )
