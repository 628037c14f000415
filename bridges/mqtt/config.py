"""The section `mqtt` of mycroft.conf, and the secret that belongs to it."""

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bridges.urls import is_loopback, parts_of
from bus.errors import ConfigError

PORT, TLS_PORT = 1883, 8883

CREDENTIAL = "mqtt-password"
"""Name of the password among the credentials that systemd gives the unit (systemd.exec(5), LoadCredential=)."""

MAX_SECRET = 1024
"""Bytes of a password file."""

NOT_CONFIGURED = "not configured: mqtt.broker in /etc/mycroft/mycroft.conf names the broker; see home-assistant.md"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The section `mqtt`."""

    broker: str | None = None
    """Address of the broker: mqtts://HOST:PORT; mqtt://HOST:PORT on this machine. Without it the bridge is off."""
    username: Name | None = None
    """User at the broker; the id of the device is the best choice."""
    password_file: str | None = None
    """File with the password, which only its owner may read; without it /etc/mycroft/mqtt-password, which systemd
    reads."""
    ca_file: str | None = None
    """File with the certificates, in PEM format, that sign the broker's; without it those of the system."""
    id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = None
    """Id of the device in all topics; without it one made from the MAC address."""
    name: Name | None = None
    """Name of the device; without it that of the machine."""
    control: Literal["device", "full"] = "device"
    """Whether the broker may only use the device, or also restart, switch off and update it."""
    discovery_prefix: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_/-]{1,64}$")] = "homeassistant"
    """Where Home Assistant looks for devices."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Address of the broker, and the credentials for it."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def broker_of(
    settings: MqttSettings, environment: Mapping[str, str], place: Callable[[str], str] = str
) -> Broker | None:
    """The broker of the settings; None without one. Raises ConfigError."""
    if settings.broker is None:
        return None
    where = place("mqtt.broker")
    parts, port = parts_of(settings.broker, where)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path not in ("", "/") or port == 0:
        raise ConfigError(f"{where}: expected mqtts://HOST or mqtts://HOST:PORT")
    if "@" in parts.netloc:
        raise ConfigError(f"{where}: no user name and no password here: see mqtt.username and mqtt.password_file")
    tls = parts.scheme == "mqtts"
    if not tls and not is_loopback(parts.hostname):
        raise ConfigError(f"{where}: mqtt:// is for a broker on this machine; {parts.hostname} needs mqtts://")
    return Broker(
        parts.hostname,
        port or (TLS_PORT if tls else PORT),
        tls,
        settings.username,
        _password(settings, environment, place) if settings.username else None,
        settings.ca_file,
    )


def _password(settings: MqttSettings, environment: Mapping[str, str], place: Callable[[str], str]) -> str | None:
    """The password from its file, or from systemd. Raises ConfigError."""
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    if settings.password_file is not None:
        path = Path(settings.password_file)
    elif credentials is not None:
        path = Path(credentials) / CREDENTIAL
    else:
        return None
    where = f"{place('mqtt.password_file')}: {path}" if settings.password_file else str(path)
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            secret = file.read(MAX_SECRET + 1)
    except FileNotFoundError:
        if settings.password_file is None:
            return None
        raise ConfigError(f"{where}: there is no such file") from None
    except OSError as error:
        raise ConfigError(f"{where}: {error.strerror}") from error
    if settings.password_file is not None and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{where} can be read by other users: sudo chmod 600 {path}")
    try:
        text = secret.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8") from None
    if len(secret) > MAX_SECRET or "\n" in text or "\0" in text:
        raise ConfigError(f"{where}: expected one line with the password")
    return text or None
