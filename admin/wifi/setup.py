"""The steps of wifi setup, from the access point to the network that was chosen. Pure.

Events go in, effects come out. The caller provides the time, and an event `Tick` at `Setup.deadline`.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from admin.wifi.networks import Choice
from admin.wifi.outcome import Failure

OPENING_S = 90.0
"""How long two scans and the access point may take: 9 s each were seen under load."""

IDLE_S = 300.0
"""How long the access point stays open without a guest; as in mycroft-wifi-setup."""

GUEST_GONE_S = 30.0
"""How long a guest may be away: phones sleep. As in mycroft-wifi-setup."""

TRY_S = 120.0
"""How long joining a network may take: NetworkManager waits 25 s for the network and 45 s for an address."""


class Step(Enum):
    """Where the setup is."""

    CLOSED = auto()
    OPENING = auto()
    OPEN = auto()
    """The access point waits for a guest."""
    JOINED = auto()
    """A guest is there."""
    TRYING = auto()
    """The access point is closed, since there is one radio, and the chosen network is joined."""


# Events.


@dataclass(frozen=True, slots=True)
class Start:
    """The user wants a setup."""

    allow_timeout: bool = True
    """Whether it ends after IDLE_S without a guest."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The access point is open."""


@dataclass(frozen=True, slots=True)
class OpeningFailed:
    """The access point could not be opened."""

    error: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The access point is not open any more: another program has taken the radio."""


@dataclass(frozen=True, slots=True)
class Guests:
    """So many devices are in the access point's network."""

    count: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """The guest has chosen a network."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class Joined:
    """The device is in the chosen network."""


@dataclass(frozen=True, slots=True)
class JoiningFailed:
    """The chosen network was not joined."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The setup is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Event = Start | Opened | OpeningFailed | Lost | Guests | Chosen | Joined | JoiningFailed | Cancelled | Tick


# Effects. Each of the first three replaces the one before, which is cancelled if it is under way.


@dataclass(frozen=True, slots=True)
class Open:
    """Open the access point; report Opened or OpeningFailed."""

    scan: bool
    """Whether to look for networks before that: many radios cannot while the access point is open."""


@dataclass(frozen=True, slots=True)
class Join:
    """Join a network; report Joined or JoiningFailed."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class Close:
    """Close the access point, whether it is open or not."""

    restore: bool
    """Whether to join the network from before the setup again."""


class Report(Enum):
    """What to report on the bus."""

    UP = auto()
    GUEST_JOINED = auto()
    GUEST_LEFT = auto()
    TRYING = auto()
    FAILED = auto()
    """With `Setup.failure`."""
    CONNECTED = auto()
    DOWN = auto()
    ERROR = auto()
    """With `Setup.error`."""


Effect = Open | Join | Close | Report


class Setup:
    """One setup at a time. An event that does not fit the step has no effect."""

    def __init__(self) -> None:
        self.step = Step.CLOSED
        self.choice: Choice | None = None
        """The network of the last attempt."""
        self.failure: Failure | None = None
        """Why the last attempt has failed."""
        self.joined = False
        """Whether it has ended in the chosen network."""
        self.error: str | None = None
        """Why the access point could not be opened, or kept open."""
        self.deadline: float | None = None
        """When the next Tick is due."""
        self._allow_timeout = True

    @property
    def is_open(self) -> bool:
        """Whether the access point is open, with a guest or without."""
        return self.step in (Step.OPEN, Step.JOINED)

    def handle(self, event: Event, now: float) -> tuple[Effect, ...]:
        """Takes an event at a time in seconds; returns what is to be done, in order."""
        match event:
            case Start(allow_timeout):
                return self._start(allow_timeout, now)
            case Opened():
                return self._opened(now)
            case OpeningFailed(error):
                return self._opening_failed(error)
            case Lost():
                return self._lose()
            case Guests(count):
                return self._count_guests(count, now)
            case Chosen(choice):
                return self._choose(choice, now)
            case Joined():
                return self._joined()
            case JoiningFailed(failure):
                return self._joining_failed(failure, now)
            case Cancelled():
                return self._cancel()
            case Tick():
                return self._tick(now)
        assert_never(event)

    def _start(self, allow_timeout: bool, now: float) -> tuple[Effect, ...]:
        if self.step is not Step.CLOSED:
            return ()
        self.choice = self.failure = self.error = None
        self.joined = False
        self._allow_timeout = allow_timeout
        self._go(Step.OPENING, now + OPENING_S)
        return (Open(scan=True),)

    def _opened(self, now: float) -> tuple[Effect, ...]:
        if self.step is not Step.OPENING:
            return ()
        self._wait_for_guest(now)
        return (Report.UP,)

    def _opening_failed(self, error: str) -> tuple[Effect, ...]:
        if self.step is not Step.OPENING:
            return ()
        self.error = error
        self._go(Step.CLOSED)
        return (Close(restore=True), Report.ERROR)

    def _lose(self) -> tuple[Effect, ...]:
        if not self.is_open:
            return ()
        self.error = "another program has taken the radio"
        self._go(Step.CLOSED)
        return (Close(restore=False), Report.ERROR)

    def _count_guests(self, count: int, now: float) -> tuple[Effect, ...]:
        if self.step is Step.OPEN and count:
            self._go(Step.JOINED)
            return (Report.GUEST_JOINED,)
        if self.step is Step.JOINED:
            if count:
                self.deadline = None
            elif self.deadline is None:
                self.deadline = now + GUEST_GONE_S
        return ()

    def _choose(self, choice: Choice, now: float) -> tuple[Effect, ...]:
        if not self.is_open or not choice.is_valid:
            return ()
        self.choice, self.failure = choice, None
        self._go(Step.TRYING, now + TRY_S)
        return (Report.TRYING, Join(choice))

    def _joined(self) -> tuple[Effect, ...]:
        if self.step is not Step.TRYING:
            return ()
        self.joined = True
        self._go(Step.CLOSED)
        return (Close(restore=False), Report.CONNECTED, Report.DOWN)

    def _joining_failed(self, failure: Failure, now: float) -> tuple[Effect, ...]:
        if self.step is not Step.TRYING:
            return ()
        self.failure = failure
        self._go(Step.OPENING, now + OPENING_S)
        return (Report.FAILED, Open(scan=False))

    def _cancel(self) -> tuple[Effect, ...]:
        if self.step is Step.CLOSED:
            return ()
        self._go(Step.CLOSED)
        return (Close(restore=True), Report.DOWN)

    def _tick(self, now: float) -> tuple[Effect, ...]:
        if self.deadline is None or now < self.deadline:
            return ()
        match self.step:
            case Step.OPENING:
                return self._opening_failed(f"not open after {OPENING_S:g} s")
            case Step.OPEN:
                return self._cancel()
            case Step.JOINED:
                self._wait_for_guest(now)
                return (Report.GUEST_LEFT,)
            case Step.TRYING:
                return self._joining_failed(Failure.NO_ANSWER, now)
            case Step.CLOSED:
                raise AssertionError("a closed setup waits for nothing")

    def _wait_for_guest(self, now: float) -> None:
        self._go(Step.OPEN, now + IDLE_S if self._allow_timeout else None)

    def _go(self, step: Step, deadline: float | None = None) -> None:
        self.step, self.deadline = step, deadline
        if step is Step.CLOSED and self.choice:
            self.choice = Choice(self.choice.ssid)  # without its password
