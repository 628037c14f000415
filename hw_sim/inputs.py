"""What the page may ask for: one JSON object each, checked. Pure."""

from typing import Annotated, Any

import msgspec

MAX_DETENTS = 100
"""Detents of one turn, either way."""

Detents = Annotated[int, msgspec.Meta(ge=-MAX_DETENTS, le=MAX_DETENTS)]


class _Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    """A request of the page."""


class Push(_Input, frozen=True, tag="push"):
    """Pushes a button, and leaves it down."""

    name: str


class Release(_Input, frozen=True, tag="release"):
    """Lets go of a button."""

    name: str


class Turn(_Input, frozen=True, tag="turn"):
    """Turns an encoder, to louder for a positive number."""

    name: str
    detents: Detents = 1


class Slide(_Input, frozen=True, tag="slide"):
    """Moves a switch."""

    name: str
    muted: bool


class SwitchFault(_Input, frozen=True, tag="fault"):
    """Switches a fault on or off."""

    name: str
    on: bool = True


class Play(_Input, frozen=True, tag="play"):
    """Plays a scene, in place of one that plays; an empty name stops it."""

    scene: str = ""


class Check(_Input, frozen=True, tag="check"):
    """Asks what is wrong with a message, without sending it."""

    type: str
    data: dict[str, Any]


class Send(_Input, frozen=True, tag="send"):
    """Sends a message."""

    type: str
    data: dict[str, Any]


Hand = Push | Release | Turn | Slide
"""What a hand does to the board."""

Input = Hand | SwitchFault | Play | Check | Send

_decode = msgspec.json.Decoder(Input).decode


def decode(frame: str | bytes) -> Input:
    """The request in a frame. Raises ValueError for anything else."""
    try:
        wanted: Input = _decode(frame)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    return wanted
