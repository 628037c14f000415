"""Every message type that we send or handle: its fields, with type, range and default, and where it comes from.

Sources: "mc" mycroft-core, "ovos" its successors, "ours" this project.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bus.errors import PayloadError


class _Required(Enum):
    REQUIRED = "required"


REQUIRED = _Required.REQUIRED


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message's data: what it may hold, and what it is when it is missing."""

    name: str
    kind: type
    """int, float, str, bool, list or dict. Numbers are not told apart: 3.0 is an int, 3 is a float."""
    default: Any = REQUIRED
    low: float | None = None
    high: float | None = None
    meaning: str = ""

    def read(self, data: Mapping[str, Any]) -> Any:
        """The value in `data`, numbers clamped to the range. Raises PayloadError."""
        value = data.get(self.name)
        if value is None:
            if self.default is REQUIRED:
                raise PayloadError(f"{self.name} is missing")
            return self.default
        if self.kind in (int, float):
            return self._number(value)
        if self.kind is bool and isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"  # mycroft's clearPrev is one or the other
        if not isinstance(value, self.kind):
            raise PayloadError(f"{self.name} is not {_NAMES[self.kind]}")
        return value

    def _number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise PayloadError(f"{self.name} is not a number")
        number = float(value)
        if self.low is not None:
            number = max(number, self.low)
        if self.high is not None:
            number = min(number, self.high)
        return round(number) if self.kind is int else number


