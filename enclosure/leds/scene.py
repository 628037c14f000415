"""What the LEDs show, in layers. Pure: times are seconds of one clock."""

import math
from dataclasses import dataclass, replace
from enum import IntEnum

from enclosure.activity import Activity
from enclosure.display import (
    Command,
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesFill,
    EyesLevel,
    EyesLook,
    EyesPixel,
    EyesTimedSpin,
    EyesVolume,
    LightsAnimation,
    LightsBrightness,
    LightsError,
    LightsFeedback,
)
from enclosure.leds.looks import DARK, Animation, AnyLook, Frame, Look, Pixels, Rgb, Sides, frame, moves

BLUE: Rgb = (0, 80, 255)
GREEN: Rgb = (0, 255, 60)
WHITE: Rgb = (255, 255, 255)
RED: Rgb = (255, 0, 0)
AMBER: Rgb = (255, 100, 0)

BOOTING = Look(WHITE, Animation.CHASE, 2.0)
LISTENING = Look(GREEN)
THINKING = Look(BLUE, Animation.CHASE, 1.0)
SPEAKING = Look(BLUE, Animation.BREATHE, 1.6)
MUTED = Look(RED)
OFFLINE = Look(AMBER, level=1 / 12)
"""One LED of a ring; on a single one it is dim."""
UPDATING = Look(WHITE, Animation.BREATHE, 3.0)
WIFI_SETUP = Look(BLUE, Animation.ALTERNATING, 1.5)
LEAVING = Look(WHITE, Animation.REFILL, 2.0)
QUESTION = Look(AMBER, Animation.BLINK, 0.5)
NOTIFICATION = Look(AMBER, Animation.BLINK, 0.5)
ERROR = Look(RED, Animation.BLINK, 0.5)

NOTIFICATION_S = 1.5
"""Three blinks; as Neon's ring shows an error of the microphone."""
VOLUME_S = 3.0
"""How long a Mark 1 shows the volume, too."""
BLINK_S = 0.3
ANIMATION_MAX_S = 30.0
"""The longest animation; Neon's own limit."""

_EYE_PIXELS = 12
"""Pixels of one eye; a row of LEDs shows both eyes in the same place."""
_EYES_PIXELS = 24
_EYES_VOLUME_MAX = 11
_EYES_LEVEL_MAX = 30

_SLIT = (0.25, 0.75)
_SIDES = {"u": (0.0,), "r": (0.25,), "d": (0.5,), "l": (0.75,), "c": _SLIT}
"""Points of a row, from its first LED on, for narrowed eyes and for those that look to a side."""


class LightLayer(IntEnum):
    """Layers of what is shown; the highest one that there is covers the others."""

    REST = 0
    ACTIVITY = 1
    CONTENT = 2
    """What a skill shows until it shows something else."""
    PASSING_CONTENT = 3
    """What a skill shows for a time."""
    NOTIFICATION = 4
    VOLUME = 5
    QUESTION = 6


_CONTENT = (LightLayer.CONTENT, LightLayer.PASSING_CONTENT)
"""What skills show. It may last for long, so it is hidden while the microphone is off: that stays visible."""


@dataclass(frozen=True, slots=True)
class _Shown:
    look: AnyLook
    since_s: float
    until_s: float = math.inf


