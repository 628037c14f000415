"""A GPIO chip of the kernel (gpio-sim) and an input device (uinput), and hands that move them."""

import asyncio
import errno
import fcntl
import os
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import smbus2

BUS, RING, XMOS, AMPLIFIER = 1, 0x04, 0x2C, 0x2F
"""I2C bus and addresses of the chips of an SJ201."""

MODULES = (
    "i2c-i801",  # the machine's own I2C bus takes number 0, so that of the chips has number 1, as on a Pi
    f"i2c-stub chip_addr=0x{RING:02x},0x{XMOS:02x},0x{AMPLIFIER:02x}",
    *("configfs", "evdev", "gpio_sim_ot", "i2c-dev", "snd-dummy", "uinput"),
)
"""Modules of the kernel that are the hardware, in this order, with their parameters."""

_CHIPS = Path("/sys/kernel/config/gpio-sim")
_PLATFORM = Path("/sys/devices/platform")


def load_modules() -> None:
    """Makes the hardware."""
    for module in MODULES:
        subprocess.run(("modprobe", *module.split()), check=True)
    settle()


def settle() -> None:
    """Waits until the rules of udev are applied to new devices, such as which group may use them."""
    subprocess.run(("udevadm", "settle"), check=True)


class GpioSim:
    """A chip with a label, as a Raspberry Pi has it. Use `remove` at the end."""

    def __init__(self, label: str = "pinctrl-bcm2835", lines: int = 54) -> None:
        self._config = _CHIPS / "pi"
        bank = self._config / "bank0"
        bank.mkdir(parents=True)
        (bank / "num_lines").write_text(str(lines))
        (bank / "label").write_text(label)
        self._live = self._config / "live"
        self.plug_in()

    def plug_in(self) -> None:
        """The chip comes."""
        self._live.write_text("1")
        device = _PLATFORM / (self._config / "dev_name").read_text().strip()
        self.name = (self._config / "bank0/chip_name").read_text().strip()
        self._lines = device / self.name
        settle()

    def pull_out(self) -> None:
        """The chip goes away, and its lines with it."""
        self._live.write_text("0")

    def remove(self) -> None:
        """Takes the chip out of the kernel."""
        if self._live.read_text().strip() == "1":
            self.pull_out()
        (self._config / "bank0").rmdir()
        self._config.rmdir()

    def drive(self, line: int, level: bool) -> None:
        """Something pulls a line."""
        (self._lines / f"sim_gpio{line}" / "pull").write_text("pull-up" if level else "pull-down")

    async def press(self, line: int, length_s: float = 0.06) -> float:
        """A button is pressed and released; returns when it went down, in seconds of CLOCK_MONOTONIC."""
        at = time.monotonic()
        self.drive(line, False)
        await asyncio.sleep(length_s)
        self.drive(line, True)
        await asyncio.sleep(0.06)
        return at

    def level(self, line: int) -> bool:
        """The level of a line, as driven by the program that has it or from outside."""
        return (self._lines / f"sim_gpio{line}" / "value").read_text().strip() == "1"

    async def bounce(self, line: int, times: int = 6) -> None:
        """Contacts that bounce: in the end the button is down."""
        for _ in range(times):
            for level in (False, True):
                self.drive(line, level)
                await asyncio.sleep(0.001)
        self.drive(line, False)

    async def turn(self, a: int, b: int, detents: int, *, quarter_s: float = 0.0075) -> None:
        """An encoder is turned, at 40 detents in 1.2 s; each of its edges bounces."""
        for line, level in [(a, False), (b, False), (a, True), (b, True)] * detents:
            for bounce in (level, not level, level):
                self.drive(line, bounce)
            await asyncio.sleep(quarter_s)


def register(chip: int, number: int) -> int:
    """A register of an I2C chip, as another program sees it."""
    with smbus2.SMBus(BUS) as bus:
        return int(bus.read_byte_data(chip, number, force=True))


_UI_SET_EVBIT, _UI_SET_KEYBIT = 0x40045564, 0x40045565
_UI_SET_RELBIT = 0x40045566
_UI_DEV_CREATE, _UI_DEV_DESTROY = 0x5501, 0x5502
_EV_SYN, _EV_KEY, _EV_REL = 0, 1, 2


class Keys:
    """An input device with keys and axes, as the kernel's gpio-keys and rotary-encoder make them of overlays."""

    def __init__(
        self,
        codes: Sequence[int],
        *,
        axes: Sequence[int] = (),
        down: Sequence[int] = (),
        name: str = "sj201-buttons",
    ) -> None:
        self._file = os.open("/dev/uinput", os.O_WRONLY | os.O_NONBLOCK)
        fcntl.ioctl(self._file, _UI_SET_EVBIT, _EV_KEY)
        for code in codes:
            fcntl.ioctl(self._file, _UI_SET_KEYBIT, code)
        if axes:
            fcntl.ioctl(self._file, _UI_SET_EVBIT, _EV_REL)
        for axis in axes:
            fcntl.ioctl(self._file, _UI_SET_RELBIT, axis)
        os.write(self._file, struct.pack("80sHHHHi", name.encode(), 0x19, 1, 1, 1, 0) + bytes(4 * 64 * 4))
        fcntl.ioctl(self._file, _UI_DEV_CREATE)
        for code in down:
            self.set(code, True)

    def set(self, code: int, down: bool) -> None:
        """A key goes down or up."""
        self._report(_EV_KEY, code, int(down))

    def turn(self, axis: int, detents: int) -> None:
        """An axis moves, a detent at a time."""
        for _ in range(abs(detents)):
            self._report(_EV_REL, axis, 1 if detents > 0 else -1)

    def _report(self, kind: int, code: int, value: int) -> None:
        for event in ((kind, code, value), (_EV_SYN, 0, 0)):
            os.write(self._file, struct.pack("@llHHi", 0, 0, *event))

    def unplug(self) -> None:
        """The device goes away."""
        fcntl.ioctl(self._file, _UI_DEV_DESTROY)
        os.close(self._file)


def is_grabbed(path: Path) -> bool:
    """Whether a program keeps an input device for itself."""
    file = os.open(path, os.O_RDONLY)
    try:
        fcntl.ioctl(file, 0x40044590, 1)  # EVIOCGRAB
    except OSError as error:
        return error.errno == errno.EBUSY
    finally:
        os.close(file)
    return False
