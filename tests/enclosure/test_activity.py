"""What the assistant is doing, from the messages that it sends."""

from dataclasses import replace
from typing import Any

import pytest

from bus.contract.lookup import ALIASES, TOPICS
from enclosure import activity as module
from enclosure.activity import Activity, Leaving, after

IDLE = Activity()
BUSY = Activity(recording=True, thinking=True, speaking=True, playing=True)


def all_after(*messages: str, start: Activity = IDLE, **fields: Any) -> Activity:
    activity = start
    for name in messages:
        activity = after(activity, TOPICS.get(name) or ALIASES[name], fields)
    return activity


@pytest.mark.parametrize(
    ("messages", "activity"),
    [
        (["recognizer_loop:record_begin"], Activity(recording=True)),
        (["ovos.listener.record.started"], Activity(recording=True)),
        (["recognizer_loop:record_begin", "recognizer_loop:record_end"], IDLE),
        (["recognizer_loop:utterance"], Activity(thinking=True)),
        (["ovos.utterance.handle"], Activity(thinking=True)),
        (["recognizer_loop:utterance", "ovos.utterance.handled"], IDLE),
        (["recognizer_loop:utterance", "mycroft.skill.handler.complete"], IDLE),
        (["recognizer_loop:utterance", "complete_intent_failure"], IDLE),
        (["recognizer_loop:utterance", "recognizer_loop:audio_output_start"], Activity(speaking=True)),
        (["recognizer_loop:utterance", "recognizer_loop:record_begin"], Activity(recording=True)),
        (["recognizer_loop:audio_output_start", "ovos.audio.output.ended"], IDLE),
        (["mycroft.audio.service.play", "recognizer_loop:audio_output_end"], Activity(playing=True)),
        (["mycroft.audio.service.play", "mycroft.audio.service.stop"], IDLE),
        (["mycroft.audio.service.play", "mycroft.audio.queue_end"], IDLE),
        (["ovos.common_play.play", "ovos.common_play.stop"], IDLE),
        (["recognizer_loop:sleep"], Activity(asleep=True)),
        (["recognizer_loop:sleep", "mycroft.awoken"], IDLE),
        (["recognizer_loop:sleep", "recognizer_loop:wake_up"], IDLE),
        (["mycroft.mic.mute"], Activity(muted=True)),
        (["mycroft.mic.mute", "mycroft.mic.unmute"], IDLE),
        (["system.reboot"], Activity(leaving=Leaving.REBOOT)),
        (["system.shutdown.start"], Activity(leaving=Leaving.SHUTDOWN)),
        (["system.factory.reset", "system.reboot.start"], Activity(leaving=Leaving.FACTORY_RESET)),
        (["mycroft.mic.mute", "recognizer_loop:sleep", "mycroft.stop"], Activity(muted=True, asleep=True)),
    ],
)
def test_messages_change_the_activity(messages: list[str], activity: Activity) -> None:
    assert all_after(*messages) == activity


@pytest.mark.parametrize("message", ["mycroft.stop", "ovos.stop", "connected"])
def test_a_stop_and_a_new_connection_end_all_that_goes_on(message: str) -> None:
    assert all_after(message, start=replace(BUSY, muted=True)) == Activity(muted=True)


@pytest.mark.parametrize(("state", "playing"), [(0, False), (1, True), (2, False)])
def test_a_player_reports_whether_it_plays(state: int, playing: bool) -> None:
    for start in (IDLE, Activity(playing=True)):
        assert all_after("ovos.common_play.player.state", start=start, state=state).playing == playing


@pytest.mark.parametrize("muted", [True, False])
def test_the_listener_reports_whether_the_microphone_is_muted(muted: bool) -> None:
    for start in (IDLE, Activity(muted=True)):
        assert all_after("mycroft.mic.get_status.response", start=start, muted=muted).muted == muted


def test_every_topic_is_handled() -> None:
    for topic in (*module.TOPICS, *module.LEAVING):
        after(IDLE, topic, {"state": 0, "muted": False, "percent": None})
