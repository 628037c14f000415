"""Anything in any order: in the end the face looks as one that has been reset and was shown everything again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import pytest

from enclosure import artwork, display
from enclosure.activity import Activity
from enclosure.display import Bitmap, Command, EyesColor
from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate.device import FaceplateDevice
from enclosure.faceplate.scene import REFRESH_S
from hw_sim.faceplate import Faceplate

EVENTS = 60
TEST_S = 25.0


class User:
    """Random skills, and random hands at the face."""

    def __init__(self, faceplate: Faceplate, device: FaceplateDevice, seed: int) -> None:
        self._faceplate = faceplate
        self._device = device
        self._chance = random.Random(seed)  # noqa: S311  # the same things each time

    async def act(self) -> None:
        """Does one of all the things."""
        actions: Sequence[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._show, 60),
            (self._burst, 2),
            (self._indicate, 8),
            (self._notify, 3),
            (self._turn, 5),
            (self._menu, 4),
            (self._test, 1),
            (self._power_cycle, 2),
            (self._unplug, 2),
        ]
        (action,) = self._chance.choices([action for action, _ in actions], [weight for _, weight in actions])
        await action()
        await asyncio.sleep(self._chance.choice([0, 0.01, 0.3, 3]))

    def _color(self) -> EyesColor:
        return EyesColor(*(self._chance.choice([0, 60, 255]) for _ in range(3)))

    def _command(self) -> Command:
        chance = self._chance
        picture = Bitmap(8, tuple(chance.randrange(256) for _ in range(chance.choice([1, 7, 20]))))
        commands: list[Command] = [
            self._color(),
            display.EyesLevel(chance.choice([5, 20, 30])),
            display.EyesPixel(chance.randrange(24), self._color()),
            display.EyesFill(chance.randrange(24)),
            display.EyesLook(chance.choice("udlrc")),
            display.EyesBlink("b"),
            display.EyesVolume(5),
            *(action for action in display.EyesAction if action is not display.EyesAction.SPIN),
            display.EyesTimedSpin(1000),
            display.MouthText(chance.choice(["hi", "12:34", ""])),
            display.MouthIcon(picture, chance.randrange(12), 0, chance.random() < 0.5),
            display.MouthIcon(Bitmap(2, (3, 1)), chance.randrange(30), chance.randrange(6), clear=False),
            display.Weather(str(chance.randint(-20, 100)), chance.choice(artwork.WEATHER)),
            display.MouthAction.RESET,
            display.MouthAction.TALK,
            display.MouthAction.STILL,
            display.MouthViseme(chance.randrange(7)),
            display.SystemAction.MUTE,
            display.SystemAction.UNMUTE,
        ]
        return chance.choice(commands)

    async def _show(self) -> None:
        self._device.show(self._command())

    async def _burst(self) -> None:
        for _ in range(100):
            self._device.show(self._command())

    async def _indicate(self) -> None:
        asleep, muted, speaking, playing = (self._chance.random() < 0.3 for _ in range(4))
        self._device.indicate(Activity(asleep=asleep, muted=muted, speaking=speaking, playing=playing))

    async def _notify(self) -> None:
        self._device.notify("NOTICE")

    async def _turn(self) -> None:
        self._faceplate.turn(self._chance.randint(-3, 3))

    async def _press(self, held_s: float) -> None:
        self._faceplate.press()
        await asyncio.sleep(held_s)
        self._faceplate.release()
        await asyncio.sleep(0.15)

    async def _choose(self, entry: int) -> None:
        await self._press(2.3)
        for direction, detents in ((1, 8), (-1, entry)):  # the menu opens where it was left
            for _ in range(detents):
                self._faceplate.turn(direction)
                await asyncio.sleep(0.1)
                if self._chance.random() < 0.2:
                    await self._show()
        await self._press(0.15)

    async def _menu(self) -> None:
        if self._chance.random() < 0.5:
            await self._choose(8)  # EXIT
        else:
            await self._press(2.3)  # and it closes by itself

    async def _test(self) -> None:
        await self._choose(4)
        await self.end_test()
        await asyncio.sleep(self._chance.choice([0, TEST_S]))

    async def end_test(self) -> None:
        """Gives the menu's test, if it runs, the four presses that it waits for."""
        for _ in range(4):
            await self._press(0.15)
            await self._show()

    async def _power_cycle(self) -> None:
        self._faceplate.power_cycle()

    async def _unplug(self) -> None:
        self._faceplate.unplug()
        await asyncio.sleep(self._chance.choice([0, 0.5]))
        self._faceplate.plug()


def look(faceplate: Faceplate) -> tuple[object, ...]:
    firmware = faceplate.firmware
    return tuple(f"{pixel:06x}" for pixel in firmware.eyes), firmware.mouth, firmware.speaker


@pytest.mark.parametrize("seed", range(6))
async def test_the_face_ends_as_one_that_was_shown_everything_again(faceplate: Faceplate, seed: int) -> None:
    device = FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), lambda _: None)
    running = asyncio.create_task(device.run())
    user = User(faceplate, device, seed)
    for _ in range(EVENTS):
        await user.act()
    await asyncio.sleep(6)  # until an open menu has closed
    await user.end_test()
    await asyncio.sleep(TEST_S + 2 * REFRESH_S)
    in_the_end = look(faceplate)
    faceplate.power_cycle()
    await asyncio.sleep(5)
    assert look(faceplate) == in_the_end
    running.cancel()
