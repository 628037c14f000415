"""A connection to the private D-Bus of the simulated host."""

import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from admin.dbus.system import SystemBus
from hw_sim.host import Host

UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""dbus-fast leaves the file object of its socket to the garbage collector, which `collected` calls in time."""


@pytest.fixture(autouse=True)
def collected(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if request.node.get_closest_marker("real_time"):  # no other test has a D-Bus
        gc.collect()


@pytest.fixture
async def system(host: Host) -> AsyncIterator[SystemBus]:
    async with SystemBus(host.address) as system:
        yield system
