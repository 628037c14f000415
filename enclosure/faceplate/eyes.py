"""The eyes as they should look, and the lines that make the firmware show it. Pure.

With the eyes OPEN, as after ``eyes.reset``, the firmware repaints them all the time and is deaf for 42 ms in a
row: of 20 detents of the knob that are 12 ms apart 6 arrive. After ``eyes.set`` of one pixel, in the colour that
it has anyway, all 20 do (the real firmware v1.4.2, measured). So open eyes are made with ``eyes.set`` and
``eyes.color``, and an animation that ends OPEN is followed by them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enclosure.display import (
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesCommand,
    EyesFill,
    EyesLevel,
    EyesLook,
    EyesPixel,
    EyesTimedSpin,
    EyesVolume,
)
from enclosure.faceplate.protocol import lines

PIXELS = 24

RING_S = 3.0
"""How long a volume ring stands, as the firmware has it for open eyes."""

BLINK_S = 0.35
UNDO_S = 0.6
"""A blink takes 270 ms, a look or narrowed eyes that have to be undone first 300 to 560 (measured)."""

REFILL_S = 0.9
"""How long the firmware refills eyes whose spin it has ended itself (0.7 s, measured)."""

FADE_S = 0.001
"""A level is followed by the rest of what the eyes show, unless another one waits already, as in a fade."""

SPIN_MS, SPIN_S = 32000, 30.0
"""A timed spin of nearly the longest there is (the firmware counts in 16 bits), and when it is sent anew."""


@dataclass(frozen=True, slots=True)
class Step:
    """Lines to send. What lasts for some time only is followed by `restored`."""

    lines: Sequence[str]
    lasts_s: float = 0.0


class Eyes:
    """What the eyes show: a colour for each pixel, and a pose that lies over it until the next command."""

    def __init__(self, color: EyesColor, level: EyesLevel) -> None:
        self.color = color
        self.level = level
        self.pixels = [color] * PIXELS
        self._pose: EyesCommand | None = None
        self._mouth_busy = False

    def take(self, command: EyesCommand) -> Step:
        """Changes what the eyes show; returns what to send for it."""
        posed, self._pose = self._pose, None
        match command:
            case EyesVolume():
                self._pose = posed
                return Step(lines(command), RING_S)
            case EyesBlink():
                return Step(lines(command), BLINK_S + (UNDO_S if posed else 0))
            case EyesTimedSpin():
                return Step(lines(command), command.ms / 1000)
            case EyesLevel():
                self._pose = posed if posed == EyesAction.SPIN else None  # all pixels light up
                self.level = command
                return Step(lines(command), FADE_S)
            case EyesColor():
                self._pose = posed if posed == EyesAction.SPIN else None  # it goes on spinning, in the new colour
                self.color = command
                self.pixels = [command] * PIXELS
                return Step(lines(command), FADE_S) if self._pose else self.restored()
            case EyesPixel():
                self.pixels[command.index] = command.color
                return self.restored() if posed else Step(lines(command))
            case EyesFill():
                lit = command.last + 1
                self.pixels = [self.color] * lit + [DARK] * (PIXELS - lit)
                return Step(lines(command)) if lit < PIXELS else self.restored()
            case EyesLook():
                self._pose = command
                return Step(lines(command))
        if command in (EyesAction.SPIN, EyesAction.NARROW):
            self._pose = command
            return self.restored()
        if command in (EyesAction.WIDEN, EyesAction.UNLOOK):
            return Step(lines(command), UNDO_S)
        if command == EyesAction.OFF:
            self.pixels = [DARK] * PIXELS
        elif command in (EyesAction.ON, EyesAction.RESET):
            self.pixels = [self.color] * PIXELS
        return self.restored()

    def mouth(self, *, busy: bool) -> Step | None:
        """Takes that something has come on the mouth, or nothing is there any more; what to send then."""
        self._mouth_busy = busy
        if not busy or self._pose != EyesAction.SPIN:
            return None
        self._pose = None  # the firmware ends a spin for it
        return Step((), REFILL_S)

    def restored(self) -> Step:
        """What makes any eyes look like this, also those of a faceplate that has just been reset."""
        if self._pose == EyesAction.SPIN and self._mouth_busy:  # the firmware lets none be that has no end
            return Step(lines(EyesTimedSpin(SPIN_MS)), SPIN_S)
        return Step(lines(self._pose) if self._pose else tuple(self._still()))

    def _still(self) -> Iterator[str]:
        if self.pixels.count(DARK) > PIXELS // 2:
            ground = DARK
            yield from lines(EyesAction.OFF)
        else:
            ground = self.color
            yield from lines(EyesPixel(0, self.color))
            yield from lines(self.color)
        for index, color in enumerate(self.pixels):
            if color != ground:
                yield from lines(EyesPixel(index, color))


DARK = EyesColor(0, 0, 0)
