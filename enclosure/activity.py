"""What the assistant is doing, derived from the messages of this device's own session. Pure."""

from dataclasses import dataclass
from enum import Enum, auto


class Leaving(Enum):
    """Why the machine is about to go."""

    REBOOT = auto()
    SHUTDOWN = auto()
    FACTORY_RESET = auto()


@dataclass(frozen=True, slots=True)
class Activity:
    """One moment of the assistant. A display shows what its board can show of it."""

    booting: bool = False
    waiting_for: str | None = None
    """The service that a start waits for, in capitals; None while that is not worth telling."""
    asleep: bool = False
    muted: bool = False
    """Whether the microphone is switched off."""
    recording: bool = False
    thinking: bool = False
    speaking: bool = False
    playing: bool = False
    leaving: Leaving | None = None
