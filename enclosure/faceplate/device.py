"""The Mark 1's face: shows commands over the link, and shows eyes and mouth again when it comes back.

The mouth has one owner, this. What a skill puts there stays until a skill takes it away. What speech and listening
do with the mouth is shown only while nothing else is, and never wipes anything.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from enclosure.display import (
    EMPTY,
    HEIGHT,
    Bitmap,
    Command,
    EyesColor,
    EyesCommand,
    EyesLevel,
    MouthAction,
    MouthCommand,
    MouthIcon,
    MouthText,
    SystemAction,
    SystemCommand,
    Weather,
)
from enclosure.events import Brightness, Chosen, Event, FaceplateState, LinkState, Pressed, Turned
from enclosure.faceplate import text
from enclosure.faceplate.eyes import Eyes, Step
from enclosure.faceplate.link import Link
from enclosure.faceplate.protocol import Banner, lines
from enclosure.ports import SerialPort

DEFAULT_COLOR = EyesColor(0, 0, 255)
DEFAULT_LEVEL = EyesLevel(30)
"""The eyes of a Mark 1 as its owners know them: blue, and as bright as the firmware's own start value."""

STANDS_S = 3.0
"""How long a text stands at least that is not to stay."""

SCROLL_PAUSE_S = text.SCROLL_PIXELS * text.STEP_S / 2 - 0.12
"""After each half of a step of a text that we scroll, which takes 0.12 s on the line. The text is then as fast as
the firmware's own, and the line mostly quiet: the firmware feels neither knob nor button while it reads."""

REFRESH_S = 20.0
"""The firmware's menu wipes pictures, and says nothing when it closes: they are shown again every now and then."""

HAND_S = 1.0
"""How long such a text stands still when somebody has touched knob or button."""

Scene = tuple[str, float]
"""A line for the mouth while a text is shown, and the seconds until the next."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A picture over the weather."""

    below: Weather
    above: MouthIcon


Picture = MouthIcon | Weather | Overlaid


