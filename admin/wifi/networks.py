"""The networks in range, from the access points that NetworkManager lists. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from bus.message import printable

MAX_SSID = 32
"""Bytes, by IEEE 802.11."""

MAX_PASSWORD = 128
"""Characters. WPA2 has 63; WPA3 has no limit of its own."""

MAX_NETWORKS = 100
"""Any transmitter in range can announce networks; a user reads no longer list."""

PASSWORD_BYTES = range(8, 64)
"""Lengths of a WPA1 or WPA2 password in UTF-8. One of 64 would be a key, which cannot be used with WPA3."""

# Bits of AccessPoint.Flags, .WpaFlags and .RsnFlags (nm-dbus-interface.h).
_PRIVACY = 0x1
_PSK = 0x100
_802_1X = 0x200
_SAE = 0x400
_OWE = 0x800
_SUITE_B = 0x2000


class Security(StrEnum):
    """How a network is protected; the values are those that OVOS shows."""

    OPEN = "open"
    OWE = "OWE"
    """Encrypted without a password."""
    WEP = "WEP"
    WPA1 = "WPA1"
    WPA2 = "WPA2"
    WPA2_WPA3 = "WPA2 WPA3"
    WPA3 = "WPA3"
    ENTERPRISE = "802.1X"
    """Users log in with a name."""

    @property
    def needs_password(self) -> bool:
        """Whether a password is needed to join."""
        return self not in (Security.OPEN, Security.OWE)

    @property
    def is_supported(self) -> bool:
        """Whether a password, or none, suffices, and wpa_supplicant still has it."""
        return self not in (Security.WEP, Security.ENTERPRISE)

    def allows(self, password: str) -> bool:
        """Whether a password may be right, by its length."""
        if self in (Security.WPA1, Security.WPA2, Security.WPA2_WPA3):
            return len(password.encode(errors="replace")) in PASSWORD_BYTES
        return bool(password) is self.needs_password


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """One transmitter, as NetworkManager describes it."""

    path: str
    """Its D-Bus object."""
    ssid: bytes
    """Empty for a hidden one."""
    strength: int
    """0 to 100."""
    flags: int
    wpa_flags: int
    rsn_flags: int

    @property
    def security(self) -> Security:
        """The best way in that this project supports."""
        flags = self.rsn_flags | self.wpa_flags
        if flags & (_PSK | _SAE) == _PSK | _SAE:
            return Security.WPA2_WPA3
        if flags & _SAE:
            return Security.WPA3
        if flags & _PSK:
            return Security.WPA2 if self.rsn_flags & _PSK else Security.WPA1
        if flags & _OWE:
            return Security.OWE
        if flags & (_802_1X | _SUITE_B):
            return Security.ENTERPRISE
        return Security.WEP if self.flags & _PRIVACY and not flags else Security.OPEN


@dataclass(frozen=True, slots=True)
class Network:
    """All transmitters of one name, as a user sees them."""

    ssid: bytes
    security: Security
    strength: int
    """Of the strongest one, 0 to 100."""
    path: str
    """The D-Bus object of the strongest one."""

    @property
    def name(self) -> str:
        """The SSID as a text."""
        return name_of(self.ssid)


@dataclass(frozen=True, slots=True)
class Choice:
    """A network to join."""

    ssid: bytes
    password: str = field(default="", repr=False)
    hidden: bool = False

    @property
    def name(self) -> str:
        """The SSID as a text."""
        return name_of(self.ssid)

    @property
    def is_valid(self) -> bool:
        """Whether it may be a network at all."""
        return 0 < len(self.ssid) <= MAX_SSID and len(self.password) <= MAX_PASSWORD


def networks_of(access_points: Iterable[AccessPoint]) -> list[Network]:
    """The networks, the strongest first; one for each SSID, hidden ones left out."""
    found: dict[bytes, Network] = {}
    for point in sorted(access_points, key=lambda point: -point.strength):
        if point.ssid.strip(b"\0") and point.ssid not in found:
            found[point.ssid] = Network(point.ssid, point.security, point.strength, point.path)
    return list(found.values())[:MAX_NETWORKS]


def name_of(ssid: bytes) -> str:
    """An SSID for people: an SSID is any 32 bytes, usually UTF-8."""
    return printable(ssid.decode(errors="replace"))


def ssid_of(name: str, known: Iterable[bytes]) -> bytes:
    """The SSID that a name stands for: the name in UTF-8, unless it is only `name_of` of a known SSID."""
    encoded = name.encode(errors="replace")
    meant = [ssid for ssid in known if name_of(ssid) == name]
    return encoded if encoded in meant or not meant else meant[0]
