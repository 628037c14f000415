"""The hardware of the virtual machine, and the device on it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.vm.boards.device import UNIT, Device, observed, systemctl
from tests.vm.boards.hands import GpioSim, load_modules


@pytest.fixture(scope="session", autouse=True)
def _hardware() -> None:
    load_modules()


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
