"""The knob and the buttons: they act at once, and the bus is told."""

from collections.abc import Mapping

from bus.contract import ours as topics
from bus.message import Message
from enclosure.board import ButtonSettings
from enclosure.events import Event, Held, Pressed, PressedTwice, Turned
from enclosure.handlers.activity import ActivityHandler
from enclosure.handlers.session import SOURCE
from enclosure.handlers.switches import SwitchHandler
from enclosure.handlers.visemes import VisemeHandler
from enclosure.handlers.volume import VolumeHandler
from enclosure.router import Report

DONE = {"session": {"session_id": f"{SOURCE}.done"}}
"""The context of a change of the volume that has been made already. The session is not this device's own, so the
change is not made a second time: neither by us nor by OVOS' ALSA plugin, which checks the session as we do."""


class ControlsHandler:
    """A turn changes the volume; what each gesture of a button does is for the profile to say.

    What goes on in a remote satellite's session is not stopped here.
    """

    def __init__(
        self,
        volume: VolumeHandler,
        activity: ActivityHandler,
        visemes: VisemeHandler,
        switches: SwitchHandler,
        report: Report,
        *,
        buttons: Mapping[str, ButtonSettings],
    ) -> None:
        self._volume = volume
        self._activity = activity
        self._visemes = visemes
        self._switches = switches
        self._report = report
        self._buttons = buttons

    def handle(self, event: Event) -> bool:
        """Acts on a turn or a gesture."""
        match event:
            case Turned(direction):
                self._turn(direction)
            case Pressed(button) if button in self._buttons:
                self._act(self._buttons[button].press)
            case PressedTwice(button) if button in self._buttons:
                self._act(self._buttons[button].double)
            case Held(button) if button in self._buttons:
                self._act(self._buttons[button].hold)
            case _:
                return False
        return True

    def _turn(self, direction: int) -> None:
        topic = topics.VOLUME_INCREASE if direction > 0 else topics.VOLUME_DECREASE
        # Without a sound card of ours it is a request to the program that has one.
        done = DONE if self._volume.turn(direction) else {}
        self._say(topic.name, {"play_sound": True}, done)

    def _act(self, act: str | None) -> None:
        match act:
            case "auto":
                self._act("stop" if self._busy else "listen")
            case "stop":
                self._visemes.stop()
                self._activity.apply(topics.STOP)
                self._say(topics.STOP.name)
            case "listen" if self._switches.muted:
                self._switches.refuse()
            case "listen":
                self._say(topics.MIC_LISTEN.name)
            case "volume_up":
                self._turn(1)
            case "volume_down":
                self._turn(-1)
            case "mute" if self._switches.muted:
                self._switches.refuse()
            case "mute":
                self._say(topics.MIC_MUTE_TOGGLE.name)
            case str():
                self._say(act)

    @property
    def _busy(self) -> bool:
        goes_on = self._activity.current
        return goes_on.recording or goes_on.speaking or goes_on.playing

    def _say(self, msg_type: str, data: Mapping[str, object] = {}, context: Mapping[str, object] = {}) -> None:
        self._report(Message(msg_type, {**data}, {"source": SOURCE, **context}))
