"""The Mark 1's face: shows commands over the link, and shows eyes and mouth again when it comes back.

The mouth has one owner, this. What a skill puts there stays until a skill takes it away. What speech and listening
do with the mouth is shown only while nothing else is, and never wipes anything.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from enclosure.faceplate import icons, text
from enclosure.faceplate.eyes import Eyes, Step
from enclosure.faceplate.frames import (
    MOUTH_RESET,
    SYSTEM_MUTE,
    SYSTEM_UNMUTE,
    Banner,
    Brightness,
    Command,
    Event,
    EyesColor,
    EyesLevel,
    MouthIcon,
    MouthText,
)
from enclosure.faceplate.link import Link, State
from enclosure.ports import SerialPort

DEFAULT_COLOR = EyesColor(0, 0, 255)
DEFAULT_LEVEL = EyesLevel(30)
"""The eyes of a Mark 1 as its owners know them: blue, and as bright as the firmware's own start value."""

PAGE_MIN_S = 3.0
"""How long a page of a longer text stands that is short enough not to move."""


@dataclass(frozen=True, slots=True)
class FaceplateState:
    """An event: the faceplate has come or gone."""

    state: State
    firmware: str | None


class FaceplateDevice:
    """The Faceplate port over a serial link; `run` has to be running, as a task, for anything to be shown.

    `on_event` gets knob, button, menu and FaceplateState, and must not wait.
    """

    def __init__(
        self, open_port: Callable[[], SerialPort], on_event: Callable[[Event | FaceplateState], None]
    ) -> None:
        self._link = Link(open_port, self._take, self._on_state, self._restore)
        self._on_event = on_event
        self._eyes = Eyes(DEFAULT_COLOR, DEFAULT_LEVEL)
        self._eyes_timer: asyncio.TimerHandle | None = None
        self._steps: Sequence[Step] = ()
        self._content: Command | None = None
        self._reaction: Command | None = None
        self._picture = icons.EMPTY
        self._page_timer: asyncio.TimerHandle | None = None
        self._muted: bool | None = None  # until somebody says so

    async def run(self) -> None:
        """Keeps the face up to date for ever."""
        await self._link.run()

    async def flush(self) -> None:
        """Waits until the face has all that it was sent, if it is there."""
        await self._link.drained.wait()

    @property
    def firmware(self) -> str | None:
        """The version of the faceplate's firmware; None while it has not told."""
        return self._link.firmware

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each of the 24 pixels of the eyes, as it was asked for, at full brightness."""
        return self._eyes.pixels

    def show(self, command: Command) -> None:
        """Shows a command now, or as soon as the face is back. On the mouth it stays until the next one."""
        line = command.lines[0]
        if line.startswith("eyes."):
            self._step(self._eyes.take(command))
        elif line.startswith("system."):
            if command in (SYSTEM_MUTE, SYSTEM_UNMUTE):
                self._muted = command == SYSTEM_MUTE
            self._send(command)
        elif command == MOUTH_RESET:
            self._content, self._picture = None, icons.EMPTY
            self._show_mouth(MOUTH_RESET)  # also before a viseme, which the firmware would ignore
            if self._reaction is not None:
                self._show_mouth(self._reaction)
        else:
            self._show_mouth(self._composed(command))

    def react(self, command: Command | None) -> None:
        """Shows what the mouth does by itself, unless a skill has put something there; None: nothing any more."""
        before, self._reaction = self._reaction, command
        if self._content is None and (command or before):
            self._show_mouth(command or MOUTH_RESET)

    # Eyes.

    def _step(self, steps: Sequence[Step]) -> None:
        """Sends the lines of the first step, and the next ones when it has lasted its time."""
        if self._eyes_timer is not None:
            self._eyes_timer.cancel()
            self._eyes_timer = None
        self._steps = steps
        if not steps:
            return
        first, rest = steps[0], steps[1:]

        def wait() -> None:
            if rest and self._steps is steps:  # nothing else has been shown since
                self._eyes_timer = asyncio.get_running_loop().call_later(first.lasts_s, self._step, rest)

        for line in first.lines[:-1]:
            self._link.send(line)
        if first.lines:
            self._link.send(first.lines[-1], wait)
        else:
            wait()

    # Mouth.

    def _composed(self, command: Command) -> Command:
        """Makes a command the content of the mouth; returns what to send for it.

        A picture that leaves the rest of the mouth as it is goes out with what lies above and below it.
        """
        self._content = command
        if not isinstance(command, MouthIcon):
            self._picture = icons.EMPTY
            return command
        below = icons.EMPTY if command.clear else self._picture
        self._picture = command.bitmap.over(below, command.x, command.y)
        self._content = MouthIcon(self._picture, 0, 0, clear=True)
        columns = self._picture.columns[command.x : command.x + len(command.bitmap.columns)]
        return MouthIcon(icons.Bitmap(icons.HEIGHT, columns), command.x, 0, command.clear)

    def _show_mouth(self, command: Command) -> None:
        if self._page_timer is not None:
            self._page_timer.cancel()
            self._page_timer = None
        if isinstance(command, MouthText):
            pages = text.pages(command.text)
            if len(pages) > 1 or not command.repeat:
                self._turn_page(cycle(pages) if command.repeat else iter(pages))
                return
        self._send(command)
        if command != MOUTH_RESET and (steps := self._eyes.mouth_shown()):
            self._step(steps)

    def _turn_page(self, pages: Iterator[str]) -> None:
        """Shows the next page of a text; when there is none, empties the mouth."""
        page = next(pages, None)
        if page is None:
            self.show(MOUTH_RESET)
            return
        stands_s = max(text.duration_s(page), PAGE_MIN_S)

        def wait() -> None:
            self._page_timer = asyncio.get_running_loop().call_later(stands_s, self._turn_page, pages)

        self._link.send(MouthText(page).lines[0], wait)

    # The link.

    def _send(self, command: Command) -> None:
        for line in command.lines:
            self._link.send(line)

    def _restore(self) -> None:
        """Shows everything again, on a face of which nothing is known."""
        self._send(self._eyes.level)
        self._send(self._eyes.color)
        if self._muted is not None:
            self._send(SYSTEM_MUTE if self._muted else SYSTEM_UNMUTE)
        self._step(self._eyes.restored())
        self._show_mouth(self._content or self._reaction or MOUTH_RESET)

    def _on_state(self, state: State) -> None:
        self._on_event(FaceplateState(state, self.firmware))
        if state is State.CONNECTED:
            self._restore()

    def _take(self, event: Event) -> None:
        if isinstance(event, Banner):
            self._restore()
            return
        if isinstance(event, Brightness):
            self._eyes.level = EyesLevel(event.level)  # the face shows it already
        self._on_event(event)
