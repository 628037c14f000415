"""The Mark 1's face: shows commands over the link, and shows the last eyes and mouth again when it comes back."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import cycle

from enclosure.faceplate import icons, text
from enclosure.faceplate.frames import (
    EYES_OFF,
    EYES_ON,
    EYES_RESET,
    MOUTH_RESET,
    Banner,
    Command,
    Event,
    EyesBlink,
    EyesColor,
    EyesLevel,
    EyesVolume,
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


class FaceMemory:
    """What is to be seen on the face: pure, fed with commands, and able to say how to get there from a reset."""

    def __init__(self) -> None:
        self._color = DEFAULT_COLOR
        self._level = DEFAULT_LEVEL
        self._eyes: Command = EYES_RESET
        self._mouth: Command = MOUTH_RESET
        self._picture = icons.EMPTY

    def take(self, command: Command) -> Command:
        """Remembers what lasts (a blink or a volume ring passes); returns what to send for it.

        That differs for a picture that leaves the rest of the mouth as it is: it is sent with what lies above
        and below it.
        """
        match command:
            case EyesColor():
                self._color = command
                self._light()
            case EyesLevel():
                self._level = command
                self._light()
            case EyesBlink() | EyesVolume():
                pass
            case MouthIcon(bitmap, x, y, clear):
                self._picture = bitmap.over(icons.EMPTY if clear else self._picture, x, y)
                self._mouth = MouthIcon(self._picture, 0, 0, clear=True)
                columns = self._picture.columns[x : x + len(bitmap.columns)]
                return MouthIcon(icons.Bitmap(icons.HEIGHT, columns), x, 0, clear)
            case _ if is_mouth(command):
                self._picture = icons.EMPTY
                self._mouth = command
            case _:
                # eyes.on would leave a freshly started face spinning.
                self._eyes = EYES_RESET if command is EYES_ON else command
        return command

    @property
    def commands(self) -> list[Command]:
        """What brings a face back that has just been reset; the pose after the colour, which ends no spin."""
        return [self._level, self._color, self._eyes, self._mouth]

    def _light(self) -> None:
        """The firmware lights dark eyes when it is told a colour or a level."""
        if self._eyes is EYES_OFF:
            self._eyes = EYES_RESET


def is_mouth(command: Command) -> bool:
    """Whether a command changes what is on the mouth."""
    return command.lines[0].startswith("mouth.")


class FaceplateDevice:
    """The Faceplate port over a serial link; `run` has to be running, as a task, for anything to be shown.

    `on_event` gets knob and button, and must not wait.
    """

    def __init__(self, open_port: Callable[[], SerialPort], on_event: Callable[[Event], None]) -> None:
        self._memory = FaceMemory()
        self._link = Link(open_port, self._take, self._on_state)
        self._on_event = on_event
        self._next_page: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Keeps the face up to date for ever."""
        await self._link.run()

    def show(self, command: Command) -> None:
        """Shows a command now, or as soon as the face is back."""
        self._send(self._memory.take(command))

    def _send(self, command: Command) -> None:
        if is_mouth(command) and self._next_page is not None:
            self._next_page.cancel()
        if isinstance(command, MouthText) and len(pages := text.pages(command.text)) > 1:
            self._turn_page(cycle(pages))
            return
        for line in command.lines:
            self._link.send(line)

    def _turn_page(self, pages: Iterator[str]) -> None:
        page = next(pages)
        self._link.send(MouthText(page).lines[0])
        stands_s = max(text.duration_s(page), PAGE_MIN_S)
        self._next_page = asyncio.get_running_loop().call_later(stands_s, self._turn_page, pages)

    def _restore(self) -> None:
        for command in self._memory.commands:
            self._send(command)

    def _on_state(self, state: State) -> None:
        if state is State.CONNECTED:
            self._restore()

    def _take(self, event: Event) -> None:
        if isinstance(event, Banner):
            self._restore()
        else:
            self._on_event(event)
