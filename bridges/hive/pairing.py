"""The keys of this device and of its hub: made once, by `mycroft-hive pair`, and kept in one file."""

import os
from pathlib import Path
from typing import Annotated

import msgspec

from bridges.hive.noise import KEY
from bus.errors import ConfigError

FILE = "pairing.json"

MAX_FILE = 16 * 1024

_HEX = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{2 * KEY}}}$")]


class Pairing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pairing. All of it but the hub's key and the session is secret."""

    hub: str
    """The address of the hub."""
    access_key: str
    static: _HEX
    """The device's private key; the hub has pinned the public one."""
    hub_key: _HEX
    """The hub's public key."""
    psk: _HEX
    """The pre-shared key that is derived from the password, which is not kept."""
    session_id: str

    def __repr__(self) -> str:
        return f"Pairing({self.hub!r})"


def load(folder: Path, hub: str) -> Pairing:
    """The pairing with this hub. Raises ConfigError."""
    mend = "sudo mycroft-hive pair"
    pairing = read(folder)
    if pairing is None:
        raise ConfigError(f"this device is not paired with {hub}: {mend}")
    if pairing.hub != hub:
        raise ConfigError(f"this device is paired with {pairing.hub}, and not with {hub}: {mend}")
    return pairing


def read(folder: Path) -> Pairing | None:
    """The pairing in the file. Raises ConfigError for one that is damaged, or that other users can read."""
    path = folder / FILE
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MAX_FILE)
        if mode & 0o077:
            raise ConfigError(f"{path} can be read by other users: sudo chmod 600 {path}, or pair again")
        return msgspec.json.decode(content, type=Pairing)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is damaged ({error}): remove it, and sudo mycroft-hive pair") from error


def save(folder: Path, pairing: Pairing) -> None:
    """Writes the pairing in place of the one before, as a whole, for this user alone. Raises ConfigError."""
    new = folder / f".{FILE}"
    try:
        new.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.encode(pairing))
                file.flush()
                os.fsync(file.fileno())
            new.replace(folder / FILE)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}") from error
