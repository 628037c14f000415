"""What the LEDs show, in layers. Pure: times are seconds of one clock."""

import math
from dataclasses import dataclass
from enum import IntEnum

from enclosure.activity import Activity
from enclosure.display import (
    Command,
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesFill,
    EyesLevel,
    EyesTimedSpin,
    EyesVolume,
    LightsAnimation,
    LightsBrightness,
    LightsError,
    LightsFeedback,
)
from enclosure.leds.looks import DARK, Animation, Frame, Look, Rgb, frame, moves

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

_EYES_PIXELS = 24
_EYES_VOLUME_MAX = 11
_EYES_LEVEL_MAX = 30


class LightLayer(IntEnum):
    """Layers of what is shown; the highest one that there is covers the others."""

    REST = 0
    ACTIVITY = 1
    CONTENT = 2
    NOTIFICATION = 3
    VOLUME = 4
    QUESTION = 5


@dataclass(frozen=True, slots=True)
class _Shown:
    look: Look
    since_s: float
    until_s: float = math.inf


class LedScene:
    """The layers, and the frame that they make at a time."""

    def __init__(self) -> None:
        self._layers = {LightLayer.REST: _Shown(DARK, 0.0)}
        self._activity = Activity()
        self._colour: Rgb = BLUE
        """That of the eyes, as skills have set it."""
        self.brightness = 1.0
        """As users and skills have set it, 0 to 1; frames are at full brightness."""

    def show(self, command: Command, now_s: float) -> None:
        """Takes what a skill shows; what a row of LEDs has no look for is ignored."""
        match command:
            case EyesColor(r, g, b):
                self._colour = (r, g, b)
            case EyesLevel(level):
                self.brightness = level / _EYES_LEVEL_MAX
            case LightsBrightness(value):
                self.brightness = value
            case EyesAction.ON:
                self._put(LightLayer.CONTENT, Look(self._colour), now_s)
            case EyesAction.SPIN:
                self._put(LightLayer.CONTENT, Look(self._colour, Animation.CHASE), now_s)
            case EyesAction.OFF | EyesAction.RESET:
                self._layers.pop(LightLayer.CONTENT, None)
            case EyesTimedSpin(ms):
                self._put(LightLayer.CONTENT, Look(self._colour, Animation.CHASE), now_s, ms / 1000)
            case EyesFill(last):
                self._put(LightLayer.CONTENT, Look(self._colour, level=(last + 1) / _EYES_PIXELS), now_s)
            case EyesBlink():
                self._put(LightLayer.CONTENT, DARK, now_s, BLINK_S)
            case EyesVolume(volume):
                self.show_volume(volume / _EYES_VOLUME_MAX, now_s)
            case LightsAnimation(animation, colour, timeout_s):
                rgb = self._colour if colour is None else (colour.r, colour.g, colour.b)
                self._put(
                    LightLayer.CONTENT, Look(rgb, Animation(animation)), now_s, min(timeout_s, ANIMATION_MAX_S)
                )
            case LightsError():
                self._put(LightLayer.NOTIFICATION, ERROR, now_s, NOTIFICATION_S)
            case LightsFeedback(state):
                self._feedback(state, now_s)

    def indicate(self, activity: Activity, now_s: float) -> None:
        """Takes what the assistant is doing."""
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
        """A question waits for a press, or no longer."""
        if asked:
            self._put(LightLayer.QUESTION, QUESTION, now_s)
        else:
            self._layers.pop(LightLayer.QUESTION, None)

    def frame(self, now_s: float, count: int) -> Frame:
        """What so many LEDs show now."""
        shown = self._top(now_s)
        return frame(shown.look, now_s - shown.since_s, count)

    def next_s(self, now_s: float, interval_s: float) -> float | None:
        """When the next frame may differ, at the earliest after an interval; None: not by itself."""
        shown = self._top(now_s)
        moves_at = now_s + interval_s if moves(shown.look) else math.inf
        at = min(moves_at, shown.until_s)
        return None if at == math.inf else at

    def _put(self, layer: LightLayer, look: Look, now_s: float, lasts_s: float = math.inf) -> None:
        self._layers[layer] = _Shown(look, now_s, now_s + lasts_s)

    def _top(self, now_s: float) -> _Shown:
        self._layers = {layer: shown for layer, shown in self._layers.items() if now_s < shown.until_s}
        return self._layers[max(layer for layer in self._layers if not self._hidden(layer))]

    def _hidden(self, layer: LightLayer) -> bool:
        """Whether a layer may not cover others: content without an end would hide that the microphone is off."""
        return layer is LightLayer.CONTENT and self._activity.muted and self._layers[layer].until_s == math.inf

    def _feedback(self, state: str, now_s: float) -> None:
        """The states of the Mark II's own software."""
        match state.partition("_"):
            case ("asleep", _, _):
                self._layers.pop(LightLayer.CONTENT, None)
            case ("awake", _, _):
                self._put(LightLayer.CONTENT, LISTENING, now_s, ANIMATION_MAX_S)
            case ("thinking", _, _):
                self._put(LightLayer.CONTENT, THINKING, now_s, ANIMATION_MAX_S)
            case ("volume", _, level) if level in map(str, range(11)):
                self.show_volume(int(level) / 10, now_s)


def look_of(activity: Activity) -> Look | None:
    """The look of an activity; None: the assistant is idle or asleep, and the LEDs rest."""
    looks = (
        (activity.leaving is not None, LEAVING),
        (activity.updating, UPDATING),
        (activity.wifi_setup, WIFI_SETUP),
        (activity.muted, MUTED),
        (activity.booting, BOOTING),
        (activity.recording, LISTENING),
        (activity.thinking, THINKING),
        (activity.speaking, SPEAKING),
        (activity.offline, OFFLINE),
    )
    return next((look for holds, look in looks if holds), None)
