"""The bridge in the place of an assistant: its messages on the bus, and its requests to the satellite. Pure.

One half of the bridge reports what the satellite does; messages of the bus are requests of users. The face shows
the reports of the satellite, and not the requests to it. No message here is an utterance or speech: Home Assistant
acts, and the satellite speaks.
"""

import math
from collections.abc import Callable, Mapping
from enum import Enum, auto

from bridges.voice.eyes import RestingEyes
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message, is_local

SOURCE = "mycroft_voice"
"""`context.source` of the messages of the bridge."""

ENCLOSURE = "mycroft_enclosure"
"""`context.source` of what the enclosure sends when a control is used."""

AWAY_S = 10.0
"""How long Home Assistant may be away before the face says so. It reconnects when it ends a mute."""

NO_HOME, NO_SATELLITE = "NO HOME ASSISTANT", "NO VOICE SATELLITE"
NOT_UNDERSTOOD = "?"

VOLUME_STEPS = 11
"""Maximum level that the eyes show as a volume."""


class Conversation(Enum):
    """The phases of a conversation with the satellite."""

    IDLE = auto()
    LISTENING = auto()
    THINKING = auto()
    SPEAKING = auto()


LONGEST_S = {Conversation.LISTENING: 60.0, Conversation.THINKING: 30.0, Conversation.SPEAKING: 120.0}
"""How long a phase lasts if its end is never reported; the enclosure gives the first two up as soon."""


class SatelliteRequest(Enum):
    """A request to the satellite."""

    LISTEN = auto()
    STOP = auto()
    """Ends the conversation."""
    STOP_PLAYBACK = auto()
    STOP_RINGING = auto()
    MUTE = auto()
    UNMUTE = auto()
    LOUDER = auto()
    QUIETER = auto()


