"""What the profile says is on pins and buses: whether it is there, and who else has it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from enclosure.board import Profile, pins
from enclosure.doctor.finding import Finding, fail, ok, skip
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.errors import BoardError

PINS, BUSES = "pins", "buses"

CONFIG = "/boot/firmware/config.txt"


async def check(patient: Patient) -> list[Finding]:
    """Nothing for a board without pins, such as a Mark 1."""
    profile = patient.setup.profile
    findings = []
    if used := {pin: place for pin, place in pins(profile) if profile.driver == "gpiod"}:
        findings.append(_pins(used))
    buses = list(_buses(profile, patient.root))
    if buses:
        findings.append(next((bus for bus in buses if bus.mend), buses[0]))
    return findings


def _pins(used: Mapping[int, str]) -> Finding:
    try:
        from enclosure.drivers.gpiod import CONSUMER, consumers  # noqa: PLC0415  # to report that it is missing
    except ImportError as error:
        return fail(PINS, str(error), "sudo apt install python3-libgpiod")
    try:
        others = {pin: name for pin, name in consumers(list(used)).items() if name != CONSUMER}
    except BoardError as error:
        if isinstance(error.__cause__, PermissionError):
            return skip(PINS, str(error.strerror), AS_ROOT)
        return fail(PINS, str(error.strerror), "is this the board of enclosure.platform in mycroft.conf?")
    return pins_of(used, others)


def pins_of(used: Mapping[int, str], others: Mapping[int, str]) -> Finding:
    """Whether the lines of the board are free, or ours; `others` have some."""
    if not others:
        return ok(PINS, f"{', '.join(f'GPIO{pin}' for pin in used)}: free, or used by the enclosure")
    found = ", ".join(f"GPIO{pin} ({used[pin]}) is taken by {name}" for pin, name in others.items())
    return fail(PINS, found, f"stop that program, or take its overlay out of {CONFIG}")


def _buses(profile: Profile, root: Path) -> Iterator[Finding]:
    chips = [("leds", profile.leds.bus, profile.leds.address)] if profile.leds.kind == "attiny" else []
    if profile.amplifier.kind != "none":
        chips.append(("amplifier", profile.amplifier.bus, profile.amplifier.address))
    for part, bus, address in chips:
        yield i2c(part, bus, address, root)
    if profile.leds.kind == "apa102":
        yield spi(profile.leds.device, root)


def i2c(part: str, bus: int, address: int, root: Path) -> Finding:
    """Whether an I2C bus is there, and no kernel driver has the address. Nothing is sent to the chip."""
    if not (root / f"dev/i2c-{bus}").exists():
        mend = f"dtparam=i2c_arm=on in {CONFIG}, i2c-dev in /etc/modules, and a restart"
        return fail(BUSES, f"{part}: there is no I2C bus {bus}", mend)
    chip = root / f"sys/bus/i2c/devices/{bus}-{address:04x}"
    if (chip / "driver").exists():
        name = (chip / "name").read_text().strip()
        mend = f"is this the board of enclosure.platform in mycroft.conf? An overlay in {CONFIG} has made {name}"
        return fail(
            BUSES, f"{part}: the kernel's driver {name} has address 0x{address:02x} of I2C bus {bus}", mend
        )
    return ok(BUSES, f"{part}: I2C bus {bus}, address 0x{address:02x} is free for the enclosure")


def spi(device: str, root: Path) -> Finding:
    """Whether an SPI device is there."""
    if not (root / device.removeprefix(os.sep)).exists():
        return fail(BUSES, f"leds: there is no {device}", f"dtparam=spi=on in {CONFIG}, and a restart")
    return ok(BUSES, f"leds: {device} is there")
