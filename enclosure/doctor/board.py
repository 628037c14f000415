"""What the profile says is on lines and buses: whether it is there, free, and open to the daemon."""

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from enclosure.board import Chip, chips, spi_device
from enclosure.detect.evidence import look
from enclosure.detect.verdict import judge
from enclosure.doctor.access import refused
from enclosure.doctor.boot_files import add, boot_file, effective
from enclosure.doctor.files import read
from enclosure.doctor.finding import Finding, by_hand, fail, ok, skip, warn
from enclosure.doctor.parts import SAFE_REGISTERS, gpiod_lines
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.doctor.processes import Process, process
from enclosure.drivers.evdev import Source, find
from enclosure.errors import BoardError
from enclosure.parts import input_sources

KIND, LINES, I2C, SPI, INPUTS, MISSING = "kind of board", "GPIO lines", "I2C", "SPI", "inputs", "left to you"

OTHER_BOARD = (
    "seat the board again while the device has no power, or name the one that it is as enclosure.platform in "
    "/etc/mycroft/mycroft.conf"
)

NO_OVERLAY = "take the overlay that gives it to the kernel out of config.txt, and restart the device"

NO_PI = "use the profile on a Raspberry Pi, or name another one as enclosure.platform in /etc/mycroft/mycroft.conf"
NO_CHIP = f"{NO_PI}; if this is one, report the names that `gpiodetect` prints (sudo apt install gpiod)"

LINE_REQUEST = "anon_inode:gpio-line"
"""What a program's descriptor of its lines is, as /proc shows it (the kernel's gpiolib-cdev.c)."""


async def check(patient: Patient) -> list[Finding]:
    """Nothing for a board without lines and buses, such as a Mark 1."""
    profile = patient.setup.profile
    findings = [kind(patient)] if patient.setup.boards else []
    if lines := gpiod_lines(profile):
        findings.append(gpio(lines, patient))
    if profile.driver == "evdev" and (sources := input_sources(profile)):
        findings.append(inputs(sources, patient))
    if found := [i2c(chip, patient) for chip in chips(profile)]:
        findings.append(next((finding for finding in found if finding.mend), found[0]))
    if device := spi_device(profile):
        findings.append(spi(device, patient))
    if profile.missing:
        findings.append(skip(MISSING, " ".join(profile.missing)))
    return findings


def kind(patient: Patient) -> Finding:
    """Whether the signs of another board than the configured one are seen. Nothing is written to any chip.

    A USB device may be plugged into any board, and boards without a profile may have the same signs: neither says
    which board it is.
    """
    boards, name = patient.setup.boards, patient.setup.platform
    verdict = judge({name: profile.detect for name, profile in boards.items()}, look(boards, patient.root).seen)
    others = [candidate for candidate in verdict.candidates if not (candidate.is_usb or candidate.alike)]
    seen = [candidate.platform for candidate in others]
    if not others or name in seen or name not in boards:
        return ok(KIND, f"no sign of another board than {name}")
    signs = ", ".join(sorted(others[0].seen))
    found = f"this is {' or '.join(seen)} ({signs}), and it is configured as {name}"
    mend = f"name it as enclosure.platform in /etc/mycroft/mycroft.conf: {' or '.join(seen)}"
    return by_hand(warn(KIND, found, mend))


def gpio(lines: Mapping[int, str], patient: Patient) -> Finding:
    """Whether the chip is there, and its lines are free or ours; `lines` has the place of each in the profile."""
    try:
        from enclosure.drivers import gpiod  # noqa: PLC0415  # to report that the library is missing
    except ImportError as error:
        if find_spec("RPi") is not None:
            return skip(LINES, "not checked: RPi.GPIO does not tell which program has a line")
        return fail(LINES, f"the library for GPIO is missing: {error}", "sudo apt install python3-libgpiod")
    try:
        chip = Path(gpiod.chip_path())
        others = {line: name for line, name in gpiod.consumers(list(lines)).items() if name != gpiod.CONSUMER}
    except BoardError as error:
        if isinstance(error.__cause__, PermissionError):
            return skip(LINES, f"not checked: {error.strerror}", AS_ROOT)
        return by_hand(fail(LINES, str(error.strerror), NO_CHIP))
    if others:
        found = ", ".join(f"GPIO{line} ({lines[line]}) is taken by {name}" for line, name in others.items())
        return _taken(found, holders(others, chip, patient.proc), patient)
    free = ok(LINES, f"{', '.join(f'GPIO{line}' for line in lines)}: free, or used by the enclosure")
    return refused(LINES, chip, "gpio", patient) or free


def _taken(found: str, programs: Collection[Process], patient: Patient) -> Finding:
    if programs:
        stops = dict.fromkeys(program.stop for program in programs)
        return fail(LINES, f"{found}: {', '.join(map(str, programs))}", " && ".join(stops))
    if patient.user.uid:
        return fail(LINES, f"{found}; only root can see which program that is", AS_ROOT)
    return by_hand(fail(LINES, f"{found}, and by no program", NO_OVERLAY))


