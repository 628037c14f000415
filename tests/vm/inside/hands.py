"""A GPIO chip of the kernel (gpio-sim) and an input device (uinput), and hands that move them."""

import asyncio
import errno
import fcntl
import os
import struct
import time
from collections.abc import Sequence
from pathlib import Path

_CHIPS = Path("/sys/kernel/config/gpio-sim")
_PLATFORM = Path("/sys/devices/platform")


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

    def press(self, line: int) -> None:
        """A button pulls its line to ground."""
        self.drive(line, False)

    def release(self, line: int) -> None:
        """The button opens: the line's own pull-up takes over."""
        self.drive(line, True)

    def level(self, line: int) -> bool:
        """The level of a line, as driven by the program that has it or from outside."""
        return (self._lines / f"sim_gpio{line}" / "value").read_text().strip() == "1"

    async def bounce(self, line: int, times: int = 6) -> None:
        """Contacts that bounce: in the end the button is down."""
        for _ in range(times):
            self.press(line)
            await asyncio.sleep(0.001)
            self.release(line)
            await asyncio.sleep(0.001)
        self.press(line)


_UI_SET_EVBIT, _UI_SET_KEYBIT = 0x40045564, 0x40045565
_UI_DEV_CREATE, _UI_DEV_DESTROY = 0x5501, 0x5502
_EV_SYN, _EV_KEY = 0, 1


class Keys:
    """An input device with keys, as the kernel's gpio-keys driver makes one of an overlay."""

    def __init__(self, codes: Sequence[int], name: str = "sj201-buttons") -> None:
        self._file = os.open("/dev/uinput", os.O_WRONLY | os.O_NONBLOCK)
        fcntl.ioctl(self._file, _UI_SET_EVBIT, _EV_KEY)
        for code in codes:
            fcntl.ioctl(self._file, _UI_SET_KEYBIT, code)
        os.write(self._file, struct.pack("80sHHHHi", name.encode(), 0x19, 1, 1, 1, 0) + bytes(4 * 64 * 4))
        fcntl.ioctl(self._file, _UI_DEV_CREATE)
        time.sleep(0.3)  # devtmpfs makes the node a moment later

    def set(self, code: int, down: bool) -> None:
        """A key goes down or up."""
        for kind, what, value in ((_EV_KEY, code, int(down)), (_EV_SYN, 0, 0)):
            os.write(self._file, struct.pack("@llHHi", 0, 0, kind, what, value))

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
