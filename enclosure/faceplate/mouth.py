"""The mouth as it should look, in layers, and the lines that make the firmware show it. Pure.

The layers, top first: question, notification, skill content, activity, rest. Every method returns the scenes to
play from then on, or None where what can be seen stays as it is.
"""

from collections.abc import Sequence
from enum import IntEnum, auto

from enclosure import artwork
from enclosure.activity import Activity
from enclosure.display import (
    EMPTY,
    HEIGHT,
    WIDTH,
    Bitmap,
    MouthAction,
    MouthCommand,
    MouthFollows,
    MouthIcon,
    MouthText,
    MouthViseme,
    Weather,
)
from enclosure.faceplate import text
from enclosure.faceplate.protocol import TEXT_LIMIT, lines, strips
from enclosure.faceplate.scene import REFRESH_S, Scene, Scenes

STANDS_S = 3.0
"""How long a short text that is not to repeat stands."""

DRAWN_S = 0.25
"""How long the firmware takes from the echo of a text until it is there (0.17 to 0.22 s, measured)."""

SCROLL_PAUSE_S = text.SCROLL_PIXELS * text.STEP_S - 0.24
"""After each step of a text that the host scrolls, whose picture takes 0.24 s on the line. The text is then as
fast as the firmware's own, and the line mostly quiet: the firmware samples neither knob nor button while it
reads."""

ASKED_S = 1.0
"""How often a question is sent again. The firmware's menu wipes it and reports neither that it opens nor that it
closes, and a press on an empty mouth must not answer it."""

NOTE = artwork.NOTE.over(EMPTY, 12, 0)
"""What is seen while music plays, and there is nothing else."""

Content = MouthText | Weather | Bitmap
"""What a skill puts on the mouth; a bitmap covers all of it."""
Motion = MouthAction | MouthViseme


class Layer(IntEnum):
    """The layers of the mouth, the uppermost first."""

    QUESTION = auto()
    NOTIFICATION = auto()
    CONTENT = auto()
    ACTIVITY = auto()
    REST = auto()


