import asyncio
import time
from typing import Any

import pytest

from bus.client.dispatch import Dispatcher
from bus.message import Message
from enclosure.display import Command, MouthAction, MouthViseme
from enclosure.handlers.visemes import MAX_VISEMES, VisemeHandler
from tests.enclosure.handlers.mark1 import Recorder

pytestmark = pytest.mark.usefixtures("wall_clock")

STILL = MouthAction.STILL


class Device(Recorder):
    """The handler, with a display that records when it is asked for what."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.said: list[Message] = []
        self.dispatcher = Dispatcher(self.emit)
        self.handler = VisemeHandler(self, self.dispatcher)

    async def emit(self, message: Message) -> None:
        self.said.append(message)

    def show(self, command: Command) -> None:
        super().show(command)
        self.times.append(time.time())

    async def speak(self, start: float, *visemes: Any, **context: Any) -> None:
        data = {"start": start, "visemes": list(visemes)}
        await self.dispatcher(Message("enclosure.mouth.viseme_list", data, context))


async def test_each_viseme_is_shown_at_its_time() -> None:
    device, start = Device(), time.time() + 0.05
    await device.speak(start, ["0", 0.05], ["3", 0.1], [6, 0.2])
    assert device.shown == [], "the handler does not wait for the sentence"
    await asyncio.sleep(0.4)
    assert device.shown == [MouthViseme(0), MouthViseme(3), MouthViseme(6), STILL]
    assert [at - start for at in device.times] == pytest.approx([0, 0.05, 0.1, 0.2], abs=0.001)


async def test_a_stop_leaves_the_mouth_as_it_is() -> None:
    device = Device()
    await device.speak(time.time(), ["0", 0.05], ["3", 0.1])
    await asyncio.sleep(0.02)
    device.handler.stop()
    await asyncio.sleep(1)
    assert device.shown == [MouthViseme(0)]


async def test_visemes_that_are_over_are_left_out() -> None:
    device = Device()
    await device.speak(time.time() - 10, ["0", 1], ["3", 9], ["5", 10.1])
    await asyncio.sleep(0.2)
    assert device.shown == [MouthViseme(5), STILL]


@pytest.mark.parametrize(
    "ending",
    [
        "mycroft.stop",
        "ovos.stop",
        "enclosure.mouth.events.deactivate",
        "enclosure.mouth.reset",
        "enclosure.reset",
        "recognizer_loop:audio_output_end",
        "ovos.audio.output.ended",
        "recognizer_loop:record_begin",
    ],
)
async def test_a_sentence_ends_with_what_it_belongs_to(ending: str) -> None:
    device = Device()
    await device.speak(time.time(), ["0", 0.05], ["3", 0.1], ["5", 0.15], ["6", 0.2])
    if not ending.startswith("enclosure."):
        await device.dispatcher(Message(ending, {}, {"session": {"session_id": "kitchen"}}))
    await asyncio.sleep(0.075)
    assert device.shown == [MouthViseme(0), MouthViseme(3)]
    await device.dispatcher(Message(ending))
    await asyncio.sleep(1)
    assert device.shown == [MouthViseme(0), MouthViseme(3)], "other handlers see to the mouth then"


async def test_another_session_does_not_move_this_mouth() -> None:
    device = Device()
    await device.speak(time.time(), ["0", 1], session={"session_id": "kitchen"})
    await asyncio.sleep(2)
    assert device.shown == []


async def test_the_next_sentence_takes_over() -> None:
    device = Device()
    await device.speak(time.time(), ["0", 5])
    await asyncio.sleep(0.02)
    await device.speak(time.time(), ["1", 0.05])
    await asyncio.sleep(9)
    assert device.shown == [MouthViseme(0), MouthViseme(1), STILL]


@pytest.mark.parametrize(
    "odd",
    [
        *("0", 5, None, [], [0], [0, 1, 2], {}, ["7", 0.1], ["0", -1], ["0", 0.01], ["0", "x"], ["0", 1e9]),
        *(["0", float("nan")], ["0", 10**400], ["0", "9" * 5000], [True, 0.1], [1, True], [1, None], ["\n", 0.1]),
    ],
)
async def test_one_odd_entry_does_not_drop_the_rest(odd: Any) -> None:
    device = Device()
    await device.speak(time.time(), ["1", 0.05], odd, ["2", 0.1])
    await asyncio.sleep(0.2)
    assert device.shown == [MouthViseme(1), MouthViseme(2), STILL]
    assert device.said == []


async def test_numbers_may_be_texts() -> None:
    device = Device()
    await device.speak(time.time(), ["1", "0.05"], [2, " 0.1"])
    await asyncio.sleep(0.2)
    assert device.shown == [MouthViseme(1), MouthViseme(2), STILL]


@pytest.mark.parametrize(
    ("ahead_s", "visemes", "error"),
    [
        (0, [["0"], {}], "visemes are not [code, end] each, with codes 0 to 6 and ends that rise"),
        (0, [["0", 1]] * (MAX_VISEMES + 1), f"more than {MAX_VISEMES} visemes"),
        (86_400, [["0", 1]], "start is more than 60 s ahead"),
    ],
)
async def test_an_invalid_sentence_fails_and_sets_no_timer(ahead_s: float, visemes: list[Any], error: str) -> None:
    device = Device()
    await device.speak(time.time() + ahead_s, *visemes)
    assert [(message.msg_type, message.data) for message in device.said] == [
        ("enclosure.mouth.viseme_list.failed", {"error": error})
    ]
    await asyncio.sleep(2 * 86_400)
    assert device.shown == []
