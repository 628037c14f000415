"""The radio as wifi setup needs it, and its values. Pure; `admin.dbus.networkmanager` meets the protocol."""

from dataclasses import dataclass, field
from typing import Protocol

from admin.wifi.networks import Choice, Network

ADDRESS = "100.64.7.1"
"""Address of the device in its access point's network.

Shared address space (RFC 6598): with one of the private ranges, some Android phones show no portal.
"""

PREFIX = 24


@dataclass(frozen=True, slots=True)
class Hotspot:
    """The access point of this device."""

    ssid: str
    password: str | None = field(default=None, repr=False)
    """None: it is open."""


@dataclass(frozen=True, slots=True)
class Link:
    """What the device is connected to."""

    network: bool = False
    internet: bool = False


class Radio(Protocol):
    """A radio that is either an access point or in a network. Each method may raise HostError.

    The kind of an error of `join` is an `admin.wifi.outcome.Failure`, as far as the reason is known.
    """

    async def interface(self) -> str:
        """Its name in the kernel, such as wlan0."""

    async def scan(self, times: int = 1) -> list[Network]:
        """Looks around; returns the networks in range."""

    async def open(self, hotspot: Hotspot) -> Hotspot:
        """Opens the access point; returns how: without a password where the radio can do no other."""

    async def is_open(self) -> bool:
        """Whether the access point is open; another program may have taken the radio."""

    async def join(self, choice: Choice) -> None:
        """Joins a network, in place of the access point, and keeps it."""

    async def link(self) -> Link:
        """Whether the device is in a network, by cable or radio."""

    async def close(self, *, restore: bool) -> None:
        """Closes the access point, if it is open; `restore`: the network from before is joined again."""
