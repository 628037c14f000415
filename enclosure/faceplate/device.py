"""The Mark 1's faceplate as a display: eyes and mouth say what to send, and this is when and where it goes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from enclosure.activity import Activity
from enclosure.display import (
    DEFAULT_COLOR,
    DEFAULT_LEVEL,
    Bitmap,
    Command,
    EyesAction,
    EyesColor,
    EyesCommand,
    EyesLevel,
    LightsCommand,
    SystemAction,
    SystemCommand,
)
from enclosure.events import (
    Brightness,
    Choice,
    Chosen,
    Event,
    FaceplateState,
    LinkState,
    Pressed,
    QuestionShown,
    Turned,
)
from enclosure.faceplate.eyes import Eyes
from enclosure.faceplate.link import Link
from enclosure.faceplate.mouth import Mouth
from enclosure.faceplate.player import Player
from enclosure.faceplate.protocol import GROW, Banner, lines
from enclosure.faceplate.scene import Scenes
from enclosure.ports import SerialPort

HAND_S = 1.0
"""How long patient scenes wait after a turn or a press."""

MENU_CHOSEN_S, MENU_TURNED_S = 1.0, 5.3
"""The firmware's menu has closed so long after a choice, or after the last turn in it (measured: at once, 5 s)."""


class FaceplateDevice:
    """The Display port over a serial link; `run` has to be running, as a task, for anything to be shown.

    `on_event` gets knob, button, menu, QuestionShown and FaceplateState, and must not wait.
    """

    def __init__(self, open_port: Callable[[], SerialPort], on_event: Callable[[Event], None]) -> None:
        self._link = Link(open_port, self._receive, self._on_state, self._restore)
        self._on_event = on_event
        self._mouth = Mouth()
        self._eyes = Eyes(
            DEFAULT_COLOR, DEFAULT_LEVEL, lambda: asyncio.get_running_loop().time(), lambda: self._mouth.busy
        )
        self._activity = Activity()
        self._muted: bool | None = None
        """Whether the amplifier is switched off; None until a message says so."""
        self._touched_until = 0.0
        self._menu: asyncio.TimerHandle | None = None
        self._question_shown = False
        self._tests = False
        """Whether the menu's test runs: the assistant is put to sleep for it, which the eyes do not show."""
        self._grown = False
        """Whether GROW was sent at a time when the firmware's menu was closed, which otherwise discards it."""
        self._on_mouth = Player(self._link, self._wait_s, self._report_question)
        self._on_eyes = Player(self._link, self._wait_s, lambda: None)

    async def run(self) -> None:
        """Keeps the faceplate up to date until cancelled."""
        await self._link.run()

    async def close(self) -> None:
        """Shows what one without this daemon, or one that is leaving, looks like; returns when it is shown."""
        self._link.forget()
        self._mouth = Mouth()
        self._on_mouth.play(self._mouth.scenes())
        self._eyes.show(EyesAction.RESET)
        self._eyes.indicate(Activity(leaving=self._activity.leaving))
        self._on_eyes.play(self._eyes.restored())
        await self._link.drained.wait()

    @property
    def firmware(self) -> str | None:
        """Version of the faceplate's firmware; None while it does not answer."""
        return self._link.firmware if self._link.state is LinkState.CONNECTED else None

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each of the 24 pixels of the eyes, as it was asked for, at full brightness."""
        return self._eyes.pixels

    @property
    def mouth(self) -> Bitmap:
        """What skills and the activity show on the mouth, without questions and notices."""
        return self._mouth.picture

    def show(self, command: Command) -> None:
        """Shows what a skill asks for."""
        if isinstance(command, EyesCommand):
            self._on_eyes.play(self._eyes.show(command))
        elif isinstance(command, SystemCommand):
            if command in (SystemAction.MUTE, SystemAction.UNMUTE):
                self._muted = command == SystemAction.MUTE
            self._send(lines(command))
        elif not isinstance(command, LightsCommand):
            self._show_mouth(self._mouth.show(command))

    def indicate(self, activity: Activity) -> None:
        """Shows what the assistant is doing now."""
        if self._tests:
            activity = replace(activity, asleep=False)
        self._activity = activity
        self._show_mouth(self._mouth.indicate(activity))
        self._show_eyes(self._eyes.indicate(activity))

    def notify(self, text: str) -> None:
        """Shows a short text until it has been read; the next one replaces it."""
        self._show_mouth(self._mouth.notify(text))

    def show_volume(self, level: float) -> None:
        """Shows the volume, 0 to 1, on the eyes for 3 s."""
        self._on_eyes.play(self._eyes.show_volume(level))

    def ask(self, question: str | None) -> None:
        """Shows a question that waits for a press, above all else; None ends it."""
        self._show_mouth(self._mouth.ask(question))

    def _show_eyes(self, scenes: Scenes | None) -> None:
        if scenes is not None:
            self._on_eyes.play(scenes)

    def _show_mouth(self, scenes: Scenes | None) -> None:
        if scenes is not None:
            self._on_mouth.play(scenes)
            if self._mouth.busy:
                self._show_eyes(self._eyes.mouth_filled())

    def _restore(self) -> None:
        """Shows everything again, on a faceplate of which nothing is known."""
        self._tests = False
        self._link.forget()
        self._send(GROW)
        if self._muted is not None:
            self._send(lines(SystemAction.MUTE if self._muted else SystemAction.UNMUTE))
        self._on_eyes.play(self._eyes.restored())
        self._on_mouth.play(self._mouth.scenes())

    def _refresh(self) -> None:
        """Shows again what the menu has changed, wiped or discarded."""
        if wait_s := self._wait_s():
            self._refresh_in(wait_s)
            return
        self._grow()
        eyes, mouth = self._eyes.refreshed(), self._mouth.refreshed()
        for player, scenes in ((self._on_eyes, eyes), (self._on_mouth, mouth)):
            if scenes is None:
                player.hurry()
            else:
                player.play(scenes)

    def _grow(self) -> None:
        """Sends GROW once more where the firmware's menu may have discarded it."""
        if not self._grown:
            self._grown = True
            self._send(GROW)

    def _refresh_in(self, seconds: float) -> None:
        if self._menu is not None:
            self._menu.cancel()
        self._menu = asyncio.get_running_loop().call_later(seconds, self._refresh)

    def _on_state(self, state: LinkState) -> None:
        self._on_event(FaceplateState(state, self._link.firmware))
        if state is LinkState.CONNECTED:
            self._restore()
            self._grown = False
            self._refresh_in(MENU_TURNED_S)
        self._report_question()

    def _report_question(self) -> None:
        """Reports whether the question can be read, where that has changed."""
        readable = self._mouth.readable and self._link.state is LinkState.CONNECTED
        if readable != self._question_shown:
            self._question_shown = readable
            self._on_event(QuestionShown(readable))

    def _wait_s(self) -> float:
        return max(self._touched_until - asyncio.get_running_loop().time(), 0.0)

    def _send(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._link.send(line)

    def _receive(self, event: Banner | Turned | Pressed | Chosen | Brightness) -> None:
        match event:
            case Banner():
                self._restore()
                self._grown = True
                return
            case Turned() | Pressed():
                self._touched_until = asyncio.get_running_loop().time() + HAND_S
            case Brightness(level):
                self._eyes.level = EyesLevel(level)  # the faceplate shows it already
                self._refresh_in(MENU_TURNED_S)
            case Chosen(Choice.TEST_BEGIN):
                self._tests = True
            case Chosen(Choice.TEST_END):
                self._restore()  # the test leaves white eyes, an empty mouth and the amplifier on
            case Chosen():
                self._grow()
                self._refresh_in(MENU_CHOSEN_S)
        self._on_event(event)
