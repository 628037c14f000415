"""What skills show: messages as display values. Pure.

A message that shows something new is a row of CONTENT.
"""

import re
from collections.abc import Callable, Mapping

from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import PayloadError
from enclosure import artwork, display, icons
from enclosure.display import Bitmap, Command


def placed(bitmap: Bitmap, x: int, y: int, clear: bool) -> Command | None:
    """The part of a picture that is on the mouth; with none of it there, RESET if the rest is to be cleared."""
    shown = bitmap.shifted(x, y)
    if not shown.columns or not shown.height:
        return display.MouthAction.RESET if clear else None
    return display.MouthIcon(shown, max(x, 0), max(y, 0), clear)


def picture(img_code: str, xOffset: int, yOffset: int, clearPrev: bool) -> Command | None:  # noqa: N803  # as in the message
    """The picture of a code. Raises PayloadError."""
    try:
        return placed(icons.decode(img_code), xOffset, yOffset, clearPrev)
    except ValueError as error:
        raise PayloadError(f"img_code: {error}") from error


def fill(percentage: float) -> Command:
    """The eyes as a gauge; one pixel is lit at 0 %."""
    return display.EyesFill(round(23 * percentage / 100))


def setpixel(idx: int, r: int, g: int, b: int) -> Command:
    """One pixel of the eyes."""
    return display.EyesPixel(idx, display.EyesColor(r, g, b))


def timedspin(length: int) -> Command:
    """A spin of `length` ms, at least 1."""
    return display.EyesTimedSpin(max(length, 1))


def weather(img_code: int, temp: object) -> Command:
    """A picture of the weather, and the temperature. Raises PayloadError."""
    try:
        degrees = round(float(str(temp).strip().removesuffix("°")))
    except (ValueError, OverflowError):
        raise PayloadError("temp is not a number") from None
    if not -99 <= degrees <= 999:
        raise PayloadError("temp is not between -99 and 999")
    return display.Weather(str(degrees), artwork.WEATHER[img_code])


def viseme(code: object) -> Command:
    """The mouth shape of a sound. Raises PayloadError."""
    if str(code) not in {*"0123456"}:
        raise PayloadError("code is none of 0 to 6")
    return display.MouthViseme(int(str(code)))


COLORS: Mapping[str, display.EyesColor] = {
    "black": display.EyesColor(0, 0, 0),
    "white": display.EyesColor(255, 255, 255),
    "red": display.EyesColor(255, 0, 0),
    "green": display.EyesColor(0, 255, 0),
    "blue": display.EyesColor(0, 0, 255),
    "yellow": display.EyesColor(255, 255, 0),
    "magenta": display.EyesColor(255, 0, 255),
    "cyan": display.EyesColor(0, 255, 255),
    "burnt_orange": display.EyesColor(173, 64, 0),
    "mycroft_red": display.EyesColor(216, 17, 89),
    "mycroft_green": display.EyesColor(64, 219, 176),
    "mycroft_blue": display.EyesColor(34, 167, 240),
    "neon_orange": display.EyesColor(255, 134, 0),
    "ovos_red": display.EyesColor(255, 26, 26),
}
"""The names that OVOS and Neon have, or had, for colours of LEDs."""

THEME = "theme"
"""Their name for the colour of the device, which here is that of the eyes."""


def animation(animation: str, color: str | None, timeout: float) -> Command:
    """An animation of LEDs. Raises PayloadError."""
    named = None if color is None or color.lower() == THEME else _color(color)
    return display.LightsAnimation(animation, named, timeout)


def _color(text: str) -> display.EyesColor:
    if text.lower() in COLORS:
        return COLORS[text.lower()]
    if re.fullmatch("#[0-9a-fA-F]{6}", text):
        return display.EyesColor(*bytes.fromhex(text[1:]))
    raise PayloadError(f"color is neither #rrggbb nor one of {', '.join(COLORS)}")


CONTENT: Mapping[Topic, Callable[..., Command | None]] = {
    topics.EYES_ON: lambda: display.EyesAction.ON,
    topics.EYES_OFF: lambda: display.EyesAction.OFF,
    topics.EYES_RESET: lambda: display.EyesAction.RESET,
    topics.EYES_SPIN: lambda: display.EyesAction.SPIN,
    topics.EYES_NARROW: lambda: display.EyesAction.NARROW,
    topics.EYES_WIDEN: lambda: display.EyesAction.WIDEN,
    topics.EYES_UNLOOK: lambda: display.EyesAction.UNLOOK,
    topics.EYES_BLINK: display.EyesBlink,
    topics.EYES_COLOR: display.EyesColor,
    topics.EYES_LEVEL: display.EyesLevel,
    topics.EYES_VOLUME: display.EyesVolume,
    topics.EYES_LOOK: display.EyesLook,
    topics.EYES_SETPIXEL: setpixel,
    topics.EYES_FILL: fill,
    topics.EYES_TIMEDSPIN: timedspin,
    topics.MOUTH_RESET: lambda: display.MouthAction.RESET,
    topics.MOUTH_SMILE: lambda: display.MouthIcon(artwork.SMILE, 0, 0, clear=True),
    topics.MOUTH_TEXT: display.MouthText,
    topics.MOUTH_DISPLAY: picture,
    topics.MOUTH_EVENTS_ACTIVATE: lambda: display.MouthFollows(True),
    topics.MOUTH_EVENTS_DEACTIVATE: lambda: display.MouthFollows(False),
    topics.WEATHER_DISPLAY: weather,
    topics.DISPLAY_DATE: display.MouthText,
    topics.DISPLAY_TIME: display.MouthText,
    topics.FACEPLATE_RESET: lambda: display.SystemAction.RESET,
    topics.FACEPLATE_MUTE: lambda: display.SystemAction.MUTE,
    topics.FACEPLATE_UNMUTE: lambda: display.SystemAction.UNMUTE,
    topics.FACEPLATE_BLINK: display.SystemBlink,
    topics.LED_ANIMATION: animation,
    topics.FEEDBACK_SET_STATE: display.LightsFeedback,
    topics.SCREEN_BRIGHTNESS: display.LightsBrightness,
}
"""What a skill shows, whatever session it serves; called with the checked fields."""

ANIMATIONS: Mapping[Topic, Callable[..., Command]] = {
    topics.MOUTH_TALK: lambda: display.MouthAction.TALK,
    topics.MOUTH_LISTEN: lambda: display.MouthAction.LISTEN,
    topics.MOUTH_THINK: lambda: display.MouthAction.THINK,
    topics.MOUTH_VISEME: viseme,
    topics.INTENT_UNMATCHED: display.LightsError,
    topics.RECOGNITION_UNKNOWN: display.LightsError,
}
"""What the display shows along with this device's own session, and not with a satellite's."""
