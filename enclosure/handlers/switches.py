"""The switch that mutes the microphone: it wins over messages, which cannot move it."""

from collections.abc import Callable
from functools import partial

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from enclosure.display import LightsError
from enclosure.events import Event, Switched
from enclosure.handlers.activity import ActivityHandler
from enclosure.handlers.session import SOURCE, local
from enclosure.ports import Display
from enclosure.router import Report


class SwitchHandler:
    """Mutes and unmutes the microphone with a switch, and reports its state; any of several switches mutes."""

    def __init__(
        self, display: Display, activity: ActivityHandler, dispatcher: Dispatcher, report: Report
    ) -> None:
        self._display = display
        self._activity = activity
        self._report = report
        self._on: dict[str, bool] = {}
        """Whether each switch is in the position that mutes."""
        self._mute_reported = False
        dispatcher.on(topics.CONNECTED, self._on_connected)
        dispatcher.on(topics.SWITCH_REPORT_STATES, self._on_report_states)
        dispatcher.on(topics.MIC_UNMUTE, local(self._on_unmute))
        dispatcher.on(topics.MIC_STATUS_RESPONSE, local(self._on_status))

    @property
    def muted(self) -> bool:
        """Whether a switch mutes the microphone."""
        return any(self._on.values())

    def refuse(self) -> None:
        """Reports that a press has no effect, since the microphone is off."""
        self._display.show(LightsError())
        self._say(topics.MIC_ERROR, {"error": "mic_sw_muted"})

    def handle(self, event: Event) -> bool:
        """Acts on a switch."""
        if not isinstance(event, Switched):
            return False
        self._on[event.switch] = event.on
        self._report_states()
        self._report_mute()
        return True

    async def _on_connected(self, _: Message) -> None:
        self._report_states()
        self._report_mute()

    async def _on_report_states(self, _: Message) -> None:
        self._report_states()

    async def _on_unmute(self, _: Message) -> None:
        if self.muted:
            self._report_mute()

    async def _on_status(self, _: Message, muted: bool) -> None:
        if self.muted and not muted:
            self._report_mute()

    def _report_states(self) -> None:
        for name, on in self._on.items():
            self._say(topics.SWITCH_STATE, {"name": name, "state": "off" if on else "on"})

    def _report_mute(self) -> None:
        """Mutes, or unmutes what a switch has muted: one that is live from the start changes nothing."""
        if self.muted or self._mute_reported:
            topic = topics.MIC_MUTE if self.muted else topics.MIC_UNMUTE
            self._activity.apply(topic)
            before, self._mute_reported = self._mute_reported, self.muted
            self._say(topic, on_lost=partial(self._on_lost, before))

    def _on_lost(self, before: bool) -> None:
        """The bus was away: the state reported before counts again, and `_on_connected` reports the switch."""
        self._mute_reported = before

    def _say(
        self, topic: Topic, data: dict[str, object] | None = None, on_lost: Callable[[], None] = lambda: None
    ) -> None:
        self._report(Message(topic.name, data or {}, {"source": SOURCE}), on_lost)
