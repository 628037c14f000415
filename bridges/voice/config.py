"""The section `voice` of mycroft.conf."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bridges.urls import is_loopback, parts_of
from bus.errors import ConfigError

NOT_CONFIGURED = (
    "not configured: voice.peripheral_api or voice.event_uri in /etc/mycroft/mycroft.conf names the satellite; "
    "see voice-satellites.md"
)


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """The section `voice`."""

    peripheral_api: str | None = None
    """Address of the peripheral API of linux-voice-assistant: "ws://127.0.0.1:6055"."""
    event_uri: str | None = None
    """Where wyoming-satellite sends its events, as its --event-uri says: "tcp://127.0.0.1:10500"."""
    wake_uri: str | None = None
    """Where wyoming-satellite sends the sound for the wake word, as its --wake-uri says: "tcp://127.0.0.1:10401"."""
    wake_service: str | None = None
    """Address of the wake word service: "tcp://127.0.0.1:10400"; without it only the button wakes a satellite."""


class LocalAddress(NamedTuple):
    """A port of this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Wyoming(NamedTuple):
    """Where the services for a wyoming-satellite are."""

    events: LocalAddress
    wake: LocalAddress | None
    wake_service: LocalAddress | None


def satellite_of(settings: VoiceSettings, place: Callable[[str], str] = str) -> LocalAddress | Wyoming | None:
    """The peripheral API of the settings, or the services for a wyoming-satellite; None without both.

    Raises ConfigError.
    """

    def address(key: str, scheme: str) -> LocalAddress | None:
        value: str | None = getattr(settings, key)
        return None if value is None else _address(value, scheme, place(f"voice.{key}"))

    api, events = address("peripheral_api", "ws"), address("event_uri", "tcp")
    wake, service = address("wake_uri", "tcp"), address("wake_service", "tcp")
    if api and events:
        raise ConfigError(
            f"{place('voice.event_uri')}: a device has one satellite, and there is voice.peripheral_api"
        )
    if wake and not events:
        raise ConfigError(f"{place('voice.wake_uri')}: needs voice.event_uri")
    if service and not wake:
        raise ConfigError(f"{place('voice.wake_service')}: needs voice.wake_uri")
    if wake and wake in (events, service):
        raise ConfigError(f"{place('voice.wake_uri')}: {wake} is used twice")
    return Wyoming(events, wake, service) if events else api


def _address(value: str, scheme: str, place: str) -> LocalAddress:
    """An address of this machine: neither protocol authenticates its peer or encrypts. Raises ConfigError."""
    parts, port = parts_of(value, place)
    host = parts.hostname or ""
    if parts.scheme != scheme or not port or value.rstrip("/") != f"{scheme}://{parts.netloc}" or "@" in value:
        raise ConfigError(f"{place}: expected {scheme}://127.0.0.1:PORT")
    if not is_loopback(host):
        raise ConfigError(f"{place}: {host} is not this machine; the satellite has to run on it, too")
    return LocalAddress("127.0.0.1" if host == "localhost" else host, port)
