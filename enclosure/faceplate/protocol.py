"""What goes over the faceplate's serial line: display values to lines, and lines to events. Pure.

Lines are printable ASCII without a line end; nothing that a command holds can become a second line.
Facts: the real firmware v1.4.2, measured.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enclosure import icons
from enclosure.display import (
    HEIGHT,
    WIDTH,
    Bitmap,
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesFill,
    EyesLevel,
    EyesLook,
    EyesPixel,
    EyesTimedSpin,
    EyesVolume,
    FaceplateCommand,
    MouthAction,
    MouthFollows,
    MouthIcon,
    MouthText,
    MouthViseme,
    SystemAction,
    SystemBlink,
    Weather,
)
from enclosure.events import Choice, Chosen, Pressed, Turned

ECHO = "Command: "
"""What the firmware puts before each line that it has read."""

VERSION = "system.version"

WEATHER_X = 2
"""The column of the weather's picture, as mycroft-core has it."""

# The limits of the firmware v1.4.2 as it was published, measured. Beyond the first two its stack overwrites its
# heap within seconds, and it is dead until its power is cut.

TEXT_LIMIT = 24
"""Characters of a text in one line; the longest one enlarges the heap for good."""

STRIP = 8
"""Columns of a picture in one line; each needs stack for the time it is drawn."""

GROW = (f"mouth.text={TEXT_LIMIT * ' '}", "mouth.reset")
"""Lines for once after each banner: the heap grows while it is in one piece, which leaves 39 bytes or more. The
firmware's menu discards them."""

AHEAD = 40
"""Bytes, with the line end, that may be sent beyond the line whose echo is awaited. Of the firmware's input
buffer of 64 bytes up to 29 are full anyway; with 48 more some lines are lost, with 60 a fifth of them."""

LONGEST_LINE = 512
"""Bytes of a line from the firmware: the longest is an echo of 438. More without an end is noise."""

CHOICES = {
    Choice.WIFI: "unit.setwifi",
    Choice.REBOOT: "unit.reboot",
    Choice.SHUTDOWN: "unit.shutdown",
    Choice.TEST_BEGIN: "system.test.begin",
    Choice.TEST_MIC: "mic.test",
    Choice.TEST_END: "system.test.end",
    Choice.ENABLE_SSH: "unit.enable-ssh",
    Choice.DISABLE_SSH: "unit.disable-ssh",
    Choice.ENABLE_LEARNING: "unit.enable-learning",
    Choice.DISABLE_LEARNING: "unit.disable-learning",
    Choice.FACTORY_RESET: "unit.factory-reset",
    Choice.DEMO: "mycroft.mark1.demo",
}
"""The lines that report a choice in the menu."""


def lines(command: FaceplateCommand) -> Sequence[str]:
    """The lines that have the firmware show a command."""
    match command:
        case EyesAction():
            return (f"eyes.{command.name.lower()}",)
        case MouthAction.STILL | MouthFollows():
            return ()
        case MouthAction():
            return (f"mouth.{command.name.lower()}",)
        case SystemAction():
            return (f"system.{command.name.lower()}",)
        case EyesColor():
            return (f"eyes.color={_number(command)}",)
        case EyesLevel(level):
            return (f"eyes.level={level}",)
        case EyesVolume(volume):
            return (f"eyes.volume={volume}",)
        case EyesBlink(side):
            return (f"eyes.blink={side}",)
        case EyesLook(side):
            return (f"eyes.look={side}",)
        case EyesPixel(index, color):
            return (f"eyes.set={index},{_number(color)}",)
        case EyesFill(last):
            return (f"eyes.fill={last}",)
        case EyesTimedSpin(ms):
            return (f"eyes.spin={ms}",)
        case MouthViseme(code):
            return (f"mouth.viseme={code}",)
        case MouthText(text):
            return (f"mouth.text={text}",)
        case MouthIcon(bitmap, x, y, clear):
            # In the mouth's full height: of lower pictures that are not at row 0 or 4 the firmware loses a row.
            return strips(Bitmap(HEIGHT, tuple(column << y for column in bitmap.columns)), x, clear=clear)
        case Weather(temperature, bitmap):
            return (f"weather.display={temperature},AA", *strips(bitmap, WEATHER_X, clear=False))
        case SystemBlink(times):
            return (f"system.blink={times}",)


def busy_s_after(line: str) -> float:
    """How long the firmware reads nothing after it has echoed this line: it blinks, or restarts (measured)."""
    if line.startswith("system.blink="):
        return float(line.removeprefix("system.blink="))
    return 2.1 if line in lines(SystemAction.RESET) else 0.0


def _number(color: EyesColor) -> int:
    """A colour as the firmware has it; it reads decimal only."""
    return color.r << 16 | color.g << 8 | color.b


def strips(picture: Bitmap, x: int, *, clear: bool) -> Sequence[str]:
    """The lines for a picture of the mouth's full height at column x; `clear` empties the rest of the mouth.

    One that covers the whole mouth empties nothing, so it replaces another one without a dark moment.
    """
    clear = clear and len(picture.columns) < WIDTH
    return tuple(
        f"mouth.icon=x={x + start},cP={clear and not start:d},"
        + icons.encode(Bitmap(HEIGHT, picture.columns[start : start + STRIP]))
        for start in range(0, len(picture.columns), STRIP)
    )


class LineSplitter:
    """Makes lines of the bytes that the firmware sends."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that these bytes complete; of one that is too long the end."""
        *complete, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-LONGEST_LINE:]
        for line in complete:
            yield line[-LONGEST_LINE:].removesuffix(b"\r").decode("latin-1")


@dataclass(frozen=True, slots=True)
class Echo:
    """The firmware has read this line."""

    line: str


@dataclass(frozen=True, slots=True)
class Banner:
    """The firmware has just started."""

    version: str


@dataclass(frozen=True, slots=True)
class Version:
    """The answer to ``system.version``."""

    version: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line with no meaning for the host."""

    line: str


Received = Echo | Banner | Version | Turned | Pressed | Chosen | Unknown

_EVENTS: dict[str, Received] = {
    "volume.up": Turned(1),
    "volume.down": Turned(-1),
    "mycroft.stop": Pressed(),
    **{line: Chosen(choice) for choice, line in CHOICES.items()},
}
_VERSION = re.compile(r"Mycroft Mark 1 v([0-9.]+)")
_BANNER = re.compile(r"Mycroft Mark 1 v([0-9.]+) - Connected$")


def parse(line: str) -> Received:
    """The meaning of a line from the firmware; only a line that is exactly an event is one.

    Except for the banner: what a reset has cut off stands before it in the same line.
    """
    if match := _BANNER.search(line):
        return Banner(match[1])
    if line.startswith(ECHO):
        return Echo(line.removeprefix(ECHO))
    if match := _VERSION.fullmatch(line):
        return Version(match[1])
    return _EVENTS.get(line) or Unknown(line)
