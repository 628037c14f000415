from typing import Any

import pytest

from bus.dispatch import Dispatcher
from bus.message import Message
from enclosure.faceplate import frames
from enclosure.faceplate.frames import Command
from enclosure.faceplate.icons import Bitmap
from enclosure.handlers.faceplate import FaceplateHandler

ARROW = "DDEAHAEA"
"""3 x 3: a T on its side."""


class Device:
    def __init__(self) -> None:
        self.said: list[Message] = []
        self.shown: list[Command] = []
        self.dispatcher = Dispatcher(self.emit)
        FaceplateHandler(self, self.dispatcher)

    async def emit(self, message: Message) -> None:
        self.said.append(message)

    def show(self, command: Command) -> None:
        self.shown.append(command)

    async def hear(self, *types: str) -> list[Command]:
        for msg_type in types:
            await self.dispatcher(Message(msg_type))
        return self.shown


@pytest.mark.parametrize(
    ("msg_type", "data", "command"),
    [
        ("eyes.on", {}, frames.EYES_ON),
        ("eyes.off", {}, frames.EYES_OFF),
        ("eyes.reset", {}, frames.EYES_RESET),
        ("eyes.spin", {}, frames.EYES_SPIN),
        ("eyes.blink", {}, frames.EyesBlink("b")),
        ("eyes.blink", {"side": "r"}, frames.EyesBlink("r")),
        ("eyes.color", {"r": 1, "g": 2, "b": 3}, frames.EyesColor(1, 2, 3)),
        ("eyes.color", {"r": 300, "g": -5}, frames.EyesColor(255, 0, 255)),
        ("eyes.level", {"level": 99}, frames.EyesLevel(30)),
        ("eyes.volume", {"volume": 11.2}, frames.EyesVolume(11)),
        ("mouth.reset", {}, frames.MOUTH_RESET),
        ("mouth.talk", {}, frames.MOUTH_TALK),
        ("mouth.listen", {}, frames.MOUTH_LISTEN),
        ("mouth.think", {}, frames.MOUTH_THINK),
        ("mouth.text", {"text": "a\nsystem.reset"}, frames.MouthText("A SYSTEM.RESET")),
        ("mouth.display", {"img_code": ARROW}, frames.MouthIcon(Bitmap(3, (4, 7, 4)), 0, 0, clear=True)),
        (
            "mouth.display",
            {"img_code": ARROW, "xOffset": 30, "yOffset": 7, "clearPrev": False},
            frames.MouthIcon(Bitmap(1, (0, 1)), 30, 7, clear=False),
        ),
        (
            "mouth.display",
            {"img_code": ARROW, "xOffset": -1, "yOffset": -1, "clearPrev": "True"},
            frames.MouthIcon(Bitmap(2, (3, 2)), 0, 0, clear=True),
        ),
        ("mouth.display", {"img_code": ARROW, "xOffset": 32}, frames.MOUTH_RESET),
    ],
)
async def test_messages_are_commands(msg_type: str, data: dict[str, Any], command: Command) -> None:
    device = Device()
    await device.dispatcher(Message(f"enclosure.{msg_type}", data))
    assert device.shown == [command]
    assert device.said == []


@pytest.mark.parametrize(
    ("msg_type", "data"),
    [
        ("eyes.color", {"r": "red"}),
        ("eyes.blink", {"side": "x"}),
        ("eyes.blink", {"side": "b\nsystem.reset"}),
        ("mouth.text", {"text": 5}),
        ("mouth.display", {}),
        ("mouth.display", {"img_code": "II\nsystem.reset"}),
    ],
)
async def test_what_makes_no_sense_fails_and_shows_nothing(msg_type: str, data: dict[str, Any]) -> None:
    device = Device()
    await device.dispatcher(Message(f"enclosure.{msg_type}", data))
    assert device.shown == []
    assert [message.msg_type for message in device.said] == [f"enclosure.{msg_type}.failed"]


async def test_the_mouth_follows_speech_and_listening() -> None:
    types = ["record_begin", "record_end", "audio_output_start", "audio_output_end"]
    assert await Device().hear(*(f"recognizer_loop:{name}" for name in types)) == [
        *(frames.MOUTH_LISTEN, frames.MOUTH_RESET, frames.MOUTH_TALK, frames.MOUTH_RESET)
    ]


async def test_a_stop_ends_it_once() -> None:
    shown = await Device().hear("recognizer_loop:audio_output_start", "mycroft.stop", "mycroft.stop")
    assert shown == [frames.MOUTH_TALK, frames.MOUTH_RESET]


async def test_the_end_of_speech_does_not_wipe_what_a_skill_shows() -> None:
    shown = await Device().hear(
        "recognizer_loop:audio_output_start", "enclosure.mouth.text", "recognizer_loop:audio_output_end"
    )
    assert shown == [frames.MOUTH_TALK, frames.MouthText("")]


async def test_a_skill_can_keep_the_mouth_to_itself() -> None:
    device = Device()
    await device.hear("enclosure.mouth.events.deactivate", "recognizer_loop:record_begin")
    assert device.shown == []
    await device.hear("enclosure.mouth.events.activate", "recognizer_loop:record_begin")
    assert device.shown == [frames.MOUTH_LISTEN]
