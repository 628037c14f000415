"""The hardware of the virtual machine, and the device on it."""

import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.vm.boards.device import UNIT, Device, observed, systemctl
from tests.vm.boards.hands import AMPLIFIER, RING, XMOS, GpioSim


@pytest.fixture(scope="session", autouse=True)
def _hardware() -> None:
    # The machine's own I2C bus takes number 0, so that of the chips has number 1, as on a Raspberry Pi.
    chips = ",".join(f"0x{address:02x}" for address in (RING, XMOS, AMPLIFIER))
    for module in (
        ("i2c-i801",),
        ("i2c-stub", f"chip_addr={chips}"),
        ("-a", "configfs", "evdev", "gpio_sim_ot", "i2c-dev", "snd-dummy", "uinput"),
    ):
        subprocess.run(("modprobe", *module), check=True)


@pytest.fixture(scope="module")
def chip() -> Iterator[GpioSim]:
    """The GPIO chip of a Raspberry Pi 3; no button is pressed."""
    sim = GpioSim()
    yield sim
    sim.remove()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def device() -> AsyncIterator[Device]:
    """The device, whatever its board."""
    await systemctl("unmask", UNIT)
    found = await observed()
    yield found
    await found.close()
