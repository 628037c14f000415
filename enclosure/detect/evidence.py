"""Looks for signs of a board: in the kernel's files, by reads on the I2C bus, by a question to the faceplate."""

import asyncio
import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bus.cli.exchange import ANSWER_TIMEOUT_S, messages
from bus.client.client import open_socket
from bus.contract import ours as topics
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.board import DetectSettings, Profile
from enclosure.detect import signs
from enclosure.drivers.serial import AsyncSerial
from enclosure.errors import BoardError
from enclosure.faceplate.link import Link

HEADER_BUS = 1
"""Number of the I2C bus on the 40-pin header."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen, and what could not be looked at."""

    seen: frozenset[str] = frozenset()
    """As in `enclosure.detect.signs`."""
    unseen: tuple[str, ...] = ()
    """A line each, with the reason."""

    def __or__(self, other: "Evidence") -> "Evidence":
        return Evidence(self.seen | other.seen, self.unseen + other.unseen)


def look(boards: Mapping[str, Profile], root: Path = Path("/"), bus: int = HEADER_BUS) -> Evidence:
    """The signs in files, then those on the I2C bus that some board is known by."""
    tables = [table for profile in boards.values() for table in profile.detect]
    return Evidence(frozenset(in_files(tables, root))) | on_i2c(tables, root, bus)


def in_files(tables: Iterable[DetectSettings], root: Path) -> Iterator[str]:
    """What the kernel reports of EEPROM, sound cards, USB devices and device tree, without touching a chip."""
    tree = root / "sys/firmware/devicetree/base"  # not in /proc, of which the unit sees the processes only
    if product := _text(tree / "hat/product"):
        yield signs.hat(product)
    for name in sorted(root.glob("sys/class/sound/card[0-9]*/id")):
        yield signs.card(_text(name))
    for device in sorted(root.glob("sys/bus/usb/devices/*/idVendor")):
        yield signs.usb(f"{_text(device)}:{_text(device.with_name('idProduct'))}")
    for table in tables:
        if table.node is not None and (tree / table.node).exists():
            yield signs.node(table.node)


def on_i2c(tables: Iterable[DetectSettings], root: Path, bus: int) -> Evidence:
    """The chips that answer. Only addresses that a profile declares safe to read are read.

    The chips of kernel drivers are known without a read.
    """
    wanted = [table for table in tables if table.i2c]
    if not wanted:
        return Evidence()
    if not (root / f"dev/i2c-{bus}").exists():
        return Evidence(unseen=(f"I2C: there is no bus {bus} (dtparam=i2c_arm=on in config.txt makes it)",))
    try:
        from enclosure.drivers.smbus import SmbusChip  # noqa: PLC0415  # not every board needs this package
    except ImportError:
        return Evidence(unseen=("I2C: sudo apt install python3-smbus2",))

    def answers(address: int) -> bool:
        if (root / f"sys/bus/i2c/devices/{bus}-{address:04x}/driver").exists():
            return True
        with contextlib.closing(SmbusChip(bus, address)) as chip:
            return chip.answers()

    seen = set()
    try:
        safe = {address for table in wanted for address in table.i2c}
        present = {address for address in safe if answers(address)}
        for table in wanted:
            if table.register is not None and present.issuperset(table.i2c):
                register = table.register
                with contextlib.closing(SmbusChip(bus, register.address)) as chip:
                    if chip.answers():
                        value = chip.read(register.number)
                        seen.add(signs.register(register.address, register.number, value))
    except BoardError as error:  # what was seen until then would be another board's
        return Evidence(unseen=(str(error.strerror),))
    return Evidence(frozenset(seen.union(map(signs.chip, present))))


async def ask_faceplate(port: str, rate: int, bus_url: str | None = None, root: Path = Path("/")) -> Evidence:
    """Whether a faceplate answers on a serial port, which the kernel's console and other programs keep.

    If another program has it, or this user may not open it, the enclosure on the bus is asked instead.
    """
    path = root / port.removeprefix("/")
    if path.name in _text(root / "sys/class/tty/console/active").split():
        return Evidence(unseen=(f"faceplate: {path} is the console of the kernel",))
    try:
        version = await firmware_version(path, rate)
    except OSError as error:
        taken = error.errno == errno.EAGAIN
        kept = taken or error.errno == errno.EACCES
        version = await _version_reported(bus_url) if kept and bus_url else None
        if version is None:
            reason = os.strerror(error.errno) if error.errno else str(error)
            return Evidence(unseen=(f"faceplate: {path}: {'another program has it' if taken else reason}",))
    return Evidence(frozenset() if version is None else frozenset({signs.FACEPLATE}))


async def firmware_version(port: Path, rate: int) -> str | None:
    """The version that the firmware on this port reports; None when it does not answer. Raises OSError."""
    opened = AsyncSerial(str(port), rate)
    settled = asyncio.Event()
    # It gives up by itself after three attempts, which take 6 s.
    link = Link(lambda: opened, lambda _: None, lambda _: settled.set(), lambda: None)
    running = asyncio.create_task(link.run())
    await settled.wait()
    running.cancel()
    await asyncio.wait((running,))
    return link.firmware


async def _version_reported(bus_url: str) -> str | None:
    """The version that the enclosure on the bus reports; None where none does."""
    source = f"mycroft_enclosure.detect.{os.getpid()}"
    with contextlib.suppress(TimeoutError, BusUnavailableError):
        async with asyncio.timeout(ANSWER_TIMEOUT_S), open_socket(bus_url) as socket:
            await socket.send(Message(topics.FIRMWARE_VERSION_GET.name, {}, {"source": source}).serialize())
            async for _, message in messages(socket):
                if (
                    message.msg_type == topics.FIRMWARE_VERSION.name
                    and message.context.get("destination") == source
                ):
                    return message.data.get("version")
    return None


def _text(path: Path) -> str:
    """What a file of the kernel says; empty where there is none."""
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""
