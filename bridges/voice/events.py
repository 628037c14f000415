"""The events of wyoming-satellite, as it forwards them to its event service, to the assistant. Pure.

Its versions are 1.0 to 1.4; unknown events are ignored.
"""

import msgspec

from bridges.voice.assistant import Assistant, Conversation
from bridges.voice.table import EventTable, Nothing, Seconds
from bridges.voice.wyoming import WyomingEvent

RING_S = 10.0
"""How long the eyes say that a timer is over. The satellite plays a sound, and reports no end of it."""


class _Pipeline(msgspec.Struct):
    start_stage: str | None = None


class _Detection(msgspec.Struct):
    name: str | None = None


class _Timer(msgspec.Struct):
    id: str


class _RunningTimer(_Timer):
    total_seconds: Seconds
    is_active: bool = True


class SatelliteEvents:
    """Reads the events, and tracks both ways in which the microphone can be muted."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._paused = False
        """Whether the microphone is muted in Home Assistant."""
        self._held = False
        """Whether the wake proxy withholds the sound."""
        self._streaming = False
        self._wakes_itself = True
        """Whether the satellite streams after a wake word alone; Home Assistant wakes one that always streams."""
        self._table = EventTable(
            {
                "satellite-connected": (Nothing, lambda _: None),
                "satellite-disconnected": (Nothing, self._on_disconnected),
                "run-satellite": (Nothing, lambda _: self._pause(False)),
                "pause-satellite": (Nothing, lambda _: self._pause(True)),
                "run-pipeline": (_Pipeline, self._on_pipeline),
                "detection": (_Detection, self._on_detection),
                "streaming-started": (Nothing, self._on_streaming_started),
                "streaming-stopped": (Nothing, self._on_streaming_stopped),
                "voice-stopped": (Nothing, self._on_said),
                "transcript": (Nothing, self._on_said),
                "audio-start": (Nothing, lambda _: assistant.go(Conversation.SPEAKING)),
                "played": (Nothing, lambda _: assistant.go(Conversation.IDLE)),
                "error": (Nothing, lambda _: assistant.failed()),
                "timer-started": (_RunningTimer, self._on_timer_started),
                "timer-updated": (_RunningTimer, self._on_timer_updated),
                "timer-cancelled": (_Timer, lambda data: assistant.timer_gone(data.id)),
                "timer-finished": (_Timer, lambda data: assistant.ring(data.id, RING_S)),
            }
        )

    def connected(self) -> None:
        """The satellite has connected. A mute of either side holds until that side ends it."""
        self._streaming = False
        self._assistant.found()
        self._report_muted()

    def read(self, event: WyomingEvent) -> None:
        """Hands an event to the assistant."""
        if event.type not in ("satellite-disconnected", "streaming-stopped"):
            self._assistant.home(True)  # all others are from Home Assistant, or go to it
        self._table(event.type, event.data)

    def hold(self, held: bool) -> None:
        """Sets whether the wake proxy withholds the sound."""
        self._held = held
        self._report_muted()

    def _on_disconnected(self, _: Nothing) -> None:
        self._streaming = False
        self._assistant.home(False)

    def _pause(self, paused: bool) -> None:
        self._paused = paused
        if paused:
            self._streaming = False
        self._report_muted()

    def _on_pipeline(self, data: _Pipeline) -> None:
        self._wakes_itself = data.start_stage != "wake"

    def _on_detection(self, data: _Detection) -> None:
        if data.name:  # a press of the button is a detection without a name
            self._assistant.wake_word(data.name)
        if not self._wakes_itself:
            self._assistant.go(Conversation.LISTENING)

    def _on_streaming_started(self, _: Nothing) -> None:
        self._streaming = True
        if self._wakes_itself:
            self._assistant.go(Conversation.LISTENING)

    def _on_streaming_stopped(self, _: Nothing) -> None:
        self._streaming = False
        if self._assistant.phase is Conversation.LISTENING:
            self._assistant.go(Conversation.IDLE)
        self._report_muted()

    def _on_said(self, _: Nothing) -> None:
        if self._assistant.phase is Conversation.LISTENING:
            self._assistant.go(Conversation.THINKING)

    def _on_timer_started(self, data: _RunningTimer) -> None:
        self._assistant.count_down(data.id, data.total_seconds, data.total_seconds)

    def _on_timer_updated(self, data: _RunningTimer) -> None:
        """Here `total_seconds` are those that are left (wyoming/timer.py)."""
        if data.is_active:
            self._assistant.count_down(data.id, data.total_seconds)
        else:
            self._assistant.timer_gone(data.id)

    def _report_muted(self) -> None:
        """What streams is not held: the satellite hands it to Home Assistant, and not to the wake proxy."""
        self._assistant.muted(self._paused or (self._held and not self._streaming))
