"""A Mark 1 for the tests of a skill."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from enclosure.config import load_profile
from hw_sim.face import Picture, colour_of
from hw_sim.faceplate import Faceplate
from hw_sim.firmware.eyes import BOOT_COLOUR
from hw_sim.links import CABLES
from hw_sim.testing.card import SoundCard
from hw_sim.testing.device import TIMEOUT_S, SimulatedDevice
from hw_sim.testing.thread import LoopThread

PRESS_S = 0.15
"""As long as a finger takes."""

HOLD_S = 2.2
"""The firmware opens its menu after 2 s."""

DETENT_S = 0.05
"""With the eyes open, the firmware merges detents that are closer."""


class Face:
    """What the face shows at this moment."""

    def __init__(self, thread: LoopThread) -> None:
        self.faceplate: Faceplate
        self._thread = thread

    @property
    def text(self) -> str:
        """The text on the mouth in capitals; empty while it shows none.

        A text that scrolls is known as far as it has passed, and as a whole after its first pass.
        """
        return self._thread.call(lambda: self.faceplate.text)

    @property
    def eyes(self) -> str:
        """The colour of the eyes, such as "#0000ff"; "#000000" while they are dark.

        Several colours are separated by spaces, that of most pixels first.
        """
        return self._thread.call(lambda: colour_of(self.faceplate.firmware.eye_colours))

    @property
    def pixels(self) -> list[str]:
        """The colour of each eye pixel: 0 to 11 are the eye on the viewer's left, clockwise from the top."""
        return self._thread.call(lambda: [f"#{colour:06x}" for colour in self.faceplate.firmware.eye_colours])

    @property
    def mouth(self) -> Picture:
        """The picture on the mouth, to be compared with a text of 8 rows of 32 "#" or "."."""
        return self._thread.call(lambda: Picture(self.faceplate.firmware.mouth))

    def wait_for(
        self,
        *,
        text: str | None = None,
        eyes: str | None = None,
        mouth: str | None = None,
        timeout: float = TIMEOUT_S,
    ) -> None:
        """Waits until the face shows what is given. Raises AssertionError, with what it shows instead."""
        __tracebackhide__ = True

        def shows() -> bool:
            firmware = self.faceplate.firmware
            return (
                (text is None or self.faceplate.text == text)
                and (eyes is None or colour_of(firmware.eye_colours) == eyes)
                and (mouth is None or Picture(firmware.mouth) == mouth)
            )

        try:
            self._thread.until(shows, timeout)
        except TimeoutError:
            wanted = {"text": text, "eyes": eyes, "mouth": mouth}
            given = ", ".join(f"{name} {value!r}" for name, value in wanted.items() if value is not None)
            raise AssertionError(f"no {given} within {timeout:g} s, but this:\n{self}") from None

    def __str__(self) -> str:
        return f"text {self.text!r}, eyes {self.eyes}\n{self.mouth}"


class Mark1(SimulatedDevice):
    """A Mark 1: a face, and a knob that is a button too."""

    def __init__(self, cable: str = "clean") -> None:
        super().__init__(load_profile("mycroft_mark_1"), SoundCard())
        self._cable = CABLES[cable]()
        self.face = Face(self.thread)
        """Its eyes and mouth."""

    # Hands.

    def press(self, seconds: float = PRESS_S) -> None:
        """Presses the knob, and lets go of it."""
        self.thread.run(self._press(seconds))

    def hold(self) -> None:
        """Holds the knob until the menu of the firmware opens."""
        self.press(HOLD_S)

    def turn(self, detents: int) -> None:
        """Turns the knob, to louder for a positive number."""
        self.thread.run(self._turn(detents))

    # Faults.

    def unplug(self) -> None:
        """Pulls the cable between the face and the computer out."""
        self.thread.call(self.face.faceplate.unplug)

    def plug(self) -> None:
        """Plugs that cable in; the enclosure looks for it every 2 s."""
        self.thread.call(self.face.faceplate.plug)

    def reset(self) -> None:
        """Cuts the power of the face for a moment."""
        self.thread.call(self.face.faceplate.power_cycle)

    def set_cable(self, cable: str) -> None:
        """Exchanges that cable for one that is "clean", "lossy", "garbling", or delivers "one-byte" at a time."""
        made = CABLES[cable]()

        def exchange() -> None:
            self.face.faceplate.cable = made

        self.thread.call(exchange)

    # The rest.

    async def _press(self, seconds: float) -> None:
        self.face.faceplate.press()
        await asyncio.sleep(seconds)
        self.face.faceplate.release()

    async def _turn(self, detents: int) -> None:
        for _ in range(abs(detents)):
            self.face.faceplate.turn(1 if detents > 0 else -1)
            await asyncio.sleep(DETENT_S)

    async def _hardware(self, stack: AsyncExitStack, folder: Path) -> str:
        link = folder / "faceplate"
        self.face.faceplate = await stack.enter_async_context(Faceplate(link, self._cable))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(self.face.faceplate.run())
        return str(link)

    def _is_ready(self) -> bool:
        [colour, *others] = set(self.face.faceplate.firmware.eye_colours)
        return not others and colour not in (0, BOOT_COLOUR)
