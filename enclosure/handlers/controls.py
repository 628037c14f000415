"""The knob and the buttons: they act at once, and the bus is told."""

from collections.abc import Mapping

from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from enclosure.config import Press
from enclosure.events import Event, Pressed, Turned
from enclosure.handlers.activity import ActivityHandler
from enclosure.handlers.session import SOURCE
from enclosure.handlers.visemes import VisemeHandler
from enclosure.handlers.volume import VolumeHandler
from enclosure.router import Tell

DONE = {"session": {"session_id": f"{SOURCE}.done"}}
"""The context of a change of the volume that has been made already. The session is not this device's own, so the
change is not made a second time: neither by us nor by OVOS' ALSA plugin, which checks the session as we do."""


class ControlsHandler:
    """A turn changes the volume; a press stops what goes on, or else starts to listen.

    What a press of each button does is for the profile to say. What goes on in a remote satellite's session is not
    stopped here.
    """

    def __init__(
        self,
        volume: VolumeHandler,
        activity: ActivityHandler,
        visemes: VisemeHandler,
        tell: Tell,
        buttons: Mapping[str, Press],
    ) -> None:
        self._volume = volume
        self._activity = activity
        self._visemes = visemes
        self._tell = tell
        self._buttons = buttons

    def take(self, event: Event) -> bool:
        """Acts on a turn or a press."""
        match event:
            case Turned(direction):
                self._turn(direction)
            case Pressed(button) if button in self._buttons:
                self._press(self._buttons[button])
            case _:
                return False
        return True

    def _turn(self, direction: int) -> None:
        topic = topics.VOLUME_INCREASE if direction > 0 else topics.VOLUME_DECREASE
        # Without a sound card of ours it is a request to the program that has one.
        done = DONE if self._volume.turn(direction) else {}
        self._say(topic, {"play_sound": True}, done)

    def _press(self, press: Press) -> None:
        goes_on = self._activity.current
        busy = goes_on.recording or goes_on.speaking or goes_on.playing
        if press == "stop" or (press == "auto" and busy):
            self._visemes.stop()
            self._activity.take(topics.STOP)
            self._say(topics.STOP)
        else:
            self._say(topics.MIC_LISTEN)

    def _say(self, topic: Topic, data: Mapping[str, object] = {}, context: Mapping[str, object] = {}) -> None:
        self._tell(Message(topic.name, {**data}, {"source": SOURCE, **context}))
