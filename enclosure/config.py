"""What an enclosure is made of: the profile of its board, and the settings of mycroft.conf."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import msgspec

from bus.daemon.config import Place, convert, hint, merged
from bus.errors import ConfigError
from enclosure.board import (
    AmplifierSettings,
    Baud,
    ButtonSettings,
    DetectSettings,
    EncoderSettings,
    LedSettings,
    Profile,
    SwitchSettings,
)
from enclosure.problems import problems

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]

_PROFILES = Path(__file__).parent / "profiles"

OWN_PROFILES = Path("/etc/mycroft/boards.d")
"""Profiles of the owner; one with the name of ours is used in its place."""

AUTO = "auto"
"""The platform of which `enclosure.auto` finds out the profile."""

_TABLES = {"buttons": ButtonSettings, "switches": SwitchSettings, "encoders": EncoderSettings}


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
    """Serial port of the faceplate; the profile's without it."""
    rate: Baud | None = None
    """Speed of the serial port, in baud; the profile's without it."""
    mixer: str = "default"
    """ALSA device whose mixer is used."""
    volume: VolumeSettings = field(default_factory=VolumeSettings)
    board: dict[str, Any] | None = None
    """Values in place of those of the profile, such as {"buttons": {"talk": {"gpio": 17}}}."""


KEYS_OF_OTHERS: Mapping[str, Collection[object]] = {
    **dict.fromkeys(("timeout", "update", "test", "platform_enclosure_path"), ()),  # mycroft-core
    "platform_build": (),  # the Mark 1's image
    **dict.fromkeys(("idle_display_skill", "idle_skill_overrides", "awconnect_socket_path"), ()),  # the Mark II's
    **dict.fromkeys(("insist_on_selene_pair", "deployment_manager"), ()),
    **dict.fromkeys(("ntp_sync_on_boot", "force_mycroft_ntp"), ()),  # Neon and early OVOS
    # Platforms that mycroft-core, OVOS and Neon know, and for which there is no profile.
    "platform": ("PHAL", "mycroft_mark_2", "mycroft_mark_2pi", "OpenVoiceOS", "kde", "unknown"),
}
"""Keys of other programs in the section `enclosure`, and values of ours that are for them."""


def profile_names(own: Path = OWN_PROFILES) -> list[str]:
    """Names of all profiles."""
    files = (*_PROFILES.iterdir(), *_files(own))
    return sorted({file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")})


def own_profile_names(own: Path = OWN_PROFILES) -> list[str]:
    """Names of the owner's profiles."""
    return [file.name.removesuffix(".toml") for file in _files(own) if file.name.endswith(".toml")]


def load_profiles(own: Path = OWN_PROFILES) -> dict[str, Profile]:
    """All profiles by name. Raises ConfigError."""
    return {name: load_profile(name, own=own) for name in profile_names(own)}


def load_profile(
    name: str, changes: Mapping[str, Any] | None = None, own: Path = OWN_PROFILES, place: Place = str
) -> Profile:
    """The profile of this name, with the values of `enclosure.board` in place of its own. Raises ConfigError.

    `place` tells where a key of the configuration is set.
    """
    if name not in profile_names(own):
        known = ", ".join((AUTO, *profile_names(own)))
        raise ConfigError(f"{place('enclosure.platform')}: there is no {name}; there are: {known}")
    path = own / f"{name}.toml"
    file = path if path in _files(own) else _PROFILES / f"{name}.toml"
    values = _toml(file)
    profile = _profile(values, str(file), lambda key: f"{file}: {key}")
    if not changes:
        return profile
    board = "enclosure.board"
    return _profile(merged(values, changes), place(board), lambda key: place(f"{board}.{key}"))


def _toml(file: Path) -> dict[str, Any]:
    """The values in a file. Raises ConfigError."""
    if not file.is_file():  # a pipe would block
        raise ConfigError(f"{file}: it is no file")
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, no text, a number of 5,000 digits, tables 1,000 deep
        raise ConfigError(f"{file}: {error}") from error


def _profile(values: Mapping[str, Any], where: str, place: Place) -> Profile:
    known = {field.name for field in fields(Profile)}
    for key in values.keys() - known:
        raise ConfigError(f"{place(key)}: unknown key{hint(key, known)}")
    read = dict(values)
    for name, kind in _TABLES.items():
        tables = values.get(name, {})
        if not isinstance(tables, Mapping):
            raise ConfigError(f"{place(name)}: expected a table for each")
        read[name] = {key: convert(table, kind, f"{name}.{key}", place) for key, table in tables.items()}
    for name, kind in (("leds", LedSettings), ("amplifier", AmplifierSettings)):
        read[name] = convert(values.get(name, {}), kind, name, place)
    tables = values.get("detect", [])
    if not isinstance(tables, list):
        raise ConfigError(f"{place('detect')}: expected [[detect]], with two brackets")
    read["detect"] = [
        convert(table, DetectSettings, f"detect[{number}]", place) for number, table in enumerate(tables)
    ]
    profile = convert(read, Profile, "", place)
    for problem in problems(profile):
        raise ConfigError(f"{where}: {problem}")
    return profile


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # there is none, or this user may not read it
        return []
