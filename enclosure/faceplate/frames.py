"""What goes over the faceplate's serial line: commands as lines, and lines as events. Pure.

Lines are printable ASCII without a line end; nothing that a command holds can become a second line.
Facts: the real firmware v1.4.2, measured.
"""

import re
from dataclasses import dataclass
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
MOUTH_RESET = Plain("mouth.reset")
MOUTH_TALK = Plain("mouth.talk")
MOUTH_LISTEN = Plain("mouth.listen")
MOUTH_THINK = Plain("mouth.think")
VERSION = Plain("system.version")


@dataclass(frozen=True, slots=True)
class EyesColor:
    """One colour for both eyes; each part 0 to 255."""

    r: int
    g: int
    b: int

    @property
    def lines(self) -> tuple[str, ...]:
        return (f"eyes.color={self.r << 16 | self.g << 8 | self.b}",)  # the firmware reads decimal only


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
class MouthText:
    """One page of text, already displayable (see `enclosure.faceplate.text`)."""

    text: str

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


@dataclass(frozen=True, slots=True)
class Unknown:
    """A line that means nothing to us."""

    line: str


Event = Echo | Banner | Version | Turned | Pressed | Unknown

_EVENTS: dict[str, Event] = {
    "volume.up": Turned(1),
    "volume.down": Turned(-1),
    "mycroft.stop": Pressed(),
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
