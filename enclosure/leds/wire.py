"""Frames as the bytes of LED chips. Pure."""

from collections.abc import Sequence

from enclosure.leds.looks import Rgb

APA102_SPEED_HZ = 8_000_000

_APA102_FULL = 0xE0 | 31
"""Start of an LED with the chip's own divider at its highest: `dimmed` has made the colours dark enough."""

_ATTINY_LEDS_PER_WRITE = 10
"""An SMBus block has 32 bytes, and an LED three."""

_KTD2026_STEPS = 192
"""Steps of 0.125 mA from 0.125 to 24 mA."""
_KTD2026_CONTROL, _KTD2026_CHANNELS, _KTD2026_CURRENT = 0x00, 0x04, 0x06
_KTD2026_AWAKE = 0x00
"""Numbers of registers and values, as in the kernel's driver leds-ktd202x. They cannot be read back."""


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


def ktd2026(colour: Rgb) -> list[tuple[int, int]]:
    """A colour for a KTD2026 with red, green and blue on its channels: writes of a register and its value."""
    currents = [round(part * _KTD2026_STEPS / 255) for part in colour]
    channels = sum((current > 0) << 2 * channel for channel, current in enumerate(currents))
    return [
        (_KTD2026_CONTROL, _KTD2026_AWAKE),
        *((_KTD2026_CURRENT + channel, max(current - 1, 0)) for channel, current in enumerate(currents)),
        (_KTD2026_CHANNELS, channels),
    ]


def respeaker_usb(frame: Sequence[Rgb]) -> bytes:
    """A frame for the ring of a ReSpeaker USB Mic Array: red, green, blue and an unused byte of each LED."""
    return b"".join(bytes((*colour, 0)) for colour in frame)


def ws2812_pio(frame: Sequence[Rgb]) -> bytes:
    """A frame for the kernel's driver ws2812-pio-rp1: red, green, blue and white of each LED.

    The driver corrects colours for the eye, by (value / 255) ** (1 / 0.45). This is the inverse, so that an LED is
    as bright as one of another kind.
    """
    return b"".join(bytes((*(round(255 * (part / 255) ** 0.45) for part in colour), 0)) for colour in frame)
