"""The firmware's stand-in without a serial line: it plays scenes of eyes and mouth, within the memory's limits."""

import math

from enclosure.display import Bitmap
from enclosure.faceplate.protocol import GROW
from enclosure.faceplate.scene import Scene, Scenes
from hw_sim.firmware import Firmware
from hw_sim.firmware.memory import LineLimits
from tests.conftest import picture

LINE_MS = 60.0
"""More than any of our lines takes to be read and carried out."""


class Board:
    """A firmware that has just started, with a host that plays scenes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        """What was sent since the last `play` or `restart`."""
        self._scenes: Scenes = iter(())
        self._left_s = math.inf
        self.restart()

    def restart(self) -> None:
        """Cuts the power, and gives it back."""
        self._firmware = Firmware()
        self._limits = LineLimits()
        self._firmware.advance(100)
        self.send(*GROW, "eyes.reset")
        self.wait(1)
        self.lines.clear()

    def send(self, *lines: str) -> None:
        """Has the firmware read lines."""
        for line in lines:
            self.lines.append(line)
            self._limits.take(f"{line}\n".encode())
            self._firmware.receive(f"{line}\n".encode())
            self._firmware.advance(self._firmware.now + LINE_MS)

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self._firmware.advance(self._firmware.now + seconds * 1000)

    def play(self, scenes: Scenes | None) -> None:
        """Sends the lines of the first scene; None changes nothing."""
        self.lines.clear()
        if scenes is not None:
            self._scenes = scenes
            self.next()

    def next(self) -> None:
        """Sends the lines of the next scene; at the end the last one stays."""
        scene = next(self._scenes, Scene((), math.inf))
        self._left_s = scene.lasts_s
        self.send(*scene.lines)

    def play_for(self, seconds: float) -> None:
        """Plays on, each scene for its time."""
        while self._left_s <= seconds:
            seconds -= self._left_s
            self.wait(self._left_s)
            self.next()
        self._left_s -= seconds
        self.wait(seconds)

    @property
    def now(self) -> float:
        """The firmware's time in s."""
        return self._firmware.now / 1000

    @property
    def mouth(self) -> Bitmap:
        """What is on the mouth."""
        return picture(self._firmware.mouth)

    @property
    def eyes(self) -> tuple[int, ...]:
        """The colour of each pixel of the eyes, as it is lit."""
        return self._firmware.eyes

    @property
    def lit(self) -> str:
        """The eyes as a row of 24: "." dark, "#" lit."""
        return "".join("#" if pixel else "." for pixel in self.eyes)
