"""What people and devices do. Pure values, whatever the board."""

import errno
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Turned:
    """The knob was turned by one detent, up (1) or down (-1)."""

    direction: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed and released."""

    button: str = "knob"
    """The name that the profile has for it."""


class Choice(StrEnum):
    """An entry of the faceplate's menu. Learning exists in older firmware only."""

    WIFI = "wifi"
    REBOOT = "reboot"
    SHUTDOWN = "shutdown"
    TEST_BEGIN = "test begin"
    TEST_MIC = "test microphone"
    TEST_END = "test end"
    ENABLE_SSH = "enable ssh"
    DISABLE_SSH = "disable ssh"
    ENABLE_LEARNING = "enable learning"
    DISABLE_LEARNING = "disable learning"
    FACTORY_RESET = "factory reset"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry of the menu was chosen."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class Brightness:
    """The brightness was set in the menu, 1 to 30."""

    level: int


class LinkState(StrEnum):
    """Whether the host can talk to the faceplate."""

    UNPLUGGED = "unplugged"
    SILENT = "silent"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class FaceplateState:
    """The faceplate was connected, lost or found silent."""

    state: LinkState
    firmware: str | None
    """Version of its firmware; None while it is unknown."""


@dataclass(frozen=True, slots=True)
class QuestionShown:
    """The question that was asked can be read in full, or no longer can."""

    visible: bool


@dataclass(frozen=True, slots=True)
class PressedTwice:
    """A button was pressed twice, the second time right after the first."""

    button: str


@dataclass(frozen=True, slots=True)
class Held:
    """A button has been down for as long as the profile asks for, and still is."""

    button: str


@dataclass(frozen=True, slots=True)
class Switched:
    """A switch is on or off: at the start, after its chip was away, and when it is moved."""

    switch: str
    on: bool


class PartState(StrEnum):
    """Whether a part of the board can be used."""

    CONNECTED = "connected"
    MISSING = "missing"
    TAKEN = "taken"
    """Another program or a kernel driver has it."""
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class BoardState:
    """A part of the board, such as its controls, was connected or lost."""

    part: str
    state: PartState
    detail: str = ""
    """What is wrong, for the owner to read."""

    @classmethod
    def lost(cls, part: str, error: OSError) -> "BoardState":
        """The state of a part after an error."""
        return cls(part, _STATES.get(error.errno or 0, PartState.MISSING), error.strerror or str(error))


_STATES = {errno.EBUSY: PartState.TAKEN, errno.EACCES: PartState.FORBIDDEN, errno.EPERM: PartState.FORBIDDEN}

Event = (
    Turned
    | Pressed
    | PressedTwice
    | Held
    | Switched
    | Chosen
    | Brightness
    | FaceplateState
    | QuestionShown
    | BoardState
)