class LedScene:
    """The layers, and the frame that they make at a time."""

    def __init__(self) -> None:
        self._layers = {LightLayer.REST: _Shown(DARK, 0.0)}
        self._activity = Activity()
        self._colour: Rgb = BLUE
        """Colour of the eyes, as skills have set it."""
        self.brightness = 1.0
        """As users and skills have set it, 0 to 1; frames are at full brightness."""

    def show(self, command: Command, now_s: float) -> None:
        """Handles what a skill shows; what a row of LEDs has no look for is ignored."""
        match command:
            case EyesColor(r, g, b):
                self._recolour((r, g, b))
            case EyesLevel(level):
                self.brightness = level / _EYES_LEVEL_MAX
            case LightsBrightness(value):
                self.brightness = value
            case EyesAction.ON:
                self._show_content(Look(self._colour), now_s)
            case EyesAction.SPIN:
                self._show_content(Look(self._colour, Animation.CHASE), now_s)
            case EyesAction.NARROW:
                self._show_content(Sides(self._colour, _SLIT), now_s)
            case EyesAction.OFF | EyesAction.RESET | EyesAction.WIDEN | EyesAction.UNLOOK:
                self._end_content()
            case EyesFill(last):
                self._show_content(Look(self._colour, level=(last + 1) / _EYES_PIXELS), now_s)
            case EyesLook(side):
                self._show_content(Sides(self._colour, _SIDES[side]), now_s)
            case EyesPixel(index, colour):
                self._set_pixel(index % _EYE_PIXELS, (colour.r, colour.g, colour.b), now_s)
            case EyesTimedSpin(ms):
                self._put(LightLayer.PASSING_CONTENT, Look(self._colour, Animation.CHASE), now_s, ms / 1000)
            case EyesBlink():
                look = Look(self._colour) if self._top(now_s).look == DARK else DARK
                self._put(LightLayer.PASSING_CONTENT, look, now_s, BLINK_S)
            case EyesVolume(volume):
                self.show_volume(volume / _EYES_VOLUME_MAX, now_s)
            case LightsAnimation(animation, colour, timeout_s):
                rgb = self._colour if colour is None else (colour.r, colour.g, colour.b)
                look = Look(rgb, Animation(animation))
                self._put(LightLayer.PASSING_CONTENT, look, now_s, min(timeout_s, ANIMATION_MAX_S))
            case LightsError():
                self._put(LightLayer.NOTIFICATION, ERROR, now_s, NOTIFICATION_S)
            case LightsFeedback(state):
                self._feedback(state, now_s)

    def indicate(self, activity: Activity, now_s: float) -> None:
        """Handles what the assistant is doing."""
        self._activity = activity
        look = look_of(activity)
        if look is None:
            self._layers.pop(LightLayer.ACTIVITY, None)
        elif LightLayer.ACTIVITY not in self._layers or self._layers[LightLayer.ACTIVITY].look != look:
            self._put(LightLayer.ACTIVITY, look, now_s)

    def notify(self, now_s: float) -> None:
        """Blinks: there is a text, which LEDs cannot show."""
        self._put(LightLayer.NOTIFICATION, NOTIFICATION, now_s, NOTIFICATION_S)

    def show_volume(self, level: float, now_s: float) -> None:
        """Shows the volume, 0 to 1, as an arc, for a moment."""
        self._put(LightLayer.VOLUME, Look(WHITE, level=level), now_s, VOLUME_S)

    def ask(self, asked: bool, now_s: float) -> None:
        """Shows that a question waits for a press, or no longer."""
        if asked:
            self._put(LightLayer.QUESTION, QUESTION, now_s)
        else:
            self._layers.pop(LightLayer.QUESTION, None)

    def frame(self, now_s: float, count: int) -> Frame:
        """What so many LEDs show now."""
        shown = self._top(now_s)
        return frame(shown.look, now_s - shown.since_s, count)

    def next_s(self, now_s: float, interval_s: float) -> float:
        """When the next frame may differ, at the earliest after an interval; math.inf: not by itself."""
        shown = self._top(now_s)
        moves_at = now_s + interval_s if moves(shown.look) else math.inf
        return min(moves_at, shown.until_s)

    def _put(self, layer: LightLayer, look: AnyLook, now_s: float, lasts_s: float = math.inf) -> None:
        self._layers[layer] = _Shown(look, now_s, now_s + lasts_s)

    def _show_content(self, look: AnyLook, now_s: float) -> None:
        self._end_content()
        self._put(LightLayer.CONTENT, look, now_s)

    def _end_content(self) -> None:
        for layer in _CONTENT:
            self._layers.pop(layer, None)

    def _set_pixel(self, place: int, colour: Rgb, now_s: float) -> None:
        before = self._layers.get(LightLayer.CONTENT)
        colours = dict(before.look.colours) if before and isinstance(before.look, Pixels) else {}
        colours.pop(place, None)  # the last one that was set is the last of all
        self._show_content(Pixels({**colours, place: colour}, _EYE_PIXELS), now_s)

    def _recolour(self, colour: Rgb) -> None:
        """Sets the colour of the eyes, also of what a skill shows in it now."""
        for layer in _CONTENT:
            shown = self._layers.get(layer)
            if shown and isinstance(shown.look, Look | Sides) and shown.look.colour == self._colour:
                self._layers[layer] = replace(shown, look=replace(shown.look, colour=colour))
        self._colour = colour

    def _top(self, now_s: float) -> _Shown:
        self._layers = {layer: shown for layer, shown in self._layers.items() if now_s < shown.until_s}
        hidden = _CONTENT if self._activity.muted else ()
        return self._layers[max(layer for layer in self._layers if layer not in hidden)]

    def _feedback(self, state: str, now_s: float) -> None:
        """Shows a state of the Mark II's own software."""
        match state.partition("_"):
            case ("asleep", _, _):
                self._end_content()
            case ("awake", _, _):
                self._put(LightLayer.PASSING_CONTENT, LISTENING, now_s, ANIMATION_MAX_S)
            case ("thinking", _, _):
                self._put(LightLayer.PASSING_CONTENT, THINKING, now_s, ANIMATION_MAX_S)
            case ("volume", _, level) if level in map(str, range(11)):
                self.show_volume(int(level) / 10, now_s)


def look_of(activity: Activity) -> Look | None:
    """The look of an activity; None: the assistant is idle or asleep, and the LEDs rest."""
    looks = (
        (activity.leaving is not None, LEAVING),
        (activity.muted, MUTED),
        (activity.updating, UPDATING),
        (activity.wifi_setup, WIFI_SETUP),
        (activity.booting, BOOTING),
        (activity.recording, LISTENING),
        (activity.thinking, THINKING),
        (activity.speaking, SPEAKING),
        (activity.offline, OFFLINE),
    )
    return next((look for holds, look in looks if holds), None)
