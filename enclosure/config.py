"""What an enclosure is made of: the profile of its board, and the settings of mycroft.conf."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bus.errors import ConfigError

Press = Literal["auto", "stop", "listen"]
"""What a press of a button does: "auto" stops what goes on, or else starts to listen."""

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]

_PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of board; each one is a file in `enclosure/profiles`."""

    mixer_controls: tuple[str, ...]
    """Names of ALSA mixer controls, of which the first that the card has is used."""
    volume_max: int
    """Full volume, in percent of the mixer."""
    serial_port: str | None = None
    """Serial port of the faceplate; None for a board without one."""
    serial_rate: int = 9600
    buttons: Mapping[str, Press] = field(default_factory=dict)
    """What a press does, by the name that the driver reports for the button."""
    boot_timeout_s: float = 120.0
    """How long the display shows at most that the voice assistant is still starting."""


class VolumeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The object `enclosure.volume`; levels are percent of the loudest that the device is meant for."""

    start: Percent | None = None
    """Level of the first start, and the highest one of later starts; without it those are as loud as before."""
    max: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    """Full volume, in percent of the mixer; the profile's without it."""
    duck: Percent = 30
    """The level while a client asks for a lowered volume; OVOS' listener has the same one."""
    duck_while_recording: bool = False
    """Whether to lower it during a recording; OVOS' listener may do so itself (`listener.fake_barge_in`)."""
    control: str | None = None
    """Name of the ALSA mixer control; without it the first of the profile's that the card has."""


@dataclass(frozen=True, slots=True)
class EnclosureSettings:
    """The section `enclosure` of mycroft.conf; the profile has the defaults."""

    platform: str = "mycroft_mark_1"
    """Name of the profile; the key is mycroft-core's."""
    port: str | None = None
    """Serial port of the faceplate."""
    rate: Annotated[int, msgspec.Meta(ge=50, le=4_000_000)] | None = None
    """Speed of the serial port, in baud."""
    mixer: str = "default"
    """ALSA device whose mixer is used."""
    volume: VolumeSettings = field(default_factory=VolumeSettings)


KEYS_OF_OTHERS: Mapping[str, Collection[object]] = {
    **dict.fromkeys(("timeout", "update", "test", "platform_enclosure_path"), ()),  # mycroft-core
    "platform_build": (),  # the Mark 1's image
    **dict.fromkeys(("idle_display_skill", "idle_skill_overrides", "awconnect_socket_path"), ()),  # the Mark II's
    **dict.fromkeys(("insist_on_selene_pair", "deployment_manager"), ()),
    **dict.fromkeys(("ntp_sync_on_boot", "force_mycroft_ntp"), ()),  # Neon and early OVOS
    # Platforms that mycroft-core, OVOS and Neon know, and for which there is no profile.
    "platform": ("PHAL", "mycroft_mark_2", "mycroft_mark_2pi", "OpenVoiceOS", "kde", "generic", "unknown"),
}
"""Keys of other programs in the section `enclosure`, and values of ours that are for them."""


def profile_names() -> list[str]:
    """Names of all profiles."""
    return sorted(file.name.removesuffix(".toml") for file in _PROFILES.iterdir() if file.name.endswith(".toml"))


def load_profile(name: str) -> Profile:
    """The profile of this name. Raises ConfigError."""
    if name not in profile_names():
        raise ConfigError(f"enclosure.platform: there is no {name}; there are: {', '.join(profile_names())}")
    return msgspec.convert(tomllib.loads((_PROFILES / f"{name}.toml").read_text()), Profile)
