import asyncio

import pytest

from enclosure.activity import Activity
from enclosure.display import MouthAction
from enclosure.handlers.activity import LONGEST_S
from enclosure.handlers.session import SOURCE
from tests.enclosure.handlers.mark1 import mark1

KITCHEN = {"session_id": "kitchen"}
ONE_OF_EACH = [
    "recognizer_loop:record_begin",
    "recognizer_loop:utterance",
    "ovos.audio.output.started",
    "mycroft.audio.service.play",
    "recognizer_loop:sleep",
    "mycroft.mic.mute",
]


async def test_the_display_indicates_each_change_once() -> None:
    async with mark1() as (device, display):
        for msg_type in ("record_begin", "record_begin", "record_end", "record_end"):
            await device.hear(f"recognizer_loop:{msg_type}")
        assert display.activities == [Activity(recording=True), Activity()]


@pytest.mark.parametrize("msg_type", ONE_OF_EACH)
async def test_one_rule_says_whose_session_counts(msg_type: str) -> None:
    async with mark1() as (device, display):
        await device.hear(msg_type, {}, session=KITCHEN)
        assert display.untouched
        await device.hear(msg_type, {}, session={"session_id": "default"})
        assert display.activity != Activity()


@pytest.mark.parametrize(("what", "begins"), [("recording", ONE_OF_EACH[0]), ("thinking", ONE_OF_EACH[1])])
async def test_an_end_that_is_never_reported_is_assumed(what: str, begins: str) -> None:
    async with mark1() as (device, display):
        await device.hear(begins)
        await asyncio.sleep(LONGEST_S[what] - 1)
        assert getattr(display.activity, what)
        await asyncio.sleep(1.1)
        assert not getattr(display.activity, what)


async def test_the_progress_of_an_update_is_indicated_until_its_end() -> None:
    async with mark1() as (device, display):
        await device.hear("system.update.processing", {"processing": True})
        await device.hear("system.update.progress", {"step": "install", "percent": 40})
        assert display.activities == [Activity(updating=True), Activity(updating=True, updated_percent=40)]
        await device.hear("system.update.complete", {"has_updated": True})
        assert display.activity == Activity()
        await device.hear("system.update.progress", {"step": "wait"})  # of a daemon that was restarted meanwhile
        assert display.activity == Activity(updating=True)


async def test_the_time_limit_starts_again_with_each_recording() -> None:
    async with mark1() as (device, display):
        await device.hear("recognizer_loop:record_begin")
        await asyncio.sleep(LONGEST_S["recording"] - 1)
        await device.hear("recognizer_loop:record_end")
        await device.hear("recognizer_loop:record_begin")
        await asyncio.sleep(2)
        assert display.activity.recording


@pytest.mark.parametrize("msg_type", ["mycroft.mic.mute.toggle", "connected"])
async def test_the_listener_is_asked_whether_the_microphone_is_muted(msg_type: str) -> None:
    async with mark1() as (device, display):
        await device.hear(msg_type)
        (question,) = device.said
        assert (question.msg_type, question.context) == ("mycroft.mic.get_status", {"source": SOURCE})
        await device.hear("mycroft.mic.get_status.response", {"muted": True})
        assert display.activity.muted


@pytest.mark.parametrize(
    "msg_type", ["recognizer_loop:record_end", "recognizer_loop:audio_output_end", "mycroft.stop", "ovos.stop"]
)
async def test_what_animates_the_mouth_ends_with_speech_and_recording(msg_type: str) -> None:
    async with mark1() as (device, display):
        await device.hear("enclosure.mouth.talk")
        await device.hear(msg_type, {}, session=KITCHEN)
        assert display.shown == [MouthAction.TALK]
        await device.hear(msg_type)
        assert display.shown == [MouthAction.TALK, MouthAction.STILL]


async def test_the_end_of_speech_does_not_still_a_mouth_that_listens() -> None:
    async with mark1() as (device, display):
        await device.hear("recognizer_loop:audio_output_start")
        await device.hear("recognizer_loop:record_begin")
        await device.hear("recognizer_loop:audio_output_end")
        assert (display.activity, display.shown) == (Activity(recording=True), [])
