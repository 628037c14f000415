"""A board whose chips are simulated."""

import asyncio
import fcntl
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from enclosure.drivers import evdev
from hw_sim.boards.gpiod import Gpio
from hw_sim.boards.i2c import Buses
from tests.enclosure.boards.input_devices import InputDevices


@pytest.fixture
async def gpio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gpio:
    """A Raspberry Pi's GPIO chip, which the driver finds in place of a real one."""
    chip = Gpio(tmp_path, asyncio.get_running_loop().time)
    monkeypatch.setitem(sys.modules, "gpiod", chip.module)
    monkeypatch.delitem(sys.modules, "enclosure.drivers.gpiod", raising=False)
    driver = importlib.import_module("enclosure.drivers.gpiod")
    monkeypatch.setattr(driver, "DEVICES", tmp_path)
    return chip


@pytest.fixture
def i2c(monkeypatch: pytest.MonkeyPatch) -> Buses:
    """I2C buses, of which number 1 is there."""
    buses = Buses(1)
    monkeypatch.setitem(sys.modules, "smbus2", buses.module)
    monkeypatch.delitem(sys.modules, "enclosure.drivers.smbus", raising=False)
    return buses


@pytest.fixture
def input_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InputDevices]:
    """A kernel without input devices yet."""
    devices = InputDevices(tmp_path)
    monkeypatch.setattr(evdev, "CLASS", devices.sysfs)
    monkeypatch.setattr(evdev, "DEVICES", devices.devices)
    monkeypatch.setattr(fcntl, "ioctl", devices.ioctl)
    yield devices
    devices.close()


@pytest.fixture(autouse=True)
def _drivers_of_the_fakes_end_with_the_test() -> Iterator[None]:
    yield
    for driver in ("gpiod", "smbus", "rpi_gpio"):
        sys.modules.pop(f"enclosure.drivers.{driver}", None)