def holders(lines: Collection[int], chip: Path, proc: Path) -> list[Process]:
    """The programs that have lines of a chip; of those of other users only root sees it."""
    found = []
    for folder in sorted(proc.glob("[0-9]*")):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if any(_has_line(information, lines, chip) for information in _requests(folder)):
                found.append(process(int(folder.name), proc))
    return found


def _requests(folder: Path) -> Iterator[str]:
    """What /proc says of each descriptor of lines that a process has. Raises OSError."""
    for descriptor in (folder / "fd").iterdir():
        if str(descriptor.readlink()) == LINE_REQUEST:
            yield (folder / "fdinfo" / descriptor.name).read_text()


def _has_line(information: str, lines: Collection[int], chip: Path) -> bool:
    its_lines = {int(line) for line in re.findall(r"^gpio-line:\s*(\d+)$", information, re.MULTILINE)}
    return bool(re.search(rf"^gpio-chip:\s*{chip.name}$", information, re.MULTILINE) and its_lines & set(lines))


def inputs(sources: Mapping[str, Source], patient: Patient) -> Finding:
    """Whether there are input devices for the controls that the profile names, and the daemon may read them."""
    devices = {}
    for name, source in sources.items():
        try:
            devices[find(source)] = name
        except BoardError as error:
            return _without_overlay(f"{name}: {error.strerror}", patient)
    for device in devices:
        if finding := refused(INPUTS, device, "input", patient):
            return finding
    return ok(INPUTS, f"{', '.join(map(str, devices))}: there for {', '.join(sources)}")


def _without_overlay(found: str, patient: Patient) -> Finding:
    path, text = boot_file(patient.root, "config.txt")
    lines = patient.setup.profile.config_txt
    missing = [line for line in lines if line not in effective(text)]
    if path is None or not lines:
        mend = "add the overlay for the board's controls to config.txt, and restart the device"
        return by_hand(fail(INPUTS, found, mend))
    return fail(INPUTS, found, " && ".join([*(add(line, path) for line in missing), "sudo reboot"]))


def i2c(chip: Chip, patient: Patient) -> Finding:
    """Whether an I2C bus is there, and the chip on it answers. It is asked for a register that is safe to read."""
    device = patient.root / f"dev/i2c-{chip.bus}"
    what = f"{chip.part}: address 0x{chip.address:02x} of I2C bus {chip.bus}"
    if not device.exists():
        return switched_off(I2C, f"{chip.part}: there is no I2C bus {chip.bus}", "i2c_arm", patient.root)
    client = patient.root / f"sys/bus/i2c/devices/{chip.bus}-{chip.address:04x}"
    if (client / "driver").exists():
        name = (read(client / "name") or "of the kernel").strip()
        found = f"{what} belongs to the kernel's driver {name}, which an overlay brought"
        return by_hand(fail(I2C, found, NO_OVERLAY))
    if finding := refused(I2C, device, "i2c", patient):
        return finding
    if (register := SAFE_REGISTERS.get(chip.kind)) is None:
        return ok(I2C, f"{what} is free for the enclosure")
    try:
        from enclosure.drivers.smbus import SmbusChip  # noqa: PLC0415  # to report that the library is missing
    except ImportError as error:
        return fail(I2C, f"the library for I2C is missing: {error}", "sudo apt install python3-smbus2")
    asked = SmbusChip(chip.bus, chip.address)
    try:
        asked.read(register)
    except BoardError as error:
        if isinstance(error.__cause__, PermissionError):
            return skip(I2C, f"not checked: {error.strerror}", AS_ROOT)
        return by_hand(fail(I2C, f"{what} does not answer: {error.strerror}", OTHER_BOARD))
    finally:
        asked.close()
    return ok(I2C, f"{what} answers")


def spi(name: str, patient: Patient) -> Finding:
    """Whether an SPI device is there, and the daemon may use it."""
    device = patient.root / name.removeprefix("/")
    if not device.exists():
        return switched_off(SPI, f"leds: there is no {name}", "spi", patient.root)
    return refused(SPI, device, "spi", patient) or ok(SPI, f"leds: {name} is there")


def switched_off(name: str, found: str, parameter: str, root: Path) -> Finding:
    """That a bus is missing, and what switches it on."""
    path, text = boot_file(root, "config.txt")
    if path is None:
        return by_hand(fail(name, f"{found}, and no config.txt: this is no Raspberry Pi", NO_PI))
    line = f"dtparam={parameter}=on"
    module = "echo i2c-dev | sudo tee /etc/modules-load.d/i2c-dev.conf" if name == I2C else ""
    if line in effective(text):
        steps = [module, "sudo reboot"]
        found = f"{found}, and {path} has {line}: the machine has not started with it, or a module is missing"
    else:
        steps = [add(line, path), module, "sudo reboot"]
        found = f"{found}: {path} has no {line}"
    return fail(name, found, " && ".join(step for step in steps if step))
