"""What goes over the faceplate's serial line: commands as lines, and lines as events. Pure.

Lines are printable ASCII without a line end; nothing that a command holds can become a second line.
Facts: the real firmware v1.4.2, measured.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from enclosure.faceplate import icons

ECHO = "Command: "
"""What the firmware puts before each line that it has read."""

ICON_LIMIT = 59
"""Characters that one picture command may carry after its `=`; a longer one is sent in two parts."""

ICON_SPLIT = 40
"""Where a picture is split. Always at the same place: a first part that is shorter than an earlier one keeps the
tail of that; and in halves, because the firmware has little memory left for it."""


class Command(Protocol):
    """Something that the faceplate can be told to do."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that say so."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A command without an argument, such as ``eyes.on``."""

    line: str

    @property
    def lines(self) -> tuple[str, ...]:
        return (self.line,)


EYES_ON = Plain("eyes.on")
EYES_OFF = Plain("eyes.off")
EYES_RESET = Plain("eyes.reset")
EYES_SPIN = Plain("eyes.spin")
EYES_NARROW = Plain("eyes.narrow")
EYES_WIDEN = Plain("eyes.widen")
EYES_UNLOOK = Plain("eyes.unlook")
MOUTH_RESET = Plain("mouth.reset")
MOUTH_TALK = Plain("mouth.talk")
MOUTH_LISTEN = Plain("mouth.listen")
MOUTH_THINK = Plain("mouth.think")
SYSTEM_RESET = Plain("system.reset")
SYSTEM_MUTE = Plain("system.mute")
SYSTEM_UNMUTE = Plain("system.unmute")
VERSION = Plain("system.version")


@dataclass(frozen=True, slots=True)
class EyesColor:
    """One colour for both eyes; each part 0 to 255."""

    r: int
    g: int
    b: int

    @property
    def number(self) -> int:
        """As the firmware has it; it reads decimal only."""
        return self.r << 16 | self.g << 8 | self.b

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.color={self.number}",)


@dataclass(frozen=True, slots=True)
class EyesLevel:
    """The brightness of the eyes, 0 (dark) to 30."""

    level: int

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.level={self.level}",)


@dataclass(frozen=True, slots=True)
class EyesVolume:
    """A level, 0 to 11, on the eyes for 3 s."""

    volume: int

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.volume={self.volume}",)


@dataclass(frozen=True, slots=True)
class EyesBlink:
    """A blink of the eye on the side "r" or "l", or of both: "b"."""

    side: str

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.blink={self.side}",)


@dataclass(frozen=True, slots=True)
class EyesLook:
    """A look to "r", "l", "u" (up), "d" (down) or "c" (crossed); it lasts."""

    side: str

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.look={self.side}",)


@dataclass(frozen=True, slots=True)
class EyesPixel:
    """One pixel, 0 to 11 of the right eye, 12 to 23 of the left, in a colour of its own."""

    index: int
    color: EyesColor

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.set={self.index},{self.color.number}",)


@dataclass(frozen=True, slots=True)
class EyesFill:
    """The pixels from 0 to `last`, 0 to 23, in the eyes' colour, the rest dark."""

    last: int

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.fill={self.last}",)


@dataclass(frozen=True, slots=True)
class EyesTimedSpin:
    """A spin of so many ms, 1 to 32767: the firmware counts no further. It leaves the eyes dark."""

    ms: int

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.spin={self.ms}",)


@dataclass(frozen=True, slots=True)
class MouthViseme:
    """A mouth shape, 0 to 6; the firmware ignores it while a text or a picture is shown."""

    code: int

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"mouth.viseme={self.code}",)


@dataclass(frozen=True, slots=True)
class Weather:
    """A temperature of up to 3 characters, with a degree sign, right of a picture of 8 x 8."""

    temperature: str
    bitmap: icons.Bitmap

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"weather.display={self.temperature},x=2,{icons.encode(self.bitmap)}",)


@dataclass(frozen=True, slots=True)
class SystemBlink:
    """Blinks of the board's own light; the firmware is deaf for a second for each."""

    times: int

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"system.blink={self.times}",)


@dataclass(frozen=True, slots=True)
class MouthText:
    """A text, already displayable (see `enclosure.faceplate.text`).

    One that is not to `repeat` goes away when it has been seen. The line is only for what the firmware bears.
    """

    text: str
    repeat: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"mouth.text={self.text}",)


@dataclass(frozen=True, slots=True)
class MouthIcon:
    """A picture with its upper left corner at column x, row y; `clear` empties the rest of the mouth.

    It is sent in the mouth's full height: of lower ones that are not at row 0 or 4 the firmware loses a row.
    """

    bitmap: icons.Bitmap
    x: int
    y: int
    clear: bool

    @property
    def lines(self) -> tuple[str, ...]:
        # The firmware takes these prefixes in this order only.
        full = icons.Bitmap(icons.HEIGHT, tuple(column << self.y for column in self.bitmap.columns))
        icon = f"x={self.x},y=0,cP={self.clear:d},{icons.encode(full)}"
        if len(icon) <= ICON_LIMIT:
            return (f"mouth.icon={icon}",)
        return (f"mouth.icon={icon[:ICON_SPLIT]}$", f"mouth.icon=${icon[ICON_SPLIT:]}")


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
class Turned:
    """The knob was turned by one detent, to louder (1) or softer (-1)."""

    direction: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """The button was pressed and released."""


class Choice(StrEnum):
    """What somebody has chosen in the menu; the value is the firmware's line. Learning is older firmware's."""

    WIFI = "unit.setwifi"
    REBOOT = "unit.reboot"
    SHUTDOWN = "unit.shutdown"
    TEST_BEGIN = "system.test.begin"
    TEST_MIC = "mic.test"
    TEST_END = "system.test.end"
    ENABLE_SSH = "unit.enable-ssh"
    DISABLE_SSH = "unit.disable-ssh"
    ENABLE_LEARNING = "unit.enable-learning"
    DISABLE_LEARNING = "unit.disable-learning"
    FACTORY_RESET = "unit.factory-reset"
    DEMO = "mycroft.mark1.demo"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Somebody has chosen something in the menu."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class Brightness:
    """Somebody has set the brightness in the menu, 1 to 30."""

    level: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line that means nothing to us."""

    line: str


Event = Echo | Banner | Version | Turned | Pressed | Chosen | Brightness | Unknown

_EVENTS: dict[str, Event] = {
    "volume.up": Turned(1),
    "volume.down": Turned(-1),
    "mycroft.stop": Pressed(),
    **{choice.value: Chosen(choice) for choice in Choice},
}
_VERSION = re.compile(r"Mycroft Mark 1 v([0-9.]+)")
_BANNER = re.compile(r"Mycroft Mark 1 v([0-9.]+) - Connected$")


def parse(line: str) -> Event:
    """The event that a line from the firmware is; only a line that is exactly an event is one.

    Except for the banner: what a reset has cut off stands before it in the same line.
    """
    if match := _BANNER.search(line):
        return Banner(match[1])
    if line.startswith(ECHO):
        return Echo(line.removeprefix(ECHO))
    if match := _VERSION.fullmatch(line):
        return Version(match[1])
    return _EVENTS.get(line) or Unknown(line)
