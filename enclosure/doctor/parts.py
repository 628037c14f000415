"""What the doctor needs to know of a board's lines and chips. Pure."""

from collections.abc import Mapping

from enclosure.board import Profile, pins

SAFE_REGISTERS = {"attiny": 0xF4, "tas5806": 0x68}
"""Register of each kind of chip that is safe to read; no other kind is known to have one.

That of the Mark II's ATtiny reads as its own number (hardware-mycroft-mark-II, attiny), that of the TAS5806 as its
power state.
"""


def gpiod_lines(profile: Profile) -> Mapping[int, str]:
    """Lines that the daemon takes itself, and where in the profile each is named."""
    controls = ("buttons.", "switches.", "encoders.")
    by_kernel = controls if profile.driver == "evdev" else ()
    return {pin: place for pin, place in pins(profile) if not place.startswith(by_kernel)}
