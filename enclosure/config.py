"""What an enclosure is made of: a profile for the board, and what mycroft.conf says of this one."""

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import Annotated, Literal

import msgspec

from bus.errors import ConfigError

Press = Literal["auto", "stop", "listen"]
"""What a press of the button is: "auto" is a stop while something goes on, and else a listen."""

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]

_PROFILES = resources.files("enclosure") / "profiles"


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of board; each is a file in `enclosure/profiles`."""

    mixer_controls: tuple[str, ...]
    """Names of ALSA mixer controls; the first that the card has is used."""
    volume_max: int
    """Percent of the mixer that the full volume means."""
    serial_port: str | None = None
    """That of the faceplate; a board without one has no face."""
    serial_rate: int = 9600
    press: Press = "auto"
    boot_timeout_s: float = 120.0
    """How long the face shows at most that the voice assistant is still starting."""


class VolumeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`enclosure.volume`; levels are percent of the loudest that the device is meant for."""

    start: Percent | None = None
    """The level of the first start, and the highest one of any other; without it they start as loud as before."""
    max: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    """Percent of the mixer that the full volume means; that of the profile without it."""
    duck: Percent = 30
    """The level while somebody asks for a lowered volume; OVOS' listener has the same one."""
    duck_while_recording: bool = False
    """Whether to lower it while somebody speaks; OVOS' listener may do so itself (`listener.fake_barge_in`)."""
    control: str | None = None
    """Name of the ALSA mixer control; the first of the profile's that the card has without it."""


@dataclass(frozen=True, slots=True)
class EnclosureSettings:
    """The section `enclosure` of mycroft.conf; what is not given there comes from the profile."""

    platform: str = "mycroft_mark_1"
    """The profile; the name that mycroft-core has for it."""
    port: str | None = None
    """The faceplate's serial port."""
    rate: int | None = None
    """Its speed in baud."""
    mixer: str = "default"
    """The ALSA device whose mixer is used."""
    volume: VolumeSettings = field(default_factory=VolumeSettings)
    # What mycroft-core has here besides; accepted, and without a meaning for us.
    timeout: float | None = None
    update: bool | None = None
    test: bool | None = None


def profile_names() -> list[str]:
    """The profiles there are."""
    return sorted(file.name.removesuffix(".toml") for file in _PROFILES.iterdir() if file.name.endswith(".toml"))


def load_profile(name: str) -> Profile:
    """The profile of this name. Raises ConfigError."""
    if name not in profile_names():
        raise ConfigError(f"enclosure.platform: there is no {name}; there are: {', '.join(profile_names())}")
    return msgspec.convert(tomllib.loads((_PROFILES / f"{name}.toml").read_text()), Profile)
