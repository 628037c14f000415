"""Commands of the broker as messages of the bus, and messages of the bus as states and events. Pure."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from bridges.effects import EFFECTS
from bridges.mqtt.entities import LEVELS, MAX_TEXT, Parts
from bridges.mqtt.picture import Rgb, face
from bus.contract import ours as topics
from bus.contract.topic import Family, Topic
from bus.errors import PayloadError
from bus.message import Message, clip, is_local, printable

SOURCE = "mycroft_mqtt"
"""`context.source` of all messages of the bridge."""

ENCLOSURE = "mycroft_enclosure"
"""`context.source` of the messages that the enclosure sends when a control is used."""

MAX_PAYLOAD = 4096
"""Maximum size of a command in bytes; the broker is asked to send no larger packets."""

MAX_SPOKEN = 1000
"""Maximum number of characters of an utterance: more than a minute of speech."""

_LOGGER = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode

FACE_QUESTIONS = (Message(topics.EYES_RGB_GET.name), Message(topics.MOUTH_PIXELS_GET.name))
"""Requests for a picture of the face."""

FACE_CHANGES = frozenset(
    name
    for topic in topics.OURS
    if topic.family in (Family.EYES, Family.MOUTH)
    or topic in (topics.ENCLOSURE_RESET, topics.RECORD_BEGIN, topics.RECORD_END)
    for name in topic.names
) - {
    *(topics.EYES_RGB_GET.name, topics.EYES_RGB.name, topics.MOUTH_PIXELS_GET.name, topics.MOUTH_PIXELS.name),
    *(topics.MOUTH_VISEME.name, topics.MOUTH_VISEME_LIST.name),
}
"""Types after which the picture of the face may change. Mouth shapes of speech are left out."""

QUESTIONS = (
    Message(topics.VOLUME_GET.name),
    Message(topics.MIC_GET_STATUS.name),
    Message(topics.SWITCH_REPORT_STATES.name),
    Message(topics.REPORT_PARTS.name),
    *FACE_QUESTIONS,
)
"""Requests after each connection to the bus."""

_EYES = "enclosure.eyes."
"""Beginning of the types that one pattern stands for: a subscription has at most 64 patterns."""

_Byte = Annotated[int, msgspec.Meta(ge=0, le=255)]


_Pixels = Annotated[list[tuple[_Byte, _Byte, _Byte]], msgspec.Meta(min_length=24, max_length=24)]
_Rows = Annotated[
    list[Annotated[str, msgspec.Meta(pattern="^[.#]{32}$")]], msgspec.Meta(min_length=8, max_length=8)
]


class _Color(msgspec.Struct):
    r: _Byte
    g: _Byte
    b: _Byte


class _Light(msgspec.Struct):
    """A command of Home Assistant's JSON light."""

    state: Literal["ON", "OFF"]
    color: _Color | None = None
    brightness: Annotated[int, msgspec.Meta(ge=0, le=LEVELS)] | None = None
    effect: str | None = None


_decode_light = msgspec.json.Decoder(_Light).decode

_LOOKS = {fields["side"]: name for name, (_, fields) in EFFECTS.items() if fields}


# From the broker to the bus.


def command(key: str, payload: bytes) -> list[Message]:
    """Messages of the bus for a command to a component. Raises PayloadError."""
    if key not in _COMMANDS:
        raise PayloadError("there is no such command")
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError(f"more than {MAX_PAYLOAD} bytes")
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise PayloadError("not UTF-8") from None
    return _COMMANDS[key](text)


def _message(topic: Topic, **data: object) -> Message:
    """A message with data that the contract has checked. Raises PayloadError."""
    if problems := topic.problems(data):
        raise PayloadError(problems[0])
    return Message(topic.name, data, {"source": SOURCE})


def _volume(text: str) -> list[Message]:
    try:
        percent = float(text)
    except ValueError:
        raise PayloadError("not a number") from None
    if not 0 <= percent <= 100:
        raise PayloadError("not between 0 and 100")
    return [_message(topics.VOLUME_SET, percent=round(percent) / 100, play_sound=False)]


def _switch(on: Topic, off: Topic) -> Callable[[str], list[Message]]:
    def switch(text: str) -> list[Message]:
        if text not in ("ON", "OFF"):
            raise PayloadError("neither ON nor OFF")
        return [_message(on if text == "ON" else off)]

    return switch


