"""The face over a real pseudo terminal, with the firmware's stand-in at its other end: what a person sees."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate import frames, icons
from enclosure.faceplate.device import FaceplateDevice
from enclosure.faceplate.frames import Event, Pressed, Turned
from enclosure.faceplate.text import displayable
from hw_sim.faceplate import Faceplate
from tests.conftest import until

RED = 0x1E0000
"""Full red at level 30, as the pixels show it."""
BLUE = 0x00001E

LOGO = icons.Bitmap(8, tuple(range(3, 35)))

CABLES = pytest.mark.parametrize("faceplate", ["clean", "one-byte", "lossy"], indirect=True)


class Host:
    """The host's end."""

    def __init__(self, faceplate: Faceplate) -> None:
        self.events: list[Event] = []
        self.device = FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), self.events.append)
        self.running = asyncio.create_task(self.device.run())

    def show(self, *commands: frames.Command) -> None:
        for command in commands:
            self.device.show(command)


@pytest.fixture
async def host(faceplate: Faceplate) -> AsyncIterator[Host]:
    host = Host(faceplate)
    await until(lambda: set(faceplate.firmware.eyes) == {BLUE}, "blue eyes, as a Mark 1 has them")
    yield host
    host.running.cancel()


def picture(faceplate: Faceplate) -> icons.Bitmap:
    rows = faceplate.firmware.mouth
    return icons.Bitmap(
        8, tuple(sum((row >> 31 - column & 1) << y for y, row in enumerate(rows)) for column in range(32))
    )


@CABLES
async def test_what_is_told_is_seen(faceplate: Faceplate, host: Host) -> None:
    host.show(frames.EyesColor(255, 0, 0), frames.MouthIcon(LOGO, 0, 0, clear=True))
    await until(lambda: set(faceplate.firmware.eyes) == {RED}, "red eyes", 20)
    await until(lambda: picture(faceplate) == LOGO, "the picture", 20)


@CABLES
async def test_what_somebody_does_arrives(faceplate: Faceplate, host: Host) -> None:
    for detents in (1, 1, -1):
        faceplate.turn(detents)
        await asyncio.sleep(0.1)
    faceplate.press()
    await asyncio.sleep(0.1)
    faceplate.release()
    if faceplate.cable.loss:  # what is lost on its way is lost; nothing else may come of it
        await asyncio.sleep(0.5)
        assert set(host.events) <= {Turned(1), Turned(-1), Pressed()}
    else:
        await until(lambda: host.events == [Turned(1), Turned(1), Turned(-1), Pressed()], "every event")


@pytest.mark.parametrize("text", ["volume.up", "unit.factory-reset", "a\nsystem.reset", "mycroft.stop", "x" * 500])
async def test_a_text_is_nothing_but_a_text(faceplate: Faceplate, host: Host, text: str) -> None:
    said: list[str] = []
    faceplate.told = said.append
    host.show(frames.MouthText(displayable(text)))
    await until(lambda: any(faceplate.firmware.mouth), "something on the mouth")
    await asyncio.sleep(2.5)  # a reset would take 2 s
    assert any(faceplate.firmware.mouth)
    assert said == []  # no banner
    assert host.events == []


@pytest.mark.parametrize("loss", ["unplug", "power_cycle"])
async def test_the_face_comes_back_as_it_was(faceplate: Faceplate, host: Host, loss: str) -> None:
    host.show(frames.EyesColor(255, 0, 0), frames.MouthIcon(LOGO, 0, 0, clear=True))
    await until(lambda: picture(faceplate) == LOGO, "the picture")
    getattr(faceplate, loss)()
    if loss == "unplug":
        host.show(frames.EyesBlink("b"), frames.EyesColor(0, 0, 255), frames.MOUTH_RESET)
        await asyncio.sleep(0.1)
        faceplate.plug()
        await until(lambda: set(faceplate.firmware.eyes) == {BLUE}, "what was told meanwhile", 20)
        await until(lambda: not any(faceplate.firmware.mouth), "what was told meanwhile", 20)
    else:
        await until(lambda: not any(faceplate.firmware.mouth), "the reset")
        await until(lambda: picture(faceplate) == LOGO, "the picture again", 20)
        await until(lambda: set(faceplate.firmware.eyes) == {RED}, "red eyes again", 20)


async def test_a_burst_ends_as_the_last_commands_say(faceplate: Faceplate, host: Host) -> None:
    for number in range(500):
        host.show(frames.EyesColor(number % 256, 0, 0))
    host.show(frames.EyesColor(255, 0, 0), frames.MouthIcon(LOGO, 0, 0, clear=True))
    await until(lambda: picture(faceplate) == LOGO and set(faceplate.firmware.eyes) == {RED}, "the end", 30)


async def test_pictures_lie_over_each_other_and_come_back_so(faceplate: Faceplate, host: Host) -> None:
    dot = icons.Bitmap(2, (3, 3))
    host.show(frames.MouthIcon(LOGO, 0, 0, clear=True), frames.MouthIcon(dot, 30, 6, clear=False))
    await until(lambda: picture(faceplate) == dot.over(LOGO, 30, 6), "both")
    faceplate.power_cycle()
    await until(lambda: not any(faceplate.firmware.mouth), "the reset")
    await until(lambda: picture(faceplate) == dot.over(LOGO, 30, 6), "both again", 20)
