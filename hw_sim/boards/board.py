"""A board of a profile: hands on its buttons, switches and encoders, and eyes on its LEDs and registers.

Its chips stand behind the names of the libraries that drive them, in this process: `plugged_in`.
"""

import asyncio
import contextlib
import dataclasses
import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from enclosure import amplifier
from enclosure.board import Profile, pins
from enclosure.drivers import spi, usb, ws2812_pio
from enclosure.ports import MixerLevel
from hw_sim.boards.amplifier import SILENT, Tas5806Chip
from hw_sim.boards.gpiod import Gpio
from hw_sim.boards.i2c import Buses
from hw_sim.boards.leds import DARK, Apa102Strip, AttinyRing, Colour, Ktd2026, Ws2812Pio
from hw_sim.boards.usb import UsbRing

PRESS_S = 0.1
BOUNCE_S = 0.001
BOUNCES = 4
QUARTER_S = 0.0075
"""A quarter of a detent, at 40 detents in 1.2 s."""

WHITE: Colour = (255, 255, 255)

HEADER = range(2, 28)
"""Lines of the GPIO header."""

_STAND_INS = ("gpiod", "smbus2")
_DRIVERS = ("gpiod", "smbus", "rpi_gpio")
"""Modules that import them; they are imported again with what stands in for it."""


def wired(profile: Profile) -> Profile:
    """The profile with free lines for controls that have none until their owner names them."""
    used = {pin for pin, _ in pins(profile)}
    free = (pin for pin in HEADER if pin not in used)
    return dataclasses.replace(
        profile,
        buttons={
            name: button if button.gpio is not None else replace(button, gpio=next(free))
            for name, button in profile.buttons.items()
        },
        encoders={
            name: encoder if encoder.a is not None else replace(encoder, a=next(free), b=next(free))
            for name, encoder in profile.encoders.items()
        },
    )


