"""What a board needs of the machine: lines of config.txt, devices, libraries. Pure.

The package mycroft-picroft prepares the machine with it, so a board is described in its profile alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from enclosure.board import Profile, chips, pins, spi_device


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be there."""

    config_txt: tuple[str, ...] = ()
    """Lines of config.txt."""
    devices: tuple[str, ...] = ()
    """What the daemon's unit has to allow: values of DeviceAllow in systemd.resource-control(5)."""
    packages: tuple[str, ...] = ()
    """Debian packages of the libraries."""


_WIRES = {
    "gpio": Needs(devices=("char-gpiochip rw", "/dev/gpiomem rw"), packages=("python3-libgpiod",)),
    "i2c": Needs(("dtparam=i2c_arm=on",), ("char-i2c rw",), ("python3-smbus2",)),
    "spi": Needs(("dtparam=spi=on",), ("char-spi rw",)),
    "keys": Needs(devices=("char-input r",)),
    "usb": Needs(devices=("char-usb_device rw",)),
    "ws2812_pio": Needs(devices=("char-ws2812-pio-rp1 rw",)),
}
"""What each kind of wire needs; gpiomem is for RPi.GPIO."""

_OF_LEDS = {"respeaker_usb": "usb", "ws2812_pio": "ws2812_pio"}
"""The wire of each kind of LEDs, but for those on pins, SPI and I2C."""


def needs(profile: Profile | None) -> Needs:
    """What this board needs; all that any may need, if it is not known or its owner names the pins."""
    used = set() if profile is None else set(_wires(profile))
    if not used and (profile is None or profile.serial_port is None):
        used = set(_WIRES)
    found = [wire for name, wire in _WIRES.items() if name in used]
    return Needs(
        (*(line for wire in found for line in wire.config_txt), *(profile.config_txt if profile else ())),
        tuple(device for wire in found for device in wire.devices),
        tuple(package for wire in found for package in wire.packages),
    )


def report(profile: Profile | None) -> str:
    """What this board needs and what its owner should know, a line each, for people and packages to read."""
    found = needs(profile)
    lines = {
        "config.txt": found.config_txt,
        "DeviceAllow": found.devices,
        "package": found.packages,
        "note": profile.missing if profile else (),
    }
    return "".join(f"{name} {value}\n" for name, values in lines.items() for value in values)


def _wires(profile: Profile) -> Iterator[str]:
    if any(pins(profile)):
        yield "gpio"
    if profile.driver == "evdev":
        yield "keys"
    if any(chips(profile)):
        yield "i2c"
    if spi_device(profile):
        yield "spi"
    if profile.leds.kind in _OF_LEDS:
        yield _OF_LEDS[profile.leds.kind]