class Mouth:
    """What each layer of the mouth shows."""

    def __init__(self) -> None:
        self.readable = False
        """Whether the question can be read in full."""
        self._question: MouthText | None = None
        self._notification: MouthText | None = None
        self._content: Content | None = None
        self._motion: Motion | None = None
        """What a message has asked for, in place of the look of the activity."""
        self._activity = Activity()
        self._still = False
        """Whether the look of the activity is hidden until there is another one."""
        self._follows = True
        self._blocks = True
        """Whether the firmware may show a text or picture: then it ignores visemes."""

    @property
    def busy(self) -> bool:
        """Whether anything is on the mouth."""
        return self._top[1] is not None

    @property
    def picture(self) -> Bitmap:
        """What skills and the activity show. Questions and notices, which may name a password, are not part of it.

        A text that moves is its beginning, and a mouth that moves one of its pictures.
        """
        layers = self._layers
        match shown := layers[Layer.CONTENT] or layers[Layer.ACTIVITY] or layers[Layer.REST]:
            case None:
                return EMPTY
            case MouthViseme():
                return artwork.TALK
            case MouthAction():
                return artwork.MOTIONS[shown]
            case MouthText():
                return text.drawn(shown.text)
            case Weather():
                return text.weather_drawn(shown)
            case Bitmap():
                return shown

    def ask(self, question: str | None) -> Scenes | None:
        """Shows a question above all else; None ends it."""
        before, self._question = self._top, _displayable(MouthText(question)) if question else None
        return self.scenes() if question or self._top != before else None

    def notify(self, notification: str) -> Scenes | None:
        """Shows a text until it has been read."""
        self._notification = _displayable(MouthText(notification, repeat=False))
        return self._scenes_unless_covered(Layer.NOTIFICATION)

    def show(self, command: MouthCommand) -> Scenes | None:
        """Shows what a message asks for."""
        match command:
            case MouthFollows(on):
                return self._follow(on)
            case MouthAction.RESET:
                self._content = self._notification = self._motion = None
                self._still = True
                return self._scenes_unless_covered(Layer.NOTIFICATION)
            case MouthAction.STILL:
                before = self._top
                self._motion, self._still = None, True
                return self._scenes_if_other_than(before)
            case MouthAction() | MouthViseme():
                if not self._follows:
                    return None
                self._motion = command
                return self._scenes_unless_covered(Layer.ACTIVITY)
            case MouthText():
                self._content = _displayable(command)
                return self._scenes_unless_covered(Layer.CONTENT)
            case Weather():
                self._content = command
                return self._scenes_unless_covered(Layer.CONTENT)
            case MouthIcon():
                return self._draw(command)

    def indicate(self, activity: Activity) -> Scenes | None:
        """Shows what the assistant is doing now.

        The announcement that the machine goes empties the mouth; so does a recording, unless it is not to follow.
        """
        before, was = self._top, self._activity
        self._activity = activity
        if _look(activity) != _look(was):
            self._motion, self._still = None, False
        recording = activity.recording and not was.recording and self._follows
        if recording or (activity.leaving and not was.leaving):
            self._content = self._notification = self._motion = None
        return self._scenes_if_other_than(before)

    def scenes(self, first: Sequence[str] = ()) -> Scenes:
        """The scenes of what is on top now; `first` are the lines for a picture where fewer than all will do."""
        layer, shown = self._top
        self.readable = False
        match shown:
            case None:
                yield self._scene(shown, lines(MouthAction.RESET), REFRESH_S)
                while True:
                    yield self._scene(shown, lines(MouthAction.RESET), REFRESH_S, patient=True)
            case MouthText():
                yield from self._text(shown, asks=layer is Layer.QUESTION)
            case Weather():
                yield self._scene(shown, lines(shown), REFRESH_S)
                yield from self._again(text.weather_drawn(shown))
            case Bitmap():
                yield self._scene(shown, first or strips(shown, 0, clear=False), REFRESH_S)
                yield from self._again(shown)
            case MouthViseme():
                unblocked = lines(MouthAction.RESET) if self._blocks else ()
                yield self._scene(shown, (*unblocked, *lines(shown)), REFRESH_S)
            case MouthAction():
                yield self._scene(shown, lines(shown), REFRESH_S)
                while True:
                    yield self._scene(shown, lines(shown), REFRESH_S, patient=True)

    def refreshed(self) -> Scenes | None:
        """The scenes after the firmware's menu; None where the next of the present ones will do."""
        shown = self._top[1]
        return self.scenes() if isinstance(shown, MouthText) and not shown.repeat else None

    def _text(self, shown: MouthText, *, asks: bool) -> Scenes:
        while shown.text:
            if len(shown.text) > TEXT_LIMIT:
                for step in text.scrolled(shown.text):
                    yield self._scene(shown, strips(step, 0, clear=False), SCROLL_PAUSE_S, patient=True)
            elif text.width(shown.text) > WIDTH:
                yield self._scene(shown, lines(shown), text.duration_s(shown.text))
            elif shown.repeat:
                yield self._scene(shown, lines(shown), DRAWN_S)
                self.readable = asks
                every_s = ASKED_S if asks else REFRESH_S
                yield Scene((), every_s)
                yield from self._again(text.drawn(shown.text), every_s)
            else:
                yield self._scene(shown, lines(shown), STANDS_S)
            self.readable = asks
            if not shown.repeat:
                break
        if self._notification is shown:
            self._notification = None
        else:
            self._content = None
        yield from self.scenes()

    def _again(self, picture: Bitmap, every_s: float = REFRESH_S) -> Scenes:
        while True:
            yield self._scene(picture, strips(picture, 0, clear=False), every_s, patient=True)

    def _scene(
        self, shown: Content | Motion | None, lines: Sequence[str], lasts_s: float, *, patient: bool = False
    ) -> Scene:
        self._blocks = isinstance(shown, MouthText | Weather | Bitmap)
        return Scene(lines, lasts_s, patient)

    @property
    def _top(self) -> tuple[Layer, Content | Motion | None]:
        """What is seen, with its layer."""
        layers = self._layers.items()
        return next(((layer, shown) for layer, shown in layers if shown is not None), (Layer.REST, None))

    @property
    def _layers(self) -> dict[Layer, Content | Motion | None]:
        """What each layer shows, the uppermost first."""
        look = None if self._still else _look(self._activity)
        if isinstance(look, MouthAction) and not self._follows:
            look = None
        plays = self._activity.playing and self._follows and not self._activity.leaving
        return {
            Layer.QUESTION: self._question,
            Layer.NOTIFICATION: self._notification or _instruction(self._activity),
            Layer.CONTENT: self._content,
            Layer.ACTIVITY: self._motion or look,
            Layer.REST: NOTE if plays else None,
        }

    def _scenes_unless_covered(self, layer: Layer) -> Scenes | None:
        return None if self._top[0] < layer else self.scenes()

    def _scenes_if_other_than(self, before: tuple[Layer, Content | Motion | None]) -> Scenes | None:
        return None if self._top == before else self.scenes()

    def _follow(self, on: bool) -> Scenes | None:
        before = self._top
        self._follows = on
        if not on:
            self._motion = None
        return self._scenes_if_other_than(before)

    def _draw(self, icon: MouthIcon) -> Scenes | None:
        """Draws a picture over what a skill has put on the mouth, or over nothing where that moves."""
        before = self._content
        ground = None if icon.clear else _drawn(before)
        self._content = canvas = icon.bitmap.over(ground or EMPTY, icon.x, icon.y)
        own = Bitmap(HEIGHT, canvas.columns[icon.x : icon.x + len(icon.bitmap.columns)])
        if ground is None:
            first = strips(own, icon.x, clear=True)
        elif isinstance(before, MouthText):
            first = strips(canvas, 0, clear=False)  # the firmware may not have drawn the text yet
        else:
            first = strips(own, icon.x, clear=False)
        return None if self._top[0] < Layer.CONTENT else self.scenes(first)


def _displayable(shown: MouthText) -> MouthText:
    return MouthText(text.displayable(shown.text), shown.repeat)


def _instruction(activity: Activity) -> MouthText | Bitmap | None:
    """What the user needs to see of a wifi setup, above what skills show."""
    if not activity.wifi_shown or activity.leaving:
        return None
    shown = activity.wifi_shown
    return shown if isinstance(shown, Bitmap) else _displayable(MouthText(shown))


def _look(activity: Activity) -> MouthAction | MouthText | None:
    if activity.leaving:
        return None
    if activity.recording:
        return MouthAction.LISTEN
    if activity.speaking:
        return MouthAction.TALK
    if activity.thinking:
        return MouthAction.THINK
    if activity.waiting_for:
        return _displayable(MouthText(f"STARTING {activity.waiting_for}"))
    if activity.updating:
        percent = activity.updated_percent
        return MouthText("UPDATING" if percent is None else f"UPDATING {percent}%")
    return None


def _drawn(content: Content | None) -> Bitmap | None:
    """What content looks like; None where there is none, or it moves."""
    match content:
        case Bitmap():
            return content
        case Weather():
            return text.weather_drawn(content)
        case MouthText(words) if text.width(words) <= WIDTH:
            return text.drawn(words)
    return None
