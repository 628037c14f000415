import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from bus.message import Message
from enclosure.activity import Activity
from enclosure.board import ButtonSettings
from enclosure.display import MouthViseme
from enclosure.events import Pressed, Turned
from enclosure.handlers.session import SOURCE
from tests.enclosure.handlers.mark1 import PROFILE, mark1

SPEAKS, RECORDS = "recognizer_loop:audio_output_start", "recognizer_loop:record_begin"
PLAYS = "mycroft.audio.service.play"
DONE = {"session_id": "mycroft_enclosure.done"}


LEFT_AND_RIGHT = {"left": ButtonSettings(press="listen"), "right": ButtonSettings(press="stop")}


# The knob.


@pytest.mark.parametrize(("direction", "what", "level"), [(1, "increase", 0.7), (-1, "decrease", 0.5)])
async def test_a_turn_acts_at_once_and_the_bus_is_told(direction: int, what: str, level: float) -> None:
    async with mark1() as (device, display):
        device.handle(Turned(direction))
        assert device.card.level.percent == round(level * 83), "before anything is said"
        await asyncio.sleep(0.2)
        assert display.volumes == [level]
        told = Message(f"mycroft.volume.{what}", {"play_sound": True}, {"source": SOURCE, "session": DONE})
        assert [message.msg_type for message in device.said[-3:]] == [
            "mycroft.audio.play_sound",
            told.msg_type,
            "mycroft.volume.get.response",
        ]
        assert told in device.said
        assert device.card.level.percent == round(level * 83), "also after the echo"


async def test_a_turn_acts_without_a_bus() -> None:
    async with mark1() as (device, display):
        device.away = True
        device.handle(Turned(1))
        await asyncio.sleep(0.01)
        assert (device.card.level.percent, display.volumes) == (round(0.7 * 83), [0.7])


async def test_without_a_sound_card_a_turn_is_a_request_to_another_program() -> None:
    async with mark1() as (device, display):
        device.card.away = True
        device.handle(Turned(1))
        await asyncio.sleep(0.01)
        (request,) = [message for message in device.said if message.msg_type == "mycroft.volume.increase"]
        assert request.context == {"source": SOURCE}
        assert display.volumes == []


@pytest.mark.parametrize("context", [{}, {"source": SOURCE}, {"source": "mycroft_enclosure.knob"}])
async def test_the_volume_is_not_shown_for_a_message_whatever_source_it_names(context: dict[str, Any]) -> None:
    async with mark1() as (device, display):
        await device.hear("mycroft.volume.increase", {}, **context)
        await asyncio.sleep(1)
        assert (device.card.level.percent, display.volumes) == (round(0.7 * 83), [])


async def test_a_burst_of_turns_is_shown_a_few_times_in_a_second_and_at_its_end() -> None:
    async with mark1() as (device, display):
        for _ in range(30):
            device.handle(Turned(-1))
            await asyncio.sleep(0.033)
        await asyncio.sleep(0.2)
        assert 10 <= len(display.volumes) <= 12
        assert display.volumes[-1] == 0


# The button.


@pytest.mark.parametrize(
    ("before", "pressed"),
    [
        ([], "mycroft.mic.listen"),
        ([SPEAKS], "mycroft.stop"),
        ([RECORDS], "mycroft.stop"),
        ([PLAYS], "mycroft.stop"),
        (["ovos.common_play.play"], "mycroft.stop"),
        (["ovos.audio.output.started"], "mycroft.stop"),
        (["ovos.listener.record.started"], "mycroft.stop"),
        ([SPEAKS, "recognizer_loop:audio_output_end"], "mycroft.mic.listen"),
        ([SPEAKS, "recognizer_loop:record_end"], "mycroft.stop"),
        ([RECORDS, "ovos.listener.record.ended"], "mycroft.mic.listen"),
        ([PLAYS, "mycroft.audio.service.stop"], "mycroft.mic.listen"),
        ([PLAYS, "mycroft.audio.queue_end"], "mycroft.mic.listen"),
        (["ovos.common_play.play", "ovos.common_play.stop"], "mycroft.mic.listen"),
        ([SPEAKS, RECORDS, PLAYS, "mycroft.stop"], "mycroft.mic.listen"),
        ([SPEAKS, "ovos.stop"], "mycroft.mic.listen"),
        (["recognizer_loop:utterance"], "mycroft.mic.listen"),
    ],
)
async def test_a_press_stops_what_goes_on_or_else_starts_to_listen(before: list[str], pressed: str) -> None:
    async with mark1() as (device, _):
        for msg_type in before:
            await device.hear(msg_type)
        device.handle(Pressed())
        device.handle(Pressed())  # what was stopped does not go on
        await asyncio.sleep(0.01)
        assert device.types == [pressed, "mycroft.mic.listen"]
        assert device.said[0].context["source"] == SOURCE


@pytest.mark.parametrize(("state", "pressed"), [(0, "mic.listen"), (1, "stop"), (2, "mic.listen")])
async def test_a_player_reports_whether_it_plays(state: int, pressed: str) -> None:
    async with mark1() as (device, _):
        await device.hear("ovos.common_play.play")
        await device.hear("ovos.common_play.player.state", {"state": state})
        device.handle(Pressed())
        await asyncio.sleep(0.01)
        assert device.types == [f"mycroft.{pressed}"]


async def test_a_satellite_that_speaks_is_not_stopped_here() -> None:
    async with mark1() as (device, _):
        await device.hear(SPEAKS, session={"session_id": "kitchen"})
        device.handle(Pressed())
        await asyncio.sleep(0.01)
        assert device.types == ["mycroft.mic.listen"]


@pytest.mark.parametrize(("press", "msg_type"), [("stop", "mycroft.stop"), ("listen", "mycroft.mic.listen")])
async def test_a_profile_says_what_a_press_does(press: str, msg_type: str) -> None:
    async with mark1(profile=replace(PROFILE, buttons={"knob": ButtonSettings(press=press)})) as (device, _):
        device.handle(Pressed())
        await device.hear(SPEAKS)
        device.handle(Pressed())
        await asyncio.sleep(0.01)
        assert device.types == [msg_type] * 2


async def test_a_board_may_have_two_buttons() -> None:
    async with mark1(profile=replace(PROFILE, buttons=LEFT_AND_RIGHT)) as (device, _):
        for button in ("right", "left", "none of these"):
            device.handle(Pressed(button))
        await asyncio.sleep(0.01)
        assert device.types == ["mycroft.stop", "mycroft.mic.listen"]


@pytest.mark.usefixtures("wall_clock")
@pytest.mark.parametrize("away", [False, True])
async def test_a_press_stops_the_display_at_once_with_or_without_a_bus(away: bool) -> None:
    async with mark1() as (device, display):
        await device.hear(SPEAKS)
        visemes = [["1", 0.5], ["2", 1.0], ["3", 60]]
        await device.hear("enclosure.mouth.viseme_list", {"start": time.time(), "visemes": visemes})
        device.away = away
        assert display.activities[-1] == Activity(speaking=True)
        device.handle(Pressed())
        assert display.activities[-1] == Activity()
        shown = [*display.shown]
        await asyncio.sleep(2)
        assert not [command for command in display.shown[len(shown) :] if isinstance(command, MouthViseme)]


async def test_a_press_that_the_bus_was_away_for_is_not_made_later() -> None:
    async with mark1() as (device, _):
        device.away = True
        device.handle(Pressed())
        await asyncio.sleep(1.1)
        device.away = False
        await asyncio.sleep(1.1)
        assert device.types == []
