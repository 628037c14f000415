"""What the portal asks the admin service, and its answer. Pure.

Each connection to the unix socket carries one request and one answer, each a line of JSON. The password of a
network is in one request, and in no answer, representation or error.
"""

from enum import StrEnum
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta, Struct

from admin.errors import PortalProtocolError
from admin.wifi.networks import MAX_SSID, PASSWORD_BYTES, Choice, Security
from admin.wifi.outcome import Failure

MAX_REQUEST = 1_000
"""Bytes of a request: the longest password and SSID, escaped, need half of it."""

MAX_NETWORKS = 64

MAX_ANSWER = 16_000
"""Bytes of an answer: each of its networks needs at most 120."""

WAIT_S = 20.0
"""How long a `Look` may wait for a change."""

Ssid = Annotated[bytes, Meta(min_length=1, max_length=MAX_SSID)]


class Phase(StrEnum):
    """Where a setup is."""

    CHOOSING = "choosing"
    """The access point is up, and waits for a choice."""
    TRYING = "trying"
    CONNECTED = "connected"
    OVER = "over"
    """Cancelled, or no phone has used it for long."""


class Nearby(Struct, frozen=True, forbid_unknown_fields=True):
    """A network in range, as the page shows it."""

    ssid: Ssid
    strength: Annotated[int, Meta(ge=0, le=100)]
    security: Security


class Snapshot(Struct, frozen=True, forbid_unknown_fields=True):
    """A setup at one moment."""

    revision: Annotated[int, Meta(ge=1)]
    """Another one whenever anything else here is different."""
    phase: Phase
    access_point: Annotated[str, Meta(max_length=32)]
    """Name of the network of the device itself."""
    networks: Annotated[tuple[Nearby, ...], Meta(max_length=MAX_NETWORKS)] = ()
    """Strongest first, each SSID once, hidden ones left out."""
    tried: Ssid | None = None
    """Network of the last or present attempt."""
    failure: Failure | None = None
    """Why that attempt failed, if it did."""


class Look(Struct, frozen=True, forbid_unknown_fields=True, tag="look"):
    """Asks for the snapshot, once its revision is another than `seen`, or after WAIT_S."""

    seen: int = 0


class Connect(Struct, frozen=True, forbid_unknown_fields=True, tag="connect"):
    """Asks to leave the access point and join a network; answered when that has begun."""

    ssid: Ssid
    password: str = ""
    """Empty: there is none."""
    hidden: bool = False
    """Whether the network does not announce its name."""

    def __post_init__(self) -> None:
        """Raises ValueError on an invalid password."""
        if self.password and not is_password(self.password):
            raise ValueError("invalid password")

    def __repr__(self) -> str:
        return f"Connect(ssid={self.ssid!r}, hidden={self.hidden})"


class Cancel(Struct, frozen=True, forbid_unknown_fields=True, tag="cancel"):
    """Asks to end the setup without a new network."""


Request = Look | Connect | Cancel


class PortalSetup(Protocol):
    """A wifi setup, as the portal needs it."""

    @property
    def snapshot(self) -> Snapshot:
        """What there is to see now."""

    async def changed(self, seen: int) -> None:
        """Returns as soon as the snapshot has another revision than `seen`."""

    async def connect(self, choice: Choice) -> None:
        """Begins an attempt and returns when the snapshot shows it; does nothing outside of Phase.CHOOSING."""

    async def cancel(self) -> None:
        """Ends the setup, and an attempt that is under way; returns when the snapshot shows it."""


def is_password(text: str) -> bool:
    """Whether a text can be the password of a network."""
    has_control = any(character < " " or character == "\x7f" for character in text)
    return not has_control and len(text.encode(errors="replace")) in PASSWORD_BYTES


def encode(line: Request | Snapshot) -> bytes:
    """A request or an answer as a line."""
    return msgspec.json.encode(line) + b"\n"


def decode_request(line: bytes) -> Request:
    """Raises PortalProtocolError, which quotes nothing of the line."""
    try:
        return _REQUESTS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PortalProtocolError("invalid request") from None


def decode_answer(line: bytes) -> Snapshot:
    """Raises PortalProtocolError."""
    try:
        return _ANSWERS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PortalProtocolError(f"invalid answer: {error}") from error


_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Look | Connect | Cancel)
_ANSWERS = msgspec.json.Decoder(Snapshot)
