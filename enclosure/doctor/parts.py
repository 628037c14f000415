"""What the profile of a board says is on lines and buses. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from enclosure.board import Profile, pins


class Chip(NamedTuple):
    """A chip on an I2C bus."""

    part: str
    bus: int
    address: int
    register: int | None
    """One that is safe to read; None where none is known to be."""


ATTINY_SIGNATURE = 0xF4
"""Register of the Mark II's ATtiny that reads as its own number (hardware-mycroft-mark-II, attiny)."""
TAS5806_STATE = 0x68
"""Register of the TAS5806 with its power state."""


def gpiod_lines(profile: Profile) -> Mapping[int, str]:
    """Lines that the daemon takes itself, and where in the profile each is named."""
    controls = ("buttons.", "switches.", "encoders.")
    by_kernel = controls if profile.driver == "evdev" else ()
    return {pin: place for pin, place in pins(profile) if not place.startswith(by_kernel)}


def i2c_chips(profile: Profile) -> list[Chip]:
    """The chips on I2C."""
    chips = []
    if profile.leds.kind == "attiny":
        chips.append(Chip("leds", profile.leds.bus, profile.leds.address, ATTINY_SIGNATURE))
    if profile.leds.kind == "ktd2026":
        chips.append(Chip("leds", profile.leds.bus, profile.leds.address, None))
    if profile.amplifier.kind == "tas5806":
        chips.append(Chip("amplifier", profile.amplifier.bus, profile.amplifier.address, TAS5806_STATE))
    return chips


def spi_device(profile: Profile) -> str | None:
    """The SPI device of the LEDs; None where they are on none."""
    return profile.leds.device if profile.leds.kind == "apa102" and profile.leds.data_gpio is None else None
