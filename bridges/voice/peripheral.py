"""The peripheral API of linux-voice-assistant: its events to the assistant, and requests as its commands. Pure.

Each is a text of a WebSocket: {"event", "data"} from the satellite, {"command", "data"} to it
(linux_voice_assistant/peripheral_api.py of version 1.1.15). Unknown events are ignored: newer versions have
more of them.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from bridges.effects import EFFECTS
from bridges.voice.assistant import Assistant, Conversation, SatelliteRequest
from bridges.voice.errors import SatelliteError
from bridges.voice.table import EventTable, Nothing, Seconds

MAX_SIZE = 64 * 1024
"""Maximum size of an event in bytes. The longest has the utterance or the answer."""

LIGHT = "eyes"
"""The id of the light that is registered."""

RING_S = 900.0
"""How long a timer rings if its end is never reported: the default of linux-voice-assistant."""

_COMMANDS: Mapping[SatelliteRequest, str] = {
    SatelliteRequest.LISTEN: "start_listening",
    SatelliteRequest.STOP: "stop_pipeline",
    SatelliteRequest.STOP_PLAYBACK: "stop_media_player",
    SatelliteRequest.STOP_RINGING: "stop_timer_ringing",
    SatelliteRequest.MUTE: "mute_mic",
    SatelliteRequest.UNMUTE: "unmute_mic",
    SatelliteRequest.LOUDER: "volume_up",
    SatelliteRequest.QUIETER: "volume_down",
}

_Part = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Event(msgspec.Struct):
    event: Annotated[str, msgspec.Meta(max_length=100)]
    data: dict[str, Any] | None = None


class _Snapshot(msgspec.Struct):
    muted: bool
    ha_connected: bool


class _Muted(msgspec.Struct):
    muted: bool


class _Zeroconf(msgspec.Struct):
    status: str


class _Volume(msgspec.Struct):
    volume: _Part


class _Timer(msgspec.Struct):
    id: str
    total_seconds: Seconds
    seconds_left: Seconds


class _Light(msgspec.Struct):
    object_id: str
    state: bool
    brightness: _Part
    red: _Part
    green: _Part
    blue: _Part
    effect: str = ""


_decode = msgspec.json.Decoder(_Event).decode
_encode = msgspec.json.Encoder().encode


def command(request: SatelliteRequest) -> str:
    """The command for a request, as text."""
    return _text(_COMMANDS[request])


def registration() -> str:
    """The command that registers the eyes as a light in Home Assistant; the first effect is its default."""
    return _text(
        "register_light",
        name="Eyes",
        object_id=LIGHT,
        icon="mdi:eye",
        effects=[*EFFECTS],
        supports_rgb=True,
        supports_brightness=True,
    )


class Peripheral:
    """Reads the events of one connection."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._last = self._before = ""
        """The last event, and the one before it."""
        go = assistant.go
        self._table = EventTable(
            {
                "snapshot": (_Snapshot, self._on_snapshot),
                "zeroconf": (_Zeroconf, self._on_zeroconf),
                "disconnected": (Nothing, lambda _: assistant.home(False)),
                "wake_word_detected": (Nothing, lambda _: assistant.wake_word("")),
                "listening": (Nothing, lambda _: go(Conversation.LISTENING)),
                "stt_text": (Nothing, lambda _: go(Conversation.THINKING)),
                "thinking": (Nothing, lambda _: go(Conversation.THINKING)),
                "tts_speaking": (Nothing, lambda _: go(Conversation.SPEAKING)),
                "tts_finished": (Nothing, lambda _: go(Conversation.IDLE)),
                "idle": (Nothing, self._on_idle),
                "pipeline_error": (Nothing, lambda _: assistant.failed()),
                "muted": (_Muted, lambda data: assistant.muted(data.muted)),
                "volume_changed": (_Volume, lambda data: assistant.volume(data.volume)),
                "timer_ticking": (_Timer, self._on_timer),
                "timer_updated": (_Timer, self._on_timer),
                "timer_ringing": (_Timer, lambda data: assistant.ring(data.id, RING_S)),
                "light_command": (_Light, self._on_light),
            }
        )

    def read(self, text: bytes) -> None:
        """Hands an event to the assistant. Raises SatelliteError for a text that is no event."""
        try:
            event = _decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise SatelliteError(f"no event of linux-voice-assistant: {error}") from error
        self._before, self._last = self._last, event.event
        # After the snapshot it repeats its last event, and what that says of a timer may be of long ago.
        if not (self._before == "snapshot" and event.event.startswith("timer_")):
            self._table(event.event, event.data or {})

    def _on_snapshot(self, data: _Snapshot) -> None:
        self._assistant.muted(data.muted)
        self._assistant.home(data.ha_connected)

    def _on_zeroconf(self, data: _Zeroconf) -> None:
        if data.status == "connected":
            self._assistant.home(True)

    def _on_idle(self, _: Nothing) -> None:
        """Handles the one event for the end of a conversation, of a mute, of ringing, and of a cancelled timer."""
        if self._before in ("snapshot", "tts_finished", "muted"):
            self._assistant.go(Conversation.IDLE)
        elif not self._assistant.rings:
            self._assistant.timer_gone()
        self._assistant.stop_ringing()

    def _on_timer(self, data: _Timer) -> None:
        self._assistant.count_down(data.id, data.seconds_left, data.total_seconds)

    def _on_light(self, data: _Light) -> None:
        if data.object_id == LIGHT:
            color = {"r": data.red, "g": data.green, "b": data.blue}
            self._assistant.light(on=data.state, brightness=data.brightness, color=color, effect=data.effect)


def _text(command_: str, **data: object) -> str:
    return _encode({"command": command_, **({"data": data} if data else {})}).decode()
