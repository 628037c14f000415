"""What can be shown, as values that know no wire. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

WIDTH = 32
HEIGHT = 8
"""Pixels of the mouth."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A picture: a byte for each column from the left, the lowest bit uppermost."""

    height: int
    columns: tuple[int, ...]

    def shifted(self, x: int, y: int) -> "Bitmap":
        """What of the picture is on the mouth when its upper left corner is at column x and row y.

        Where that is outside of the mouth, the corner moves to its edge.
        """
        top, bottom = max(y, 0), min(y + self.height, HEIGHT)
        columns = self.columns[max(-x, 0) : max(WIDTH - x, 0)]
        mask = (1 << max(bottom - top, 0)) - 1
        return Bitmap(max(bottom - top, 0), tuple(column >> max(-y, 0) & mask for column in columns))

    def over(self, below: "Bitmap", x: int, y: int) -> "Bitmap":
        """This picture at column x, row y over another one; outside of its own cells that shows through.

        Both have to fit on the mouth.
        """
        columns = list(below.columns) + [0] * (WIDTH - len(below.columns))
        mask = ((1 << self.height) - 1) << y
        for column, pixels in enumerate(self.columns, start=x):
            columns[column] = columns[column] & ~mask | pixels << y
        return Bitmap(HEIGHT, tuple(columns))

    @property
    def rows(self) -> list[str]:
        """The rows as texts, the uppermost first, where # is a lit pixel and . a dark one."""
        return ["".join(".#"[column >> y & 1] for column in self.columns) for y in range(self.height)]


EMPTY = Bitmap(HEIGHT, (0,) * WIDTH)


class EyesAction(Enum):
    """What the eyes do without an argument."""

    ON = auto()
    OFF = auto()
    RESET = auto()
    SPIN = auto()
    NARROW = auto()
    WIDEN = auto()
    UNLOOK = auto()


class MouthAction(Enum):
    """What the mouth does without an argument."""

    RESET = auto()
    TALK = auto()
    LISTEN = auto()
    THINK = auto()
    STILL = auto()
    """Ends talking, listening and thinking, and leaves a text or picture alone."""


class SystemAction(Enum):
    """What the faceplate as a whole does without an argument. MUTE switches its amplifier off."""

    RESET = auto()
    MUTE = auto()
    UNMUTE = auto()


@dataclass(frozen=True, slots=True)
class EyesColor:
    """One colour for both eyes; each part 0 to 255."""

    r: int
    g: int
    b: int


@dataclass(frozen=True, slots=True)
class EyesLevel:
    """The brightness of the eyes, 0 (dark) to 30."""

    level: int


DEFAULT_COLOR = EyesColor(0, 0, 255)
DEFAULT_LEVEL = EyesLevel(30)
"""The eyes of a Mark 1 as its owners know them: blue, and as bright as the firmware's own start value."""


@dataclass(frozen=True, slots=True)
class EyesVolume:
    """A level, 0 to 11, on the eyes for 3 s."""

    volume: int


@dataclass(frozen=True, slots=True)
class EyesBlink:
    """A blink of the eye on the side "r" or "l", or of both: "b"."""

    side: str


@dataclass(frozen=True, slots=True)
class EyesLook:
    """A look to "r", "l", "u" (up), "d" (down) or "c" (crossed); it lasts."""

    side: str


@dataclass(frozen=True, slots=True)
class EyesPixel:
    """One pixel, 0 to 11 of the right eye, 12 to 23 of the left, in a colour of its own."""

    index: int
    color: EyesColor


@dataclass(frozen=True, slots=True)
class EyesFill:
    """The pixels from 0 to `last`, 0 to 23, in the eyes' colour, the rest dark."""

    last: int


@dataclass(frozen=True, slots=True)
class EyesTimedSpin:
    """A spin of so many ms, 1 to 32767: the firmware counts no further. It leaves the eyes dark."""

    ms: int


@dataclass(frozen=True, slots=True)
class MouthViseme:
    """A mouth shape, 0 to 6; the firmware ignores it while a text or a picture is shown."""

    code: int


@dataclass(frozen=True, slots=True)
class Weather:
    """A temperature of up to 3 characters, with a degree sign, right of a picture of 8 x 8."""

    temperature: str
    bitmap: Bitmap


@dataclass(frozen=True, slots=True)
class MouthFollows:
    """Whether the mouth moves by itself with what the assistant is doing."""

    on: bool


@dataclass(frozen=True, slots=True)
class SystemBlink:
    """Blinks of the board's own light, a second each, in which the firmware reads nothing."""

    times: int


@dataclass(frozen=True, slots=True)
class MouthText:
    """A text as the skill has it; a display shows what its letters can. It scrolls where it is too wide.

    One that is not to `repeat` goes away when it has been seen.
    """

    text: str
    repeat: bool = True


@dataclass(frozen=True, slots=True)
class MouthIcon:
    """A picture with its upper left corner at column x, row y; `clear` empties the rest of the mouth.

    It is sent in the mouth's full height: of lower ones that are not at row 0 or 4 the firmware loses a row.
    """

    bitmap: Bitmap
    x: int
    y: int
    clear: bool


@dataclass(frozen=True, slots=True)
class LightsAnimation:
    """One of Neon's animations on a row of LEDs, for so many seconds; in the eyes' colour if it has none."""

    animation: str
    color: EyesColor | None
    timeout_s: float


@dataclass(frozen=True, slots=True)
class LightsFeedback:
    """A state as the Mark II's own software names it: asleep, awake, thinking, volume_0 to volume_10."""

    state: str


@dataclass(frozen=True, slots=True)
class LightsBrightness:
    """The brightness of LEDs, 0 to 1."""

    value: float


@dataclass(frozen=True, slots=True)
class LightsError:
    """A short sign that something is impossible."""


EyesCommand = (
    EyesAction | EyesColor | EyesLevel | EyesVolume | EyesBlink | EyesLook | EyesPixel | EyesFill | EyesTimedSpin
)
MouthCommand = MouthAction | MouthViseme | MouthText | MouthIcon | Weather | MouthFollows
SystemCommand = SystemAction | SystemBlink
LightsCommand = LightsAnimation | LightsFeedback | LightsBrightness | LightsError
FaceplateCommand = EyesCommand | MouthCommand | SystemCommand
Command = FaceplateCommand | LightsCommand
