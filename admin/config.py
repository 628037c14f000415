"""The settings of the admin service in mycroft.conf."""

from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from admin.wifi.networks import MAX_SSID
from admin.wifi.radio import Hotspot


class WifiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The object `admin.wifi`."""

    ssid: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SSID)] = "MYCROFT"
    """Name of the access point of the setup; the default is that of mycroft-wifi-setup."""
    password: Annotated[str, msgspec.Meta(min_length=8, max_length=63, pattern="^[ -~]+$")] = "12345678"  # noqa: S105
    """Password of the access point, which the face shows and the voice says; the default is that of
    mycroft-wifi-setup."""
    open: bool = False
    """Whether the access point has no password, for radios that can open none with a password."""
    setup_at_boot: bool = True
    """Whether a device that is in no network after its start begins a setup by itself, or gives a hint if it knows
    a network."""

    def __post_init__(self) -> None:
        """Raises ValueError on an SSID that no access point can have."""
        if len(self.ssid.encode(errors="replace")) > MAX_SSID:
            raise ValueError(f"ssid has more than {MAX_SSID} bytes in UTF-8")

    @property
    def hotspot(self) -> Hotspot:
        """The access point."""
        return Hotspot(self.ssid, None if self.open else self.password)


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """The section `admin` of mycroft.conf."""

    wifi: WifiSettings = field(default_factory=WifiSettings)
