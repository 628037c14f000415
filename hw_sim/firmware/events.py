"""What comes out of the faceplate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """One byte left the serial port; its last bit is out at `ms`."""

    ms: float
    byte: int


@dataclass(frozen=True, slots=True)
class Eyes:
    """The 24 eye pixels changed: 0xrrggbb as on the wire (colour x level / 256); 0-11 the `r` eye, 12-23 `l`."""

    ms: float
    pixels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mouth:
    """The mouth changed: 8 rows from the top, 32 bits each, most significant bit leftmost."""

    ms: float
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Speaker:
    """The amplifier was switched."""

    ms: float
    on: bool


@dataclass(frozen=True, slots=True)
class Led:
    """The LED of the board was switched."""

    ms: float
    on: bool


@dataclass(frozen=True, slots=True)
class MouthLevel:
    """The mouth got a brightness of 1 to 16."""

    ms: float
    level: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The program restarts itself."""

    ms: float


Event = Sent | Eyes | Mouth | Speaker | Led | MouthLevel | Reset
