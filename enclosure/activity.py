"""What the assistant is doing, derived from the messages of this device's own session. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from bus.contract import ours as topics
from bus.contract.topic import Topic
from enclosure.display import Bitmap


class Leaving(Enum):
    """Why the machine is about to go."""

    REBOOT = auto()
    SHUTDOWN = auto()
    FACTORY_RESET = auto()


@dataclass(frozen=True, slots=True)
class Activity:
    """One moment of the assistant. A display shows what its board can show of it."""

    booting: bool = False
    waiting_for: str | None = None
    """The service that the start waits for, in capitals; None if there is nothing to report."""
    asleep: bool = False
    muted: bool = False
    """Whether the microphone is switched off."""
    recording: bool = False
    thinking: bool = False
    speaking: bool = False
    playing: bool = False
    offline: bool = False
    """Whether there is no internet."""
    updating: bool = False
    updated_percent: int | None = None
    """How much of the current step of an update is done."""
    wifi_setup: bool = False
    """Whether the access point of a wifi setup has opened, and the setup has not ended."""
    wifi_shown: str | Bitmap | None = None
    """The instruction of a wifi setup, such as the password, or a picture of its step; None without a setup."""
    leaving: Leaving | None = None


PLAYING = 1
"""The state of OVOS' player while it plays; 0 is stopped, 2 is paused."""

_STOPPED = {"recording": False, "thinking": False, "speaking": False, "playing": False}

_CHANGES: Mapping[Topic, Mapping[str, Any]] = {
    topics.CONNECTED: _STOPPED,  # the messages that ended it may have been missed
    topics.STOP: _STOPPED,  # what is stopped may not report its end
    topics.RECORD_BEGIN: {"recording": True, "thinking": False},
    topics.RECORD_END: {"recording": False},
    topics.UTTERANCE: {"thinking": True},
    topics.UTTERANCE_HANDLED: {"thinking": False},
    topics.INTENT_HANDLED: {"thinking": False},
    topics.INTENT_UNMATCHED: {"thinking": False},
    topics.AUDIO_OUTPUT_START: {"speaking": True, "thinking": False},
    topics.AUDIO_OUTPUT_END: {"speaking": False},
    topics.AUDIO_SERVICE_PLAY: {"playing": True},
    topics.COMMON_PLAY_PLAY: {"playing": True},
    topics.AUDIO_SERVICE_STOP: {"playing": False},
    topics.COMMON_PLAY_STOP: {"playing": False},
    topics.AUDIO_QUEUE_END: {"playing": False},
    topics.SLEEP: {"asleep": True},
    topics.WAKE_UP: {"asleep": False},
    topics.AWOKEN: {"asleep": False},
    topics.MIC_MUTE: {"muted": True},
    topics.MIC_UNMUTE: {"muted": False},
    topics.NO_INTERNET: {"offline": True},
    topics.INTERNET_CONNECTED: {"offline": False},
    topics.UPDATE_PROCESSING: {"updating": True, "updated_percent": None},
    topics.UPDATE_COMPLETE: {"updating": False, "updated_percent": None},
}

LEAVING: Mapping[Topic, Leaving] = {
    topics.REBOOT: Leaving.REBOOT,
    topics.REBOOT_START: Leaving.REBOOT,
    topics.SHUTDOWN: Leaving.SHUTDOWN,
    topics.SHUTDOWN_START: Leaving.SHUTDOWN,
    topics.FACTORY_RESET: Leaving.FACTORY_RESET,
    topics.FACTORY_RESET_START: Leaving.FACTORY_RESET,
    topics.FACTORY_RESET_PHAL: Leaving.FACTORY_RESET,
    topics.FACTORY_RESET_COMPLETE: Leaving.FACTORY_RESET,
}
"""What announces that the machine goes. It goes for a satellite's session, too."""

TOPICS = (*_CHANGES, topics.UPDATE_PROGRESS, topics.PLAYER_STATE, topics.MIC_STATUS_RESPONSE)
"""What else changes an activity, in this device's own session."""


def after(activity: Activity, topic: Topic, fields: Mapping[str, Any]) -> Activity:
    """The activity after a message of one of TOPICS or LEAVING, of which `fields` are the checked fields."""
    if topic in LEAVING:
        # The first announcement counts: a factory reset ends with a reboot, and remains a factory reset.
        return replace(activity, leaving=activity.leaving or LEAVING[topic])
    if topic == topics.PLAYER_STATE:
        return replace(activity, playing=fields["state"] == PLAYING)
    if topic == topics.UPDATE_PROGRESS:
        return replace(activity, updating=True, updated_percent=fields["percent"])
    if topic == topics.MIC_STATUS_RESPONSE:
        return replace(activity, muted=fields["muted"])
    return replace(activity, **_CHANGES[topic])
