"""What is wrong with a profile whose values all have their types. Pure."""

import re
from collections import Counter
from collections.abc import Iterator

from enclosure.board import ACTS, ButtonSettings, Profile, SwitchSettings, chips, pins, spi_device

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_MESSAGE = re.compile(r"[A-Za-z0-9_-]+([.:][A-Za-z0-9_-]+)+")

MOST_LEDS = {"attiny": 12, "ktd2026": 1, "respeaker_usb": 12}
"""The LEDs of chips with a fixed number; of an ATtiny, what follows after the LEDs is its fan and its memory."""


def problems(profile: Profile) -> Iterator[str]:
    """Each problem, with its place in the profile."""
    for kind, controls in (
        ("buttons", profile.buttons),
        ("switches", profile.switches),
        ("encoders", profile.encoders),
    ):
        for name in controls:
            if not _NAME.fullmatch(name):
                yield f"{kind}.{name}: a name has letters, digits, _ and - only"
    for name, button in profile.buttons.items():
        for gesture in ("press", "hold", "double"):
            act = getattr(button, gesture)
            if act is not None and act not in ACTS and not _MESSAGE.fullmatch(act):
                yield f"buttons.{name}.{gesture}: {act} is neither a message type nor one of {', '.join(ACTS)}"
    for name in profile.buttons.keys() & profile.switches.keys():
        yield f"buttons.{name} and switches.{name} have the same name"
    for name, encoder in profile.encoders.items():
        if (encoder.a is None) != (encoder.b is None):
            yield f"encoders.{name}: a and b are needed"
    yield from _driver_problems(profile)
    if profile.leds.count > MOST_LEDS.get(profile.leds.kind, profile.leds.count):
        yield f"leds.count: kind {profile.leds.kind} has {MOST_LEDS[profile.leds.kind]} at most"
    if profile.leds.kind == "gpio" and not profile.leds.gpio:
        yield "leds.gpio: kind gpio needs a line"
    if (profile.leds.data_gpio is None) != (profile.leds.clock_gpio is None):
        yield "leds: data_gpio and clock_gpio are needed"
    for number, table in enumerate(profile.detect):
        if not any((table.hat, table.card, table.i2c, table.usb, table.node, table.faceplate)):
            yield f"detect[{number}]: it needs a sign"
        if table.faceplate and profile.serial_port is None:
            yield f"detect[{number}].faceplate: without serial_port there is none"
        if table.register is not None and not table.i2c:
            yield f"detect[{number}].register: it is read only where the addresses of i2c answer; name them"
    uses = list(_uses(profile))
    for what, count in Counter(what for what, _ in uses).items():
        if count > 1:
            yield f"{what} is used twice: {' and '.join(place for used, place in uses if used == what)}"


def _uses(profile: Profile) -> Iterator[tuple[str, str]]:
    """What only one part can have, and where in the profile."""
    for pin, place in (*pins(profile), *_bus_pins(profile)):
        yield f"GPIO{pin}", place
    for chip in chips(profile):
        yield f"address 0x{chip.address:02x} of I2C bus {chip.bus}", f"{chip.part}.address"
    keys: dict[str, ButtonSettings | SwitchSettings] = {**profile.buttons, **profile.switches}
    for name, control in keys.items():
        if control.key is not None:
            yield f"key {control.key} of {control.device or 'an overlay'}", name
    for name, knob in profile.encoders.items():
        if knob.axis is not None:
            yield f"axis {knob.axis} of {knob.device or 'an overlay'}", name


def _driver_problems(profile: Profile) -> Iterator[str]:
    """Controls that the driver could not read: evdev reads keys and axes, the others read lines."""
    controls = {
        **{f"buttons.{name}": (button.gpio, button.key, "key") for name, button in profile.buttons.items()},
        **{f"switches.{name}": (switch.gpio, switch.key, "key") for name, switch in profile.switches.items()},
        **{f"encoders.{name}": (knob.a, knob.axis, "axis") for name, knob in profile.encoders.items()},
    }
    for place, (line, code, kind) in controls.items():
        if profile.driver == "evdev" and line is not None and code is None:
            yield f"{place}: driver evdev needs its {kind}"
        if profile.driver != "evdev" and line is None and code is not None:
            yield f"{place}.{kind}: it is for driver evdev; {profile.driver} needs a line"


def _bus_pins(profile: Profile) -> Iterator[tuple[int, str]]:
    """Lines of the header that the kernel's drivers of the buses have."""
    if (spi_device(profile) or "").startswith("/dev/spidev0."):
        yield from ((pin, "leds.device (SPI)") for pin in (7, 8, 9, 10, 11))
    if any(chip.bus == 1 for chip in chips(profile)):
        yield from ((pin, "I2C bus 1") for pin in (2, 3))
    if profile.serial_port in ("/dev/ttyAMA0", "/dev/ttyS0", "/dev/serial0"):
        yield from ((pin, "serial_port") for pin in (14, 15))
