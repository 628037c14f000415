"""Addresses, wifi signal and temperature of the machine."""

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from bus.errors import ConfigError

_OUTSIDE = ("192.0.2.1", 9)
"""An address of the documentation (RFC 5737). To connect a UDP socket to it sends nothing."""


class Machine:
    """The machine, in the files of the kernel."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._interfaces = root / "sys/class/net"
        self._wireless = root / "proc/self/net/wireless"  # not /proc/net, which units do not see
        self._zone = root / "sys/class/thermal/thermal_zone0/temp"
        self._model = root / "sys/firmware/devicetree/base/model"

    @property
    def name(self) -> str:
        """Name of the machine."""
        return socket.gethostname()

    @property
    def model(self) -> str | None:
        """The kind of computer, such as "Raspberry Pi 3 Model B Rev 1.2"; None where it has none."""
        text = _read(self._model)
        return text.rstrip("\0\n") or None if text else None

    @property
    def macs(self) -> list[str]:
        """The MAC addresses of all network devices; those of virtual ones are left out."""
        return [mac for folder in self._devices() if (mac := _mac(folder))]

    @property
    def has_wifi(self) -> bool:
        """Whether there is a wifi radio."""
        return any((folder / "phy80211").exists() for folder in self._devices())

    @property
    def has_temperature(self) -> bool:
        """Whether there is a thermometer."""
        return self.temperature is not None

    @property
    def wifi_dbm(self) -> str | None:
        """Strength of the wifi signal; None without one."""
        # A line of it: name, status, quality of the link, then the level in dBm, each with a dot.
        found = re.search(r"^\s*\S+:\s+\S+\s+\S+\s+(-\d{1,3})\.?\s", _read(self._wireless) or "", re.MULTILINE)
        return found[1] if found else None

    @property
    def temperature(self) -> str | None:
        """Degrees Celsius; None without a thermometer."""
        with contextlib.suppress(ValueError):
            return f"{int(_read(self._zone) or '') / 1000:.1f}"
        return None

    @property
    def address(self) -> str | None:
        """The address with which the machine reaches other networks; None without a network."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unconnected:
            unconnected.connect(_OUTSIDE)
            return str(unconnected.getsockname()[0])
        return None

    def _devices(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from (folder for folder in sorted(self._interfaces.iterdir()) if (folder / "device").exists())


def device_id(macs: list[str]) -> str:
    """The id of a device, from the first of its MAC addresses. Raises ConfigError without one."""
    if not macs:
        raise ConfigError("no network device has a MAC address: set mqtt.id in mycroft.conf")
    return f"mycroft_{macs[0].replace(':', '')}"


def _mac(folder: Path) -> str | None:
    text = (_read(folder / "address") or "").strip().lower()
    is_mac = re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", text) and text != "00:00:00:00:00:00"
    return text if is_mac else None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None
