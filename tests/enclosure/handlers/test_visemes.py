import asyncio
import time
from typing import Any

import pytest

from bus.client.dispatch import Dispatcher
from bus.message import Message
from enclosure import display
from enclosure.display import Command, MouthViseme
from enclosure.handlers.visemes import VisemeHandler

pytestmark = pytest.mark.usefixtures("wall_clock")


class Device:
    """The handler, with a face that writes down what it is told, and when."""

    firmware = None
    pixels = ()

    def __init__(self) -> None:
        self.reacted: list[tuple[float, Command | None]] = []
        self.said: list[Message] = []
        self.dispatcher = Dispatcher(self.emit)
        self.handler = VisemeHandler(self, self.dispatcher)

    async def emit(self, message: Message) -> None:
        self.said.append(message)

    def show(self, command: Command) -> None:
        raise AssertionError("a viseme is no content")

    def react(self, command: Command | None) -> None:
        self.reacted.append((time.time(), command))

    def idle(self, command: Command | None) -> None:
        raise AssertionError("a viseme is no music")

    def forget(self) -> None:
        raise AssertionError("a viseme can wait")

    async def speak(self, start: float, *visemes: Any) -> None:
        await self.dispatcher(Message("enclosure.mouth.viseme_list", {"start": start, "visemes": list(visemes)}))

    @property
    def mouths(self) -> list[Command | None]:
        return [command for _, command in self.reacted]


async def test_each_mouth_comes_at_its_time_and_then_none() -> None:
    device, start = Device(), time.time() + 0.05
    await device.speak(start, ["0", 0.05], ["3", 0.1], [6, 0.2])
    assert device.mouths == [], "nobody waits for the sentence"
    await asyncio.sleep(0.4)
    assert device.mouths == [MouthViseme(0), MouthViseme(3), MouthViseme(6), None]
    assert [at - start for at, _ in device.reacted] == pytest.approx([0, 0.05, 0.1, 0.2], abs=0.001)


async def test_after_a_stop_the_mouth_is_left_alone() -> None:
    device = Device()
    await device.speak(time.time(), ["0", 0.05], ["3", 0.1])
    await asyncio.sleep(0.02)
    device.handler.stop()
    await asyncio.sleep(0.1)
    assert device.mouths == [MouthViseme(0)]


async def test_those_that_are_over_are_left_out() -> None:
    device = Device()
    await device.speak(time.time() - 10, ["0", 1], ["3", 9], ["5", 10.1])
    await asyncio.sleep(0.2)
    assert device.mouths == [MouthViseme(5), None]


@pytest.mark.parametrize(
    "ending",
    [
        "mycroft.stop",
        "ovos.stop",
        "enclosure.mouth.events.deactivate",
        "recognizer_loop:audio_output_end",
        "ovos.audio.output.ended",
        "recognizer_loop:record_begin",
    ],
)
async def test_it_ends_when_it_is_ended_here(ending: str) -> None:
    device = Device()
    await device.speak(time.time(), ["0", 0.05], ["3", 0.1], ["5", 0.15], ["6", 0.2])
    if not ending.startswith("enclosure."):
        await device.dispatcher(Message(ending, {}, {"session": {"session_id": "kitchen"}}))
    await asyncio.sleep(0.075)
    assert device.mouths == [MouthViseme(0), MouthViseme(3)]
    await device.dispatcher(Message(ending))
    await asyncio.sleep(0.1)
    assert device.mouths == [MouthViseme(0), MouthViseme(3)], "what the mouth does then is not its own"


async def test_a_skill_may_want_the_mouth_to_itself() -> None:
    device = Device()
    await device.dispatcher(Message("enclosure.mouth.events.deactivate"))
    await device.speak(time.time(), ["0", 0.05])
    await device.dispatcher(Message("enclosure.mouth.events.activate"))
    await asyncio.sleep(0.1)
    assert device.mouths == []
    await device.speak(time.time(), ["0", 0.05])
    await asyncio.sleep(0.1)
    assert device.mouths == [MouthViseme(0), None]


async def test_another_session_does_not_move_this_mouth() -> None:
    device = Device()
    sentence = {"start": time.time(), "visemes": [["0", 1]]}
    context = {"session": {"session_id": "kitchen"}}
    await device.dispatcher(Message("enclosure.mouth.viseme_list", sentence, context))
    await asyncio.sleep(0.05)
    assert device.mouths == []


async def test_the_next_sentence_takes_over() -> None:
    device = Device()
    await device.speak(time.time(), ["0", 5])
    await asyncio.sleep(0.02)
    await device.speak(time.time(), ["1", 0.05])
    await asyncio.sleep(0.1)
    assert device.mouths == [MouthViseme(0), MouthViseme(1), None]


@pytest.mark.parametrize(
    "visemes",
    [["0"], [[0]], [["7", 1]], [["0", -1]], [["0", 2], ["0", 1]], [["0", "1"]], [["0", 1e9]], [[True, 1]], [{}]],
)
async def test_what_is_no_sentence_fails_as_a_whole(visemes: list[Any]) -> None:
    device = Device()
    await device.speak(time.time(), *visemes)
    await asyncio.sleep(0.05)
    assert device.mouths == []
    assert device.said[0].msg_type == "enclosure.mouth.viseme_list.failed"
    assert display.MouthAction.RESET not in device.mouths
