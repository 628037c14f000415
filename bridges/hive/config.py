"""The section `hive` of mycroft.conf."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from bridges.hive.mapping import Rights, refusal
from bridges.urls import parts_of
from bus.contract.patterns import Patterns
from bus.errors import ConfigError, PayloadError

PORT = 5678
"""The port of hivemind-core."""

NOT_CONFIGURED = "not configured: hive.hub in /etc/mycroft/mycroft.conf names the hub; see hivemind.md"

INCOMPLETE = (
    "a package is missing: sudo apt install python3-argon2 python3-nacl, or pip install mycroft-enclosure[hive]"
)

UP = (
    "recognizer_loop:utterance",
    "recognizer_loop:wakeword",
    "recognizer_loop:record_begin",
    "recognizer_loop:record_end",
    "recognizer_loop:audio_output_start",
    "recognizer_loop:audio_output_end",
    "mycroft.stop",
    "mycroft.volume.get.response",
    "enclosure.faceplate.state",
)
"""Types that the hub receives unasked; answers to its requests need no row."""

DOWN = (
    "speak",
    "mycroft.stop",
    "mycroft.volume.*",
    "mycroft.mic.*",
    "enclosure.*",
    "hive.query.timeout",
)
"""Requests and reports that the hub may send to the device."""

Pattern = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.:_*-]{1,100}$")]


@dataclass(frozen=True, slots=True)
class HiveSettings:
    """The hub, and what passes between it and the bus."""

    hub: str | None = None
    """Address of the hub: ws://HOST or wss://HOST, with :PORT unless that is 5678. Without it the bridge is
    off."""
    ca_file: str | None = None
    """File with the certificates, in PEM format, that sign the hub's; without it those of the system. For wss://
    only."""
    site: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    """Name of the room of the device; a message to all devices of a room is for those with its name."""
    up: tuple[Pattern, ...] = UP
    """Types of the bus that the hub receives; * stands for any characters."""
    down: tuple[Pattern, ...] = DOWN
    """Types that the hub may send to the bus. Requests to the admin service are never among them."""
    obey_satellites: bool = False
    """Whether to obey requests that other satellites send to all devices of this room, as those of the hub."""
    share_bus: bool = False
    """Whether the hub receives a copy of each message on the bus."""


@dataclass(frozen=True, slots=True)
class Hub:
    """Where the hub is."""

    url: str
    """ "ws://HOST:PORT", without a path."""
    ca_file: str | None = None

    @property
    def tls(self) -> bool:
        """Whether the connection has TLS, besides the encryption that each connection to a hub has."""
        return self.url.startswith("wss:")

    def __str__(self) -> str:
        return self.url


def hub_of(settings: HiveSettings, place: Callable[[str], str] = str) -> Hub | None:
    """The hub of the settings; None without one. Raises ConfigError."""
    if settings.hub is None:
        return None
    where = place("hive.hub")
    parts, port = parts_of(settings.hub, where)
    plain = parts.scheme in ("ws", "wss") and parts.path in ("", "/") and not parts.query
    if not plain or not parts.hostname or port == 0 or "@" in parts.netloc:
        raise ConfigError(f"{where}: expected ws://HOST or wss://HOST, with or without :PORT")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Hub(f"{parts.scheme}://{host}:{port or PORT}", settings.ca_file)


def rights_of(settings: HiveSettings, place: Callable[[str], str] = str) -> Rights:
    """What passes between hub and bus. Raises ConfigError."""
    for msg_type in settings.down:
        if "*" not in msg_type and (reason := refusal(msg_type)):
            raise ConfigError(f"{place('hive.down')}: {msg_type}: {reason}")
    for patterns, key in ((settings.up, "hive.up"), (settings.down, "hive.down")):
        try:
            Patterns(patterns)
        except PayloadError as error:
            raise ConfigError(f"{place(key)}: {error}") from error
    return Rights(
        settings.up,
        settings.down,
        settings.site,
        obey_satellites=settings.obey_satellites,
        share_bus=settings.share_bus,
    )
