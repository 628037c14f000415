"""A board with buttons and LEDs for the tests of a skill."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from enclosure.config import load_profile
from hw_sim.boards.board import Board, wired
from hw_sim.boards.leds import is_lit
from hw_sim.testing.card import Amplifier, SoundCard
from hw_sim.testing.device import TIMEOUT_S, SimulatedDevice
from hw_sim.testing.thread import LoopThread


class Leds:
    """What the LEDs show at this moment."""

    def __init__(self, thread: LoopThread) -> None:
        self.board: Board
        self._thread = thread

    @property
    def colours(self) -> list[str]:
        """The colour of each LED, such as "#0000ff"; "#000000" while it is dark."""
        return self._thread.call(self._colours)

    def wait_for(self, condition: Callable[[list[str]], bool], timeout: float = TIMEOUT_S) -> None:
        """Waits until the condition holds for `colours`. Raises AssertionError, with what they show instead."""
        __tracebackhide__ = True
        try:
            self._thread.until(lambda: condition(self._colours()), timeout)
        except TimeoutError:
            shown = " ".join(self.colours) or "no LEDs"
            raise AssertionError(f"the LEDs do not show it within {timeout:g} s, but: {shown}") from None

    def _colours(self) -> list[str]:
        return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in self.board.colours]


class BoardDevice(SimulatedDevice):
    """A device with the board of a profile. Buttons, switches and encoders have the names of the profile."""

    def __init__(self, name: str) -> None:
        profile = wired(load_profile(name))
        self._amplifier = None if profile.amplifier.kind == "none" else Amplifier()
        super().__init__(profile, self._amplifier or SoundCard())
        self.leds = Leds(self.thread)
        """Its LEDs."""

    # Hands.

    def press(self, button: str = "") -> None:
        """Presses a button, by default the first one of the profile, and lets go of it."""
        self.thread.run(self.leds.board.press(self._button(button)))

    def hold(self, button: str = "") -> None:
        """Presses a button, by default the first one, for long enough to be a hold."""
        self.thread.run(self.leds.board.hold(self._button(button)))

    def slide(self, switch: str, *, muted: bool) -> None:
        """Moves a switch."""
        self.thread.run(self.leds.board.slide(switch, muted))

    def turn(self, encoder: str, detents: int) -> None:
        """Turns an encoder, to louder for a positive number."""
        self.thread.run(self.leds.board.turn(encoder, detents))

    # Faults.

    def unplug(self) -> None:
        """Takes the board from the computer: the chips on its GPIO and I2C lines are gone."""
        self.thread.call(lambda: self._plug(False))

    def plug(self) -> None:
        """Puts the board back."""
        self.thread.call(lambda: self._plug(True))

    def bounce(self, bounces: bool = True) -> None:
        """Has each contact close and open some times, or no longer."""

        def set_bounces() -> None:
            self.leds.board.bounces = bounces

        self.thread.call(set_bounces)

    # The rest.

    def _plug(self, there: bool) -> None:
        self.leds.board.plug_gpio(there)
        self.leds.board.plug_chips(there)

    def _button(self, name: str) -> str:
        return name or next(iter(self.profile.buttons))

    async def _hardware(self, stack: AsyncExitStack, folder: Path) -> None:
        board = Board(self.profile, folder, asyncio.get_running_loop().time)
        stack.enter_context(board.plugged_in())
        self.leds.board = board
        if self._amplifier is not None:
            self._amplifier.board = board

    def _is_ready(self) -> bool:
        return not is_lit(self.leds.board.colours)