class Board:
    """The chips of a board, whose contacts may bounce."""

    def __init__(
        self, profile: Profile, folder: Path, clock: Callable[[], float], *, bounces: bool = False
    ) -> None:
        self.profile = profile
        self.gpio = Gpio(folder, clock)
        self.i2c = Buses(1)
        self._folder = folder
        self.bounces = bounces
        """Whether contacts bounce."""
        self.muted = dict.fromkeys(profile.switches, False)
        """Whether each switch is in the position that mutes."""
        leds = profile.leds
        self._strip = Apa102Strip(leds.count)
        self._pio = Ws2812Pio(leds.count)
        self._usb: UsbRing | None = None
        match leds.kind:
            case "attiny":
                self.i2c.chips[leds.bus, leds.address] = AttinyRing(leds.count)
            case "ktd2026":
                self.i2c.chips[leds.bus, leds.address] = Ktd2026()
            case "respeaker_usb":
                self._usb = UsbRing(folder)
        self.amplifier = Tas5806Chip() if profile.amplifier.kind == "tas5806" else None
        """The chip that is its volume; None where that is a sound card."""
        if self.amplifier is not None:
            self.i2c.chips[self._amplifier_address] = self.amplifier
        self._chips = dict(self.i2c.chips)
        if leds.clock_gpio is not None:
            self.gpio.on_output = self._clock_strip
        for name in profile.switches:
            self._drive(name, False)

    # Hands.

    async def press(self, name: str, held_s: float = PRESS_S) -> None:
        """Presses a button for a time."""
        await self.push(name)
        await asyncio.sleep(held_s)
        await self.release(name)
        await asyncio.sleep(PRESS_S)

    async def hold(self, name: str) -> None:
        """Presses a button for long enough to be a hold."""
        await self.press(name, self.profile.buttons[name].hold_ms / 1000 + PRESS_S)

    async def push(self, name: str) -> None:
        """Pushes a button, and leaves it down."""
        await self._move(name, True)

    async def release(self, name: str) -> None:
        """Lets go of a button."""
        await self._move(name, False)

    async def slide(self, name: str, muted: bool) -> None:
        """Moves a switch."""
        self.muted[name] = muted
        await self._move(name, muted)

    async def turn(self, name: str, detents: int) -> None:
        """Turns an encoder, to louder for a positive number."""
        encoder = self.profile.encoders[name]
        assert encoder.a is not None, "wired"
        assert encoder.b is not None, "wired"
        lead, follow = (encoder.a, encoder.b) if (detents > 0) != encoder.reverse else (encoder.b, encoder.a)
        cycle = itertools.cycle([(lead, True), (follow, True), (lead, False), (follow, False)])
        for line, closed in itertools.islice(cycle, abs(detents) * encoder.states):
            for level in (closed, not closed, closed) if self.bounces else (closed,):
                self._contact(line, level, encoder.active)
            await asyncio.sleep(QUARTER_S)

    def plug_gpio(self, there: bool) -> None:
        """The GPIO chip comes or goes."""
        if there != self.gpio.present:
            (self.gpio.plug_in if there else self.gpio.pull_out)()

    def plug_chips(self, there: bool) -> None:
        """All chips on I2C come or go."""
        self.i2c.chips.clear()
        if there:
            self.i2c.chips.update(self._chips)

    def plug_amplifier(self, there: bool) -> None:
        """The amplifier comes or goes, and then loses its power."""
        if self.amplifier is None:
            return
        self.i2c.chips.pop(self._amplifier_address, None)
        if there:
            self.i2c.chips[self._amplifier_address] = self.amplifier
        else:
            self.amplifier.lose_power()

    # Eyes.

    @property
    def colours(self) -> list[Colour]:
        """What its LEDs show; black without power."""
        leds = self.profile.leds
        if leds.power_gpio is not None and not self._is_driven(leds.power_gpio, True):
            return [DARK] * leds.count
        match leds.kind:
            case "none":
                return []
            case "gpio":
                return [WHITE if self._is_driven(pin, leds.active == "high") else DARK for pin in leds.gpio]
            case "apa102":
                return list(self._strip.colours)
            case "ws2812_pio":
                return list(self._pio.colours)
            case "respeaker_usb":
                assert self._usb is not None
                found = iter(self._usb.colours)
                return list(zip(found, found, found, strict=True))
            case _:
                chip = self.i2c.chips.get((leds.bus, leds.address))
                return list(chip.colours) if isinstance(chip, AttinyRing | Ktd2026) else [DARK] * leds.count

    @property
    def full(self) -> int:
        """The brightest part of a colour that the profile allows; LEDs on GPIO lines are on or off."""
        leds = self.profile.leds
        return 255 if leds.kind == "gpio" else max(round(255 * leds.brightness), 1)

    @property
    def level(self) -> MixerLevel | None:
        """The level of the amplifier, as the enclosure counts; None while it is away, and for a board without."""
        if self.amplifier is None or self._amplifier_address not in self.i2c.chips:
            return None
        enable = self.profile.amplifier.enable_gpio
        is_enabled = enable is None or self._is_driven(enable, True)
        volume = self.amplifier.volume if is_enabled else SILENT
        return MixerLevel(amplifier.percent(volume), volume == SILENT)

    # Its chips in the place of real ones.

    @contextlib.contextmanager
    def plugged_in(self) -> Iterator[None]:
        """Has the drivers of this process find this board, and no other hardware."""
        names = (*_STAND_INS, *(f"enclosure.drivers.{driver}" for driver in _DRIVERS))
        before = {name: sys.modules.pop(name, None) for name in names}
        sys.modules.update(gpiod=self.gpio.module, smbus2=self.i2c.module)
        with contextlib.ExitStack() as stack:
            stack.callback(_put_back, before)
            # Not by `from`: that finds the module of an earlier board.
            _replace(stack, importlib.import_module("enclosure.drivers.gpiod"), "DEVICES", self._folder)
            _replace(stack, amplifier, "STEP_S", 0)  # these chips need no time
            _replace(stack, spi, "SpiBus", lambda _path, _speed_hz: self._strip)
            _replace(stack, ws2812_pio, "Ws2812Pio", lambda _path: self._pio)
            if self._usb is not None:
                _replace(stack, usb, "SYSFS", self._usb.sysfs)
                _replace(stack, usb, "DEVICES", self._usb.devices)
                _replace(stack, usb, "fcntl", SimpleNamespace(ioctl=self._usb.ioctl))
            yield

    # The rest.

    async def _move(self, name: str, closed: bool) -> None:
        if self.bounces:
            for _ in range(BOUNCES):
                for level in (closed, not closed):
                    self._drive(name, level)
                    await asyncio.sleep(BOUNCE_S)
        self._drive(name, closed)

    def _drive(self, name: str, closed: bool) -> None:
        if name in self.profile.switches:
            switch = self.profile.switches[name]
            # A slider has a contact at either end.
            if switch.gpio is not None:
                self.gpio.drive(switch.gpio, closed == (switch.muted == "high"))
        else:
            button = self.profile.buttons[name]
            assert button.gpio is not None, "wired"
            self._contact(button.gpio, closed, button.active)

    def _contact(self, line: int, closed: bool, active: str) -> None:
        """A contact pulls its line to one level, and leaves it to the pull of the chip when it opens."""
        self.gpio.drive(line, active == "high" if closed else None)

    @property
    def _amplifier_address(self) -> tuple[int, int]:
        return self.profile.amplifier.bus, self.profile.amplifier.address

    def _is_driven(self, pin: int, level: bool) -> bool:
        line = self.gpio.lines[pin]
        return line.request is not None and line.level == level

    def _clock_strip(self, pin: int, level: bool) -> None:
        leds = self.profile.leds
        if pin == leds.clock_gpio and level and leds.data_gpio is not None:
            self._strip.clock(self.gpio.lines[leds.data_gpio].level)


def _replace(stack: contextlib.ExitStack, owner: Any, name: str, value: object) -> None:
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _put_back(modules: dict[str, Any]) -> None:
    for name, module in modules.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module