class FaceplateDevice:
    """The Faceplate port over a serial link; `run` has to be running, as a task, for anything to be shown.

    `on_event` gets knob, button, menu and FaceplateState, and must not wait.
    """

    def __init__(self, open_port: Callable[[], SerialPort], on_event: Callable[[Event], None]) -> None:
        self._link = Link(open_port, self._take, self._on_state, self._restore)
        self._on_event = on_event
        self._eyes = Eyes(DEFAULT_COLOR, DEFAULT_LEVEL)
        self._shown: Step | None = None
        self._content: MouthCommand | Overlaid | None = None
        self._reaction: MouthCommand | None = None
        self._idle: MouthCommand | None = None
        self._picture = EMPTY
        self._scenes: Iterator[Scene] = iter(())
        self._touched_until = 0.0
        self._muted: bool | None = None  # until somebody says so

    async def run(self) -> None:
        """Keeps the face up to date for ever."""
        await self._link.run()

    async def flush(self) -> None:
        """Waits until the face has all that it was sent, if it is there."""
        await self._link.drained.wait()

    def forget(self) -> None:
        """Drops what waits for the line: something else is to be seen at once."""
        self._link.forget()

    @property
    def firmware(self) -> str | None:
        """The version of the faceplate's firmware; None while it does not answer."""
        return self._link.firmware if self._link.state is LinkState.CONNECTED else None

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each of the 24 pixels of the eyes, as it was asked for, at full brightness."""
        return self._eyes.pixels

    def show(self, command: Command) -> None:
        """Shows a command now, or as soon as the face is back. On the mouth it stays until the next one."""
        if isinstance(command, EyesCommand):
            self._show_eyes(self._eyes.take(command))
        elif isinstance(command, SystemCommand):
            if command in (SystemAction.MUTE, SystemAction.UNMUTE):
                self._muted = command == SystemAction.MUTE
            self._send(command)
        elif command == MouthAction.RESET:
            self._content, self._picture = None, EMPTY
            self._show_mouth(MouthAction.RESET)  # also before a viseme, which the firmware would ignore
            if by_itself := self._reaction or self._idle:
                self._show_mouth(by_itself)
        else:
            self._show_mouth(self._composed(command))

    def react(self, command: MouthCommand | None) -> None:
        """Shows what the mouth does by itself, unless a skill has put something there; None: nothing any more."""
        before, self._reaction = self._reaction, command
        if self._content is None and (command or before):
            if self._idle and not before:
                self._send(MouthAction.RESET)  # the firmware ignores a viseme over a picture
            self._show_mouth(command or self._idle or MouthAction.RESET)

    def idle(self, command: MouthCommand | None) -> None:
        """Shows what the mouth does where there is nothing else to see; None: nothing any more."""
        before, self._idle = self._idle, command
        if self._content is None and self._reaction is None and command != before:
            self._show_mouth(command or MouthAction.RESET)

    # Eyes.

    def _show_eyes(self, step: Step) -> None:
        """Sends the lines of a step; what has lasted its time is followed by what the eyes look like then."""
        self._shown = step

        def restore() -> None:
            if self._shown is step:  # nothing else has been shown since
                self._show_eyes(self._eyes.restored())

        def wait() -> None:
            if step.lasts_s:
                asyncio.get_running_loop().call_later(step.lasts_s, restore)

        for line in step.lines[:-1]:
            self._link.send(line)
        if step.lines:
            self._link.send(step.lines[-1], wait)
        else:
            wait()

    # Mouth.

    def _composed(self, command: MouthCommand) -> MouthCommand:
        """Makes a command the content of the mouth; returns what to send for it.

        A picture that leaves the rest of the mouth as it is goes out with what lies above and below it.
        """
        clear = self._content is None and bool(self._reaction or self._idle)
        before, self._content = self._content, command
        if not isinstance(command, MouthIcon):
            self._picture = EMPTY
            return command
        below = EMPTY if command.clear else self._picture
        self._picture = command.bitmap.over(below, command.x, command.y)
        self._content = MouthIcon(self._picture, 0, 0, clear=True)
        columns = self._picture.columns[command.x : command.x + len(command.bitmap.columns)]
        shown = MouthIcon(Bitmap(HEIGHT, columns), command.x, 0, command.clear or clear)
        ground = before.below if isinstance(before, Overlaid) else before
        if isinstance(ground, Weather) and not shown.clear:
            self._content = Overlaid(ground, shown)
        return shown

    def _show_mouth(self, command: MouthCommand) -> None:
        self._put_on_mouth(command)
        if (step := self._eyes.mouth(busy=command != MouthAction.RESET)) is not None:
            self._show_eyes(step)

    def _put_on_mouth(self, command: MouthCommand | Overlaid) -> None:
        self._scenes = iter(())
        if isinstance(command, MouthText) and (len(command.text) > text.MAX_LENGTH or not command.repeat):
            self._scenes = _scenes(command)
            self._play(self._scenes)
            return
        self._send(command)
        picture = self._content or command
        if isinstance(picture, Picture):
            self._scenes = _refreshes(picture)
            asyncio.get_running_loop().call_later(REFRESH_S, self._play, self._scenes)

    def _play(self, scenes: Iterator[Scene]) -> None:
        """Shows a text scene by scene, and then nothing; stops when something else is shown."""
        loop = asyncio.get_running_loop()
        if self._scenes is not scenes:
            return
        if self._touched_until > loop.time():
            loop.call_at(self._touched_until, self._play, scenes)
            return
        scene = next(scenes, None)
        if scene is None:
            self.show(MouthAction.RESET)
            return
        line, lasts_s = scene
        self._link.send(line, lambda: loop.call_later(lasts_s, self._play, scenes))

    # The link.

    def _send(self, command: Command | Overlaid) -> None:
        for line in _lines(command):
            self._link.send(line)

    def _restore(self) -> None:
        """Shows everything again, on a face of which nothing is known."""
        self._send(self._eyes.level)
        self._send(self._eyes.color)
        if self._muted is not None:
            self._send(SystemAction.MUTE if self._muted else SystemAction.UNMUTE)
        self._show_eyes(self._eyes.restored())
        self._put_on_mouth(self._content or self._reaction or self._idle or MouthAction.RESET)

    def _on_state(self, state: LinkState) -> None:
        self._on_event(FaceplateState(state, self._link.firmware))
        if state is LinkState.CONNECTED:
            self._restore()

    def _take(self, event: Banner | Turned | Pressed | Chosen | Brightness) -> None:
        if isinstance(event, Banner):
            self._restore()
            return
        if isinstance(event, Turned | Pressed):
            self._touched_until = asyncio.get_running_loop().time() + HAND_S
        if isinstance(event, Brightness):
            self._eyes.level = EyesLevel(event.level)  # the face shows it already
        self._on_event(event)


def _lines(content: Command | Overlaid) -> Sequence[str]:
    if isinstance(content, Overlaid):
        return (*lines(content.below), *lines(content.above))
    return lines(content)


def _scenes(shown: MouthText) -> Iterator[Scene]:
    """A text that the firmware does not show by itself as it should be."""
    if len(shown.text) <= text.MAX_LENGTH:
        yield lines(shown)[0], max(text.duration_s(shown.text), STANDS_S)
        return
    while True:
        for bitmap in text.scrolled(shown.text):
            for line in lines(MouthIcon(bitmap, 0, 0, clear=True)):
                yield line, SCROLL_PAUSE_S
        if not shown.repeat:
            return


def _refreshes(picture: Picture) -> Iterator[Scene]:
    *first, last = _lines(picture)
    while True:
        for line in first:
            yield line, 0.0
        yield last, REFRESH_S