class Assistant:
    """The state of the satellite, as the bus knows it. The caller takes `messages` and `requests`.

    `cannot` has the reason for each request that the satellite cannot carry out.
    """

    def __init__(self, clock: Callable[[], float], cannot: Mapping[SatelliteRequest, str]) -> None:
        self.messages: list[Message] = []
        """Messages to send to the bus."""
        self.requests: list[SatelliteRequest] = []
        """Requests to send to the satellite."""
        self.phase = Conversation.IDLE
        self._clock = clock
        self._cannot = cannot
        self._eyes = RestingEyes()
        self._phase_until = math.inf
        self._there = False
        """Whether the satellite is connected to the bridge."""
        self._home = False
        """Whether Home Assistant is connected to the satellite."""
        self._told_ready = False
        """Whether that was reported on the bus since it was connected."""
        self._notice_at = math.inf
        """When the face says that Home Assistant is away."""
        self._muted: bool | None = None
        """Whether the satellite's microphone is muted; None while this is not known."""
        self._told_muted: bool | None = None
        """The last state of the microphone on the bus, from any program."""
        self._wanted_muted: bool | None = None
        """The request made while Home Assistant was away; it is sent when Home Assistant is back."""
        self._turned = False
        """Whether the knob was turned last, and not the volume in Home Assistant."""
        self._handlers: Mapping[str, Callable[[Message], None]] = {
            name: handler for topic, handler in self._table().items() for name in topic.names
        }

    # What the satellite reports.

    def found(self) -> None:
        """The satellite has connected."""
        self._there = True

    def lost(self) -> None:
        """The satellite is gone, and with it the connection to Home Assistant."""
        self.home(False)
        self._there = False
        self._muted = None

    def home(self, connected: bool) -> None:
        """Whether Home Assistant is connected to the satellite."""
        before, self._home = self._home, connected
        if connected:
            self._notice_at = math.inf
            if not self._told_ready:
                self._say_ready()
            if self._wanted_muted not in (None, self._muted):
                self.requests.append(SatelliteRequest.MUTE if self._wanted_muted else SatelliteRequest.UNMUTE)
            self._wanted_muted = None
        elif before:
            self._notice_at = self._clock() + AWAY_S
            self.go(Conversation.IDLE)
            self.stop_ringing()

    def wake_word(self, name: str) -> None:
        """The satellite has detected a wake word."""
        self._say(topics.WAKE_WORD, utterance=name)

    def go(self, phase: Conversation) -> None:
        """The conversation is in this phase."""
        before, self.phase = self.phase, phase
        if phase is before:
            return
        self._phase_until = self._clock() + LONGEST_S.get(phase, math.inf)
        if phase is Conversation.LISTENING:
            self._eyes.stop_ringing()  # satellites stop it by themselves
        if before is Conversation.IDLE:
            self._show_eyes()
        else:
            self._end(before)
        self._begin(phase)
        if phase is Conversation.IDLE:
            self._show_eyes()

    def failed(self) -> None:
        """Home Assistant could not handle the utterance. Without a conversation, this report is old: ignored."""
        if self.phase is not Conversation.IDLE:
            self.go(Conversation.IDLE)
            self._flash(NOT_UNDERSTOOD)

    def muted(self, muted: bool) -> None:
        """Whether the microphone is muted."""
        self._muted = muted
        if muted:
            self.go(Conversation.IDLE)
        if muted != self._told_muted:
            self._told_muted = muted
            self._say(topics.MIC_STATUS_RESPONSE, muted=muted)

    def volume(self, level: float) -> None:
        """The satellite's volume, from 0 to 1; it is shown when the knob has changed it."""
        if self._turned:
            self._turned = False
            self._say(topics.EYES_VOLUME, volume=round(VOLUME_STEPS * level))

    def light(self, *, on: bool, brightness: float, color: Mapping[str, float], effect: str) -> None:
        """Home Assistant has set the light."""
        self.messages += _ours(self._eyes.light(on=on, brightness=brightness, color=color, effect=effect))
        self._show_eyes()

    def count_down(self, timer: str, left_s: float, total_s: float = 0.0) -> None:
        """A timer runs, or its time has changed."""
        self._eyes.count_down(timer, total_s, left_s, self._clock())
        self._show_eyes()

    def timer_gone(self, timer: str | None = None) -> None:
        """A timer was cancelled, or paused; without its id, it is not known which."""
        if timer is None:
            self._eyes.cancel_all()
        else:
            self._eyes.cancel(timer)
        self._show_eyes()

    def ring(self, timer: str, longest_s: float) -> None:
        """A timer rings."""
        self._eyes.ring(timer, self._clock() + longest_s)
        self._show_eyes()

    def stop_ringing(self) -> None:
        """No timer rings any more."""
        self._eyes.stop_ringing()
        self._show_eyes()

    @property
    def rings(self) -> bool:
        """Whether a timer rings."""
        return self._eyes.rings(self._clock())

    # The passing of time.

    @property
    def next_at(self) -> float:
        """When `tick` has something to do."""
        eyes_at = self._eyes.next_at(self._clock()) if self.phase is Conversation.IDLE else math.inf
        return min(self._phase_until, self._notice_at, eyes_at)

    def tick(self) -> None:
        """Does what is due."""
        now = self._clock()
        if now >= self._notice_at:
            self._notice_at = math.inf
            self._notice()
        if now >= self._phase_until:
            self.go(Conversation.IDLE)
        self._show_eyes()

    # What people want.

    @property
    def patterns(self) -> list[str]:
        """The subscription to all messages that are read."""
        return sorted(self._handlers)

    def read(self, message: Message) -> None:
        """Handles a message of this device's own session. OVOS 2.x sends some twice, under two names."""
        if is_local(message) and not message.context.get("_namespace_compat_twin"):
            self._handlers.get(message.msg_type, lambda _: None)(message)

    def _table(self) -> Mapping[Topic, Callable[[Message], None]]:
        return {
            topics.CONNECTED: lambda _: self._tell_all(),
            topics.MIC_LISTEN: self._on_listen,
            topics.STOP: self._on_stop,
            topics.MIC_MUTE: lambda message: self._on_mute(message, True),
            topics.MIC_UNMUTE: lambda message: self._on_mute(message, False),
            topics.MIC_MUTE_TOGGLE: self._on_mute_toggle,
            topics.MIC_GET_STATUS: self._on_get_status,
            topics.VOICE_IS_ALIVE: lambda message: self._answer(message, status=self._there),
            topics.VOICE_IS_READY: self._on_is_ready,
            topics.VOICE_ALL_LOADED: lambda message: self._answer(message, status=self._home),
            topics.VOLUME_INCREASE: lambda message: self._on_turn(message, SatelliteRequest.LOUDER),
            topics.VOLUME_DECREASE: lambda message: self._on_turn(message, SatelliteRequest.QUIETER),
        }

    def _tell_all(self) -> None:
        """Reports all states to a new bus: the enclosure assumes after each connection that nothing goes on."""
        if self._muted is not None:
            self._told_muted = self._muted
            self._say(topics.MIC_STATUS_RESPONSE, muted=self._muted)
        self._told_ready = False
        if self._home:
            self._say_ready()
        self._eyes.forget_shown()
        self._begin(self.phase)
        self._show_eyes()

    def _on_listen(self, message: Message) -> None:
        if self.rings or self.phase is not Conversation.IDLE:
            self._on_stop(message)
        elif not self._home:
            self._flash(NO_HOME if self._there else NO_SATELLITE)
        elif not self._ask(SatelliteRequest.LISTEN):
            self._refuse(message, SatelliteRequest.LISTEN)

    def _on_stop(self, _: Message) -> None:
        if not self.rings:
            self._ask(SatelliteRequest.STOP_PLAYBACK if self.phase is Conversation.IDLE else SatelliteRequest.STOP)
        elif not self._ask(SatelliteRequest.STOP_RINGING):
            self.stop_ringing()

    def _on_mute(self, message: Message, wanted: bool) -> None:
        # A switch of the board has cut the microphone off, and is right in any case. All else is only asked for:
        # the face shows what comes of it.
        if message.context.get("source") != ENCLOSURE:
            self._told_muted = wanted
        self._mute(message, wanted)

    def _on_mute_toggle(self, message: Message) -> None:
        if self._muted is not None:
            self._mute(message, not self._muted)

    def _mute(self, message: Message, wanted: bool) -> None:
        request = SatelliteRequest.MUTE if wanted else SatelliteRequest.UNMUTE
        if request in self._cannot:
            self._refuse(message, request)
            if self._muted is not None:
                self.muted(self._muted)
            return
        self.requests.append(request)
        if not self._home:
            self._wanted_muted = wanted  # a satellite may follow only once it is connected

    def _on_get_status(self, message: Message) -> None:
        if self._muted is not None:
            self._told_muted = self._muted
            self._answer(message, muted=self._muted)

    def _on_is_ready(self, message: Message) -> None:
        self._answer(message, status=self._home)
        if self._home and message.context.get("source") == ENCLOSURE:
            self._say_ready()  # it would wait for skills, too, and there are none

    def _on_turn(self, message: Message, request: SatelliteRequest) -> None:
        """An enclosure without a sound card asks other programs to change the volume when its knob is turned."""
        if message.context.get("source") == ENCLOSURE:
            self._turned = self._ask(request)

    # What is said.

    def _begin(self, phase: Conversation) -> None:
        match phase:
            case Conversation.LISTENING:
                self._say(topics.RECORD_BEGIN)
            case Conversation.THINKING:
                self._say(topics.MOUTH_THINK)
                self._say(topics.FEEDBACK_SET_STATE, state="thinking")  # the same, for LEDs
            case Conversation.SPEAKING:
                self._say(topics.AUDIO_OUTPUT_START)

    def _end(self, phase: Conversation) -> None:
        match phase:
            case Conversation.LISTENING:
                self._say(topics.RECORD_END)
            case Conversation.THINKING:
                self._say(topics.FEEDBACK_SET_STATE, state="asleep")
                if self.phase is Conversation.IDLE:
                    self._say(topics.AUDIO_OUTPUT_END)  # nothing was said; this ends the picture on the mouth
            case Conversation.SPEAKING:
                self._say(topics.AUDIO_OUTPUT_END)

    def _show_eyes(self) -> None:
        self.messages += _ours(self._eyes.messages(self._clock(), at_rest=self.phase is Conversation.IDLE))

    def _say_ready(self) -> None:
        self._told_ready = True
        self._say(topics.READY)

    def _notice(self) -> None:
        self._say(topics.MOUTH_TEXT, text=NO_HOME if self._there else NO_SATELLITE, repeat=False)

    def _flash(self, text: str) -> None:
        """Shows a failure: a text on a mouth, a flash on LEDs."""
        self._say(topics.RECOGNITION_UNKNOWN)
        self._say(topics.MOUTH_TEXT, text=text, repeat=False)

    def _ask(self, request: SatelliteRequest) -> bool:
        """Adds a request; returns whether the satellite can carry it out."""
        if request in self._cannot:
            return False
        self.requests.append(request)
        return True

    def _refuse(self, message: Message, request: SatelliteRequest) -> None:
        error = {"error": self._cannot[request]}
        self.messages.append(message.reply(f"{message.msg_type}.failed", error))

    def _answer(self, message: Message, **data: object) -> None:
        self.messages.append(message.response(data))

    def _say(self, topic: Topic, **data: object) -> None:
        self.messages.append(Message(topic.name, data, {"source": SOURCE}))


def _ours(messages: list[Message]) -> list[Message]:
    return [Message(message.msg_type, message.data, {"source": SOURCE}) for message in messages]