def _press(topic: Topic) -> Callable[[str], list[Message]]:
    def press(text: str) -> list[Message]:
        if text != "PRESS":
            raise PayloadError("not PRESS")
        return [_message(topic)]

    return press


def _eyes(text: str) -> list[Message]:
    try:
        light = _decode_light(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PayloadError(str(error)) from None
    if light.state == "OFF":
        return [_message(topics.EYES_OFF)]
    # A light that is off is on again with each of these; the level first, so that it does not flash.
    messages = []
    if light.brightness is not None:
        messages.append(_message(topics.EYES_LEVEL, level=light.brightness))
    if light.color is not None:
        messages.append(_message(topics.EYES_COLOR, r=light.color.r, g=light.color.g, b=light.color.b))
    if light.effect is not None:
        if light.effect not in EFFECTS:
            raise PayloadError(f"effect is none of {', '.join(EFFECTS)}")
        topic, data = EFFECTS[light.effect]
        messages.append(_message(topic, **data))
    elif light.color is None:
        messages.append(_message(topics.EYES_ON))
    return messages


def _mouth(text: str) -> list[Message]:
    if len(text) > MAX_TEXT:
        raise PayloadError(f"more than {MAX_TEXT} characters")
    return [_message(topics.MOUTH_TEXT, text=text) if text else _message(topics.MOUTH_RESET)]


def _say(text: str) -> list[Message]:
    if not 0 < len(text) <= MAX_SPOKEN:
        raise PayloadError(f"not 1 to {MAX_SPOKEN} characters")
    return [_message(topics.SPEAK, utterance=text)]


_COMMANDS: Mapping[str, Callable[[str], list[Message]]] = {
    "volume": _volume,
    "mute": _switch(topics.VOLUME_MUTE, topics.VOLUME_UNMUTE),
    "mic_mute": _switch(topics.MIC_MUTE, topics.MIC_UNMUTE),
    "eyes": _eyes,
    "mouth": _mouth,
    "say": _say,
    "upgrade": _press(topics.UPDATE),
    "restart": _press(topics.REBOOT),
    "shutdown": _press(topics.SHUTDOWN),
}

_FAILURES = frozenset(
    f"{topic.name}.failed"
    for topic in (
        *(topics.VOLUME_SET, topics.VOLUME_MUTE, topics.VOLUME_UNMUTE),
        *(topics.MIC_MUTE, topics.MIC_UNMUTE, topics.SPEAK, topics.MOUTH_TEXT),
        *(topics.UPDATE, topics.REBOOT, topics.SHUTDOWN),
    )
)


# From the bus to the broker.


class Publication(NamedTuple):
    """A publication for a component."""

    key: str
    payload: str | bytes
    is_state: bool = True
    """Whether the broker retains it for later subscribers; events are not retained."""
    qos: int = 1


class Mirror:
    """States of the device, from messages on the bus: `read` returns changes, `states` has all of them."""

    def __init__(self, version: str) -> None:
        self.states: dict[str, str | bytes] = {}
        """Last state of each component, by key."""
        self.parts: Parts | None = None
        """Parts of the device; None until the enclosure has reported them."""
        self._version = version
        self._light: dict[str, Any] = {}
        self._pixels: list[Rgb] = []
        """Colours of the eyes at full brightness."""
        self._switches: dict[str, str] = {}
        self._board: dict[str, str] = {}
        self._new: list[Publication] = []
        self._set("listening", "OFF")
        self._set_update(in_progress=False)
        self._handlers: dict[str, tuple[Topic, Callable[..., None]]] = {
            name: (topic, handler) for topic, handler in self._table().items() for name in topic.names
        }

    @property
    def patterns(self) -> list[str]:
        """Subscription to all messages that `read` needs, and that change the face."""
        names = {*self._handlers, *_FAILURES, *FACE_CHANGES}
        return sorted({f"{_EYES}*" if name.startswith(_EYES) else name for name in names})

    def read(self, message: Message) -> list[Publication]:
        """Publications that a message causes."""
        self._new = []
        if message.msg_type in _FAILURES:
            self._on_failure(message)
        elif message.msg_type in self._handlers and (is_local(message) or _is_of_knob(message)):
            topic, handler = self._handlers[message.msg_type]
            # OVOS 2.x sends some messages a second time, under another name.
            if not message.context.get("_namespace_compat_twin"):
                try:
                    handler(message, **topic.read(message.data))
                except PayloadError as error:
                    _LOGGER.debug("invalid %s: %s", message.msg_type, error)
        return self._new

    def measured(self, key: str, value: str) -> Publication:
        """The publication of a measurement, also of an unchanged one, so that it does not expire."""
        self.states[key] = value
        return Publication(key, value, qos=0)

    def _table(self) -> Mapping[Topic, Callable[..., None]]:
        return {
            topics.VOLUME_RESPONSE: self._on_volume,
            topics.MIC_STATUS_RESPONSE: lambda _, muted: self._set("mic_mute", _on_off(muted)),
            topics.MIC_MUTE: lambda _: self._set("mic_mute", "ON"),
            topics.MIC_UNMUTE: lambda _: self._set("mic_mute", "OFF"),
            topics.MIC_MUTE_TOGGLE: self._on_mic_toggle,
            topics.MIC_ERROR: lambda message, error: self._on_press(message),
            topics.MIC_LISTEN: self._on_press,
            topics.STOP: self._on_press,
            topics.VOLUME_INCREASE: lambda message, **_: self._on_turn(message, "up"),
            topics.VOLUME_DECREASE: lambda message, **_: self._on_turn(message, "down"),
            topics.RECORD_BEGIN: self._on_record_begin,
            topics.RECORD_END: lambda _: self._set("listening", "OFF"),
            topics.EYES_ON: lambda _: self._set_light(state="ON"),
            topics.EYES_OFF: lambda _: self._set_light(state="OFF"),
            topics.EYES_RESET: lambda _: self._set_light(state="ON", effect="open"),
            topics.EYES_COLOR: lambda _, **color: self._set_light(state="ON", effect="open", color=color),
            topics.EYES_LEVEL: lambda _, level: self._set_light(brightness=level),
            topics.EYES_RGB: self._on_pixels,
            topics.EYES_SPIN: lambda _: self._set_light(state="ON", effect="spin"),
            topics.EYES_BLINK: lambda _, side: self._set_light(state="ON", effect="blink"),
            topics.EYES_NARROW: lambda _: self._set_light(state="ON", effect="narrow"),
            topics.EYES_WIDEN: lambda _: self._set_light(state="ON", effect="open"),
            topics.EYES_LOOK: lambda _, side: self._set_light(state="ON", effect=_LOOKS[side]),
            topics.EYES_UNLOOK: lambda _: self._set_light(state="ON", effect="open"),
            topics.ENCLOSURE_RESET: self._on_reset,
            topics.MOUTH_TEXT: lambda _, text, repeat: self._set_mouth(text),
            **dict.fromkeys(
                (
                    *(topics.MOUTH_RESET, topics.MOUTH_DISPLAY, topics.MOUTH_DISPLAY_IMAGE),
                    *(topics.MOUTH_TALK, topics.MOUTH_LISTEN, topics.MOUTH_THINK, topics.MOUTH_SMILE),
                    topics.WEATHER_DISPLAY,
                ),
                self._on_picture,
            ),
            topics.MOUTH_PIXELS: self._on_mouth_pixels,
            topics.SWITCH_STATE: self._on_switch,
            topics.FACEPLATE_STATE: lambda _, state, firmware: self._set(
                "faceplate", _on_off(state == "connected")
            ),
            topics.BOARD_STATE: self._on_board,
            topics.PARTS: self._on_parts,
            topics.UPDATE_PROCESSING: lambda _, processing: self._set_update(in_progress=True),
            topics.UPDATE_PROGRESS: lambda _, step, percent: self._set_update(in_progress=True, percent=percent),
            topics.UPDATE_COMPLETE: lambda _, has_updated: self._set_update(in_progress=False),
            topics.SYSTEM_STATUS_RESPONSE: self._on_status,
            topics.DENIED: self._on_denied,
        }

    def _set(self, key: str, state: str | bytes) -> None:
        if self.states.get(key) != state:
            self.states[key] = state
            self._new.append(Publication(key, state))

    def _happened(self, key: str, event_type: str, qos: int = 1, **more: str) -> None:
        payload = _encode({"event_type": event_type, **more}).decode()
        self._new.append(Publication(key, payload, is_state=False, qos=qos))

    # Volume and microphone.

    def _on_volume(self, _: Message, percent: float, muted: bool) -> None:
        self._set("volume", str(round(100 * percent)))
        self._set("mute", _on_off(muted))

    def _on_mic_toggle(self, message: Message) -> None:
        if "mic_mute" in self.states:
            self._set("mic_mute", _on_off(self.states["mic_mute"] == "OFF"))
        self._on_press(message)

    def _on_record_begin(self, _: Message) -> None:
        self._set("listening", "ON")
        self._set_mouth("")

    # Controls: the enclosure sends the request that a control stands for.

    def _on_press(self, message: Message) -> None:
        if message.context.get("source") == ENCLOSURE:
            self._happened("button", "press")

    def _on_turn(self, message: Message, way: str) -> None:
        if message.context.get("source") == ENCLOSURE:
            self._happened("knob", way, qos=0)

    def _on_switch(self, _: Message, name: str, state: str) -> None:
        self._switches[clip(name)] = state
        self._set("mute_switch", _on_off("off" in self._switches.values()))

    # The face.

    def _set_light(self, **changes: Any) -> None:
        self._light |= changes
        if "state" in self._light:
            color = {"color_mode": "rgb"} if "color" in self._light else {}
            self._set("eyes", _encode(self._light | color).decode())

    def _on_pixels(self, _: Message, pixels: list[Any]) -> None:
        if not pixels and "state" not in self._light:  # LEDs are dark at rest
            self._set_light(state="OFF")
        try:
            self._pixels = msgspec.convert(pixels, _Pixels)
        except msgspec.ValidationError:
            return
        if "color" not in self._light:
            color = dict(zip("rgb", self._pixels[0], strict=True))
            self._set_light(state=self._light.get("state", "ON"), color=color)

    def _on_mouth_pixels(self, _: Message, rows: list[Any]) -> None:
        with contextlib.suppress(msgspec.ValidationError):
            dark = [(0, 0, 0)] * 24
            eyes = dark if self._light.get("state") == "OFF" else self._pixels or dark
            self._set("face", face(eyes, msgspec.convert(rows, _Rows)))

    def _set_mouth(self, text: str) -> None:
        self._set("mouth", _encode({"text": printable(text[:MAX_TEXT])[:MAX_TEXT]}).decode())

    def _on_picture(self, _: Message, **__: object) -> None:
        self._set_mouth("")

    def _on_reset(self, _: Message) -> None:
        self._set_light(state="ON", effect="open")
        self._set_mouth("")

    # The device.

    def _on_parts(self, _: Message, display: str, buttons: list[Any], switches: list[Any], knob: bool) -> None:
        self.parts = Parts(display, tuple(map(str, buttons)), tuple(map(str, switches)), knob)
        if display == "faceplate" and "mouth" not in self.states:
            self._set_mouth("")
        if display != "faceplate":
            self._set_board()

    def _on_board(self, _: Message, part: str, state: str, detail: str) -> None:
        self._board[clip(part)] = state
        self._set_board()

    def _set_board(self) -> None:
        self._set("board", _on_off(any(state != "connected" for state in self._board.values())))

    def _on_status(self, _: Message, under_way: dict[str, object]) -> None:
        if topics.UPDATE.name not in under_way:  # it has ended, perhaps without a report
            self._set_update(in_progress=False)

    def _set_update(self, *, in_progress: bool, percent: int | None = None) -> None:
        state = {"installed_version": self._version, "in_progress": in_progress, "update_percentage": percent}
        self._set("update", _encode(state).decode())

    # Refusals.

    def _on_denied(self, _: Message, type: str, reason: str) -> None:  # noqa: A002  # as in the message
        _LOGGER.warning("the bus denies %s: %s", clip(type), clip(reason))
        self._happened("refused", "denied", type=clip(type), reason=clip(reason))

    def _on_failure(self, message: Message) -> None:
        if message.context.get("destination") != SOURCE:
            return
        error = message.data.get("error")
        request = message.msg_type.removesuffix(".failed")
        reason = clip(error) if isinstance(error, str) else "no reason"
        _LOGGER.warning("%s has failed: %s", request, reason)
        self._happened("refused", "failed", type=request, reason=reason)


def _is_of_knob(message: Message) -> bool:
    """Whether a message reports a turn. Its session is not local, so that no program changes the volume again."""
    is_turn = message.msg_type in (topics.VOLUME_INCREASE.name, topics.VOLUME_DECREASE.name)
    return is_turn and message.context.get("source") == ENCLOSURE


def _on_off(on: bool) -> str:
    return "ON" if on else "OFF"