_NAMES = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Topic:
    """One message type."""

    name: str
    summary: str
    fields: tuple[Field, ...] = ()
    source: str = "mc"
    alias: str | None = None
    """What OVOS 2.x calls it."""

    def read(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a message's data, checked and complete; unknown ones are left out. Raises PayloadError."""
        return {field.name: field.read(data) for field in self.fields}


def _byte(name: str) -> Field:
    return Field(name, int, 255, 0, 255)


def _play_sound() -> Field:
    return Field("play_sound", bool, True, meaning="whether a short sound lets the new volume be heard")


CONNECTED = Topic("connected", "The greeting of the bus to a new client.")
REJECTED = Topic(
    "bus.message.rejected",
    "A frame was no message and was not relayed; only its sender hears of it.",
    (Field("reason", str),),
    "ours",
)

EYES_ON = Topic("enclosure.eyes.on", "Lights the eyes.")
EYES_OFF = Topic("enclosure.eyes.off", "Darkens the eyes.")
EYES_COLOR = Topic("enclosure.eyes.color", "Sets the colour of both eyes.", (_byte("r"), _byte("g"), _byte("b")))
EYES_LEVEL = Topic("enclosure.eyes.level", "Sets the brightness of the eyes.", (Field("level", int, 30, 0, 30),))
EYES_RESET = Topic("enclosure.eyes.reset", "Shows both eyes open, in their colour.")
EYES_VOLUME = Topic(
    "enclosure.eyes.volume", "Shows a level on the eyes for 3 s.", (Field("volume", int, 4, 0, 11),)
)
EYES_BLINK = Topic(
    "enclosure.eyes.blink", "Blinks.", (Field("side", str, "b", meaning="r, l or b: right, left or both"),)
)
EYES_SPIN = Topic("enclosure.eyes.spin", "Lets the eyes spin until something else is shown.")

MOUTH_RESET = Topic("enclosure.mouth.reset", "Empties the mouth.")
MOUTH_TALK = Topic("enclosure.mouth.talk", "Shows a talking mouth.")
MOUTH_LISTEN = Topic("enclosure.mouth.listen", "Shows a listening mouth.")
MOUTH_THINK = Topic("enclosure.mouth.think", "Shows a thinking mouth.")
MOUTH_TEXT = Topic("enclosure.mouth.text", "Shows a text; a long one scrolls.", (Field("text", str, ""),))
MOUTH_DISPLAY = Topic(
    "enclosure.mouth.display",
    "Shows a picture.",
    (
        Field("img_code", str, meaning="width, height, then two nibbles for each column, each as 'A' + value"),
        Field("xOffset", int, 0, -32, 32, meaning="pixels from the left"),
        Field("yOffset", int, 0, -8, 8, meaning="pixels from the top"),
        Field("clearPrev", bool, True, meaning="whether the rest of the mouth is emptied"),
    ),
)
MOUTH_EVENTS_ACTIVATE = Topic("enclosure.mouth.events.activate", "Lets the mouth follow speech and listening.")
MOUTH_EVENTS_DEACTIVATE = Topic("enclosure.mouth.events.deactivate", "Keeps speech and listening off the mouth.")

RECORD_BEGIN = Topic(
    "recognizer_loop:record_begin", "The listener starts to record.", alias="ovos.listener.record.started"
)
RECORD_END = Topic("recognizer_loop:record_end", "The recording is over.", alias="ovos.listener.record.ended")
AUDIO_OUTPUT_START = Topic(
    "recognizer_loop:audio_output_start", "Speech starts.", alias="ovos.audio.output.started"
)
AUDIO_OUTPUT_END = Topic("recognizer_loop:audio_output_end", "Speech is over.", alias="ovos.audio.output.ended")
STOP = Topic("mycroft.stop", "Stops whatever speaks, plays or listens.", alias="ovos.stop")
MIC_LISTEN = Topic("mycroft.mic.listen", "Starts to listen, as if the wake word had been heard.")

_PERCENT = "0..1; 2 and more count as a percentage up to 100, as some clients send it"
VOLUME_GET = Topic("mycroft.volume.get", "Asks for the volume; answered by mycroft.volume.get.response.")
VOLUME_RESPONSE = Topic(
    "mycroft.volume.get.response",
    "The volume, as an answer and after every change.",
    (Field("percent", float, low=0, high=1), Field("muted", bool)),
)
VOLUME_SET = Topic(
    "mycroft.volume.set",
    "Sets the volume, and unmutes.",
    (Field("percent", float, low=0, high=100, meaning=_PERCENT), _play_sound()),
)
VOLUME_INCREASE = Topic(
    "mycroft.volume.increase",
    "Turns the volume up.",
    (Field("percent", float, 0.1, 0, 100, _PERCENT), _play_sound()),
)
VOLUME_DECREASE = Topic(
    "mycroft.volume.decrease",
    "Turns the volume down.",
    (Field("percent", float, 0.1, 0, 100, _PERCENT), _play_sound()),
)
VOLUME_MUTE = Topic("mycroft.volume.mute", "Mutes; the level is remembered.")
VOLUME_UNMUTE = Topic("mycroft.volume.unmute", "Unmutes, at the level from before.")

REBOOT = Topic("system.reboot", "Restarts the machine.")
REBOOT_START = Topic("system.reboot.start", "The machine is about to restart.", source="ovos")
SHUTDOWN = Topic("system.shutdown", "Switches the machine off.")
SHUTDOWN_START = Topic("system.shutdown.start", "The machine is about to go off.", source="ovos")
SSH_ENABLE = Topic("system.ssh.enable", "Lets people log in over ssh, now and after a restart.")
SSH_ENABLING = Topic("system.ssh.enabling", "ssh is about to be enabled.", source="ours")
SSH_ENABLED = Topic("system.ssh.enabled", "ssh is enabled.", source="ovos")
SSH_DISABLE = Topic("system.ssh.disable", "Ends ssh, now and after a restart.")
SSH_DISABLING = Topic("system.ssh.disabling", "ssh is about to be disabled.", source="ours")
SSH_DISABLED = Topic("system.ssh.disabled", "ssh is disabled.", source="ovos")
SSH_STATUS = Topic("system.ssh.status", "Asks whether ssh is enabled; answered by system.ssh.status.response.")
SSH_STATUS_RESPONSE = Topic(
    "system.ssh.status.response", "Whether ssh is enabled.", (Field("enabled", bool),), "ovos"
)
NTP_SYNC = Topic("system.ntp.sync", "Sets the clock from the network.")
NTP_SYNCING = Topic("system.ntp.syncing", "The clock is about to be set.", source="ours")
NTP_COMPLETE = Topic("system.ntp.sync.complete", "The clock is set.")
CLOCK_SYNCED = Topic(
    "system.clock.synced",
    "The clock is right now; schedulers look at it again.",
    (Field("display", bool, False, meaning="whether the screen may say so"),),
    "ovos",
)
