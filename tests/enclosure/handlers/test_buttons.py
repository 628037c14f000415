import asyncio

import pytest

from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.config import Press
from enclosure.events import Event, Pressed, Turned
from enclosure.faceplate.protocol import Unknown
from enclosure.handlers import buttons
from enclosure.handlers.buttons import KNOB, SOURCE
from tests.enclosure.handlers.mark1 import Mark1, Recorder


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buttons, "STOP_ANSWER_S", 0.01)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Turned(1), [Message("mycroft.volume.increase", {"play_sound": True}, {"source": KNOB})]),
        (Turned(-1), [Message("mycroft.volume.decrease", {"play_sound": True}, {"source": KNOB})]),
        (Pressed(), [Message("mycroft.mic.listen", {}, {"source": SOURCE})]),
        (Unknown("x"), []),
    ],
)
async def test_what_somebody_does_is_said(event: Event, said: list[Message]) -> None:
    async with asyncio.TaskGroup() as group:
        device = Mark1(Recorder(), group)
        await device.take(event)
        assert device.said == said


SPEAKS, RECORDS = "recognizer_loop:audio_output_start", "recognizer_loop:record_begin"
PLAYS = "mycroft.audio.service.play"


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
    ],
)
@pytest.mark.usefixtures("impatient")
async def test_a_press_stops_what_goes_on_else_it_starts_to_listen(before: list[str], pressed: str) -> None:
    async with asyncio.TaskGroup() as group:
        device = Mark1(Recorder(), group)
        for msg_type in before:
            await device.hear(msg_type)
        await device.take(Pressed())
        await device.take(Pressed())  # what was stopped is forgotten
        assert device.types == [pressed, "mycroft.mic.listen"]


@pytest.mark.parametrize(("state", "pressed"), [(0, "mic.listen"), (1, "stop"), (2, "mic.listen")])
@pytest.mark.usefixtures("impatient")
async def test_a_player_says_whether_it_plays(state: int, pressed: str) -> None:
    async with asyncio.TaskGroup() as group:
        device = Mark1(Recorder(), group)
        await device.hear("ovos.common_play.play")
        await device.hear("ovos.common_play.player.state", {"state": state})
        await device.take(Pressed())
        assert device.types == [f"mycroft.{pressed}"]


async def test_a_satellite_that_speaks_is_not_stopped_here() -> None:
    async with asyncio.TaskGroup() as group:
        device = Mark1(Recorder(), group)
        await device.hear(SPEAKS, session={"session_id": "kitchen"})
        await device.take(Pressed())
        assert device.types == ["mycroft.mic.listen"]


@pytest.mark.parametrize(("press", "msg_type"), [("stop", "mycroft.stop"), ("listen", "mycroft.mic.listen")])
@pytest.mark.usefixtures("impatient")
async def test_a_profile_makes_a_press_always_the_same(press: Press, msg_type: str) -> None:
    async with asyncio.TaskGroup() as group:
        device = Mark1(Recorder(), group, press)
        await device.take(Pressed())
        await device.hear(SPEAKS)
        await device.take(Pressed())
        assert device.types == [msg_type] * 2


@pytest.mark.usefixtures("impatient")
async def test_our_own_handlers_get_a_stop_that_nobody_answers() -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group, "stop")
        await device.take(Pressed())
        assert face.reacted == [None]  # the stop came back from the bus
    assert face.reacted == [None, None]
    assert device.types == ["mycroft.stop"]  # said only once


@pytest.mark.usefixtures("impatient")
async def test_our_own_handlers_get_a_stop_that_the_bus_does_not_take() -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group, "stop")
        device.away = True
        with pytest.raises(BusUnavailableError):
            await device.take(Pressed())
        assert face.reacted == []
    assert face.reacted == [None]


@pytest.mark.parametrize(
    ("msg_type", "data"), [("mycroft.stop.handled", {"by": "x"}), ("mycroft.stop.handled", {}), (RECORDS, {})]
)
async def test_a_stop_that_is_answered_leaves_alone_what_comes_next(msg_type: str, data: dict[str, str]) -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group, "stop")
        await device.take(Pressed())
        await device.hear(msg_type, data)
        reacted = [*face.reacted]
    assert face.reacted == reacted
