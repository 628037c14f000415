"""Frames as the bytes of LED chips. Pure."""

from collections.abc import Sequence

from enclosure.leds.looks import Rgb

APA102_SPEED_HZ = 8_000_000

_APA102_FULL = 0xE0 | 31
"""Start of an LED with the chip's own divider at its highest: `dimmed` has made the colours dark enough."""

_ATTINY_LEDS_PER_WRITE = 10
"""An SMBus block has 32 bytes, and an LED three."""


def apa102(frame: Sequence[Rgb]) -> bytes:
    """A frame for APA102 (DotStar) LEDs: a start, blue, green and red of each, and a clock for every two LEDs."""
    leds = b"".join(bytes((_APA102_FULL, b, g, r)) for r, g, b in frame)
    return bytes(4) + leds + bytes([0xFF]) * max(4, (len(frame) + 15) // 16)


def attiny(frame: Sequence[Rgb]) -> list[tuple[int, bytes]]:
    """A frame for the ATtiny of an SJ201 R6: writes of a first LED, and red, green and blue of it and the next."""
    return [
        (first, b"".join(bytes(colour) for colour in frame[first : first + _ATTINY_LEDS_PER_WRITE]))
        for first in range(0, len(frame), _ATTINY_LEDS_PER_WRITE)
    ]
