"""Real parts that many tests use: a sound card, host services, and a faceplate."""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

import hypothesis
import pytest

from bus.daemon import log
from enclosure.display import Bitmap
from hw_sim.faceplate import Faceplate
from hw_sim.host import Host
from hw_sim.links import CABLES
from hw_sim.process import Program
from hw_sim.sound import Sound
from tests.virtual_time import VirtualTimeLoop

# How long an example takes says what else the machine does.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Virtual time, but for tests marked `real_time`: those of real processes, sockets, or a real mixer."""
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}


def pytest_collection_finish() -> None:
    """Keeps the garbage collector from looking through thousands of tests again and again."""
    gc.collect()
    gc.freeze()


async def until(condition: Callable[[], bool], what: str, timeout_s: float = 10) -> None:
    """Waits for something that a person would see happen."""
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():
                await asyncio.sleep(0.005)
    except TimeoutError:
        pytest.fail(f"never came: {what}")


def picture(rows: Sequence[int]) -> Bitmap:
    """What is on a mouth of which the simulator gives the rows."""
    return Bitmap(
        8, tuple(sum((row >> 31 - column & 1) << y for y, row in enumerate(rows)) for column in range(32))
    )


@pytest.fixture(autouse=True)
def own_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Takes back what a command that runs in this process does to its log."""
    monkeypatch.setattr(log, "_program", "")
    level = logging.root.level
    yield
    logging.root.setLevel(level)


@pytest.fixture
async def wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has `time.time` go along with the loop's virtual time."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(time, "time", lambda: 1.7e9 + loop.time())


@pytest.fixture
async def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sound]:
    """A real ALSA mixer, which is the default one of this process meanwhile."""
    sound = Sound(tmp_path)
    for name, value in sound.client_environment.items():
        monkeypatch.setenv(name, value)
    async with Program("sound", sound.command, print, sound.environment):
        await sound.ready()
        yield sound


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    """A private D-Bus with logind, systemd and timedated."""
    host = Host(tmp_path)
    async with Program("host", host.command, print, host.environment) as program:
        await program.line("unix:path=")
        yield host


@pytest.fixture
async def faceplate(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Faceplate]:
    """A faceplate in real time; a parameter names its cable."""
    cable = CABLES[getattr(request, "param", "clean")]()
    async with Faceplate(tmp_path / "faceplate", cable, print) as faceplate:
        running = asyncio.create_task(faceplate.run())
        await until(lambda: faceplate.firmware.now > 60, "the end of the boot")
        yield faceplate
        if running.done():  # a line was outside of the memory's limits
            running.result()
        running.cancel()
