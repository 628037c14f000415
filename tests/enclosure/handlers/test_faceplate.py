import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bus.client.dispatch import Dispatcher
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure import artwork, display
from enclosure.display import Bitmap, Command
from enclosure.events import FaceplateState, LinkState
from enclosure.handlers.faceplate import FaceplateHandler
from tests.enclosure.handlers.mark1 import Recorder

NOTE = display.MouthIcon(artwork.NOTE, 12, 0, clear=True)
SMILE = display.MouthIcon(artwork.SMILE, 0, 0, clear=True)
ARROW = "DDEAHAEA"
"""3 x 3: a T on its side."""
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGP8z8DEwAAABQ0BA7hKXG8AAAAASUVORK5CYII="


class Device(Recorder):
    """The handler, with a face that writes down what it is told."""

    pixels = (display.EyesColor(1, 2, 3),) * 24

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Message] = []
        self.away = False
        self.dispatcher = Dispatcher(self.emit)
        self.handler = FaceplateHandler(self, self.dispatcher, self.emit)

    async def emit(self, message: Message) -> None:
        if self.away:
            raise BusUnavailableError("no bus")
        self.said.append(message)

    def forget(self) -> None:
        raise AssertionError("nothing is to be seen at once")

    async def hear(self, *types: str) -> None:
        for msg_type in types:
            await self.dispatcher(Message(msg_type))


@pytest.mark.parametrize(
    ("msg_type", "data", "command"),
    [
        ("eyes.on", {}, display.EyesAction.ON),
        ("eyes.off", {}, display.EyesAction.OFF),
        ("eyes.reset", {}, display.EyesAction.RESET),
        ("eyes.spin", {}, display.EyesAction.SPIN),
        ("eyes.blink", {}, display.EyesBlink("b")),
        ("eyes.blink", {"side": "r"}, display.EyesBlink("r")),
        ("eyes.color", {"r": 1, "g": 2, "b": 3}, display.EyesColor(1, 2, 3)),
        ("eyes.color", {"r": 300, "g": -5}, display.EyesColor(255, 0, 255)),
        ("eyes.level", {"level": 99}, display.EyesLevel(30)),
        ("eyes.volume", {"volume": 11.2}, display.EyesVolume(11)),
        ("mouth.reset", {}, display.MouthAction.RESET),
        ("eyes.narrow", {}, display.EyesAction.NARROW),
        ("eyes.widen", {}, display.EyesAction.WIDEN),
        ("eyes.look", {"side": "c"}, display.EyesLook("c")),
        ("eyes.unlook", {}, display.EyesAction.UNLOOK),
        ("eyes.setpixel", {"idx": 99, "g": 0}, display.EyesPixel(23, display.EyesColor(255, 0, 255))),
        ("eyes.fill", {"percentage": 50}, display.EyesFill(12)),
        ("eyes.fill", {"percentage": 120}, display.EyesFill(23)),
        ("eyes.fill", {"percentage": 0}, display.EyesFill(0)),
        ("eyes.timedspin", {}, display.EyesTimedSpin(5000)),
        ("eyes.timedspin", {"length": 0}, display.EyesTimedSpin(1)),
        ("mouth.smile", {}, display.MouthIcon(artwork.SMILE, 0, 0, clear=True)),
        ("mouth.text", {"text": " \n "}, display.MouthAction.RESET),
        ("mouth.text", {"text": "once", "repeat": False}, display.MouthText("ONCE", repeat=False)),
        ("weather.display", {"img_code": 0, "temp": 21}, display.Weather("21", artwork.WEATHER[0])),
        ("weather.display", {"img_code": 7, "temp": "-5°"}, display.Weather("-5", artwork.WEATHER[7])),
        ("system.reset", {}, display.SystemAction.RESET),
        ("system.mute", {}, display.SystemAction.MUTE),
        ("system.unmute", {}, display.SystemAction.UNMUTE),
        ("system.blink", {"times": 99}, display.SystemBlink(10)),
        ("mouth.text", {"text": "a\nsystem.reset"}, display.MouthText("A SYSTEM.RESET")),
        ("mouth.display", {"img_code": ARROW}, display.MouthIcon(Bitmap(3, (4, 7, 4)), 0, 0, clear=True)),
        (
            "mouth.display",
            {"img_code": ARROW, "xOffset": 30, "yOffset": 7, "clearPrev": False},
            display.MouthIcon(Bitmap(1, (0, 1)), 30, 7, clear=False),
        ),
        (
            "mouth.display",
            {"img_code": ARROW, "xOffset": -1, "yOffset": -1, "clearPrev": "True"},
            display.MouthIcon(Bitmap(2, (3, 2)), 0, 0, clear=True),
        ),
        ("mouth.display", {"img_code": ARROW, "xOffset": 32}, display.MouthAction.RESET),
        ("mouth.display", {"img_code": ARROW, "xOffset": 32, "clearPrev": False}, None),
        ("mouth.display", {"img_code": ARROW, "yOffset": -3, "clearPrev": False}, None),
        ("mouth.display_image", {"img_b64": DOT, "xOffset": 32, "clearPrev": False}, None),
    ],
)
async def test_messages_are_commands(msg_type: str, data: dict[str, Any], command: Command | None) -> None:
    device = Device()
    await device.dispatcher(Message(f"enclosure.{msg_type}", data))
    assert device.shown == ([] if command is None else [command])
    assert device.said == []


@pytest.mark.parametrize(
    ("msg_type", "data"),
    [
        ("eyes.color", {"r": "red"}),
        ("eyes.blink", {"side": "x"}),
        ("eyes.blink", {"side": "b\nsystem.reset"}),
        ("mouth.text", {"text": 5}),
        ("mouth.viseme", {"code": "7"}),
        ("mouth.viseme", {"code": "\n"}),
        ("mouth.viseme", {"code": []}),
        ("mouth.viseme", {"code": True}),
        ("weather.display", {"img_code": 0, "temp": "hot"}),
        ("weather.display", {"img_code": 0, "temp": 1e308}),
        ("weather.display", {"img_code": 0, "temp": "inf"}),
        ("eyes.look", {"side": "b"}),
        ("mouth.display", {}),
        ("mouth.display", {"img_code": "II\nsystem.reset"}),
    ],
)
async def test_what_makes_no_sense_fails_and_shows_nothing(msg_type: str, data: dict[str, Any]) -> None:
    device = Device()
    await device.dispatcher(Message(f"enclosure.{msg_type}", data))
    assert device.shown == []
    assert [message.msg_type for message in device.said] == [f"enclosure.{msg_type}.failed"]


@pytest.mark.parametrize(
    ("types", "reacted"),
    [
        (["recognizer_loop:record_begin"], [display.MouthAction.LISTEN]),
        (["recognizer_loop:record_end"], [None]),
        (["recognizer_loop:audio_output_start"], [display.MouthAction.TALK]),
        (["recognizer_loop:audio_output_end"], [None]),
        (["ovos.audio.output.started", "mycroft.stop"], [display.MouthAction.TALK, None]),
        (["enclosure.mouth.talk", "enclosure.mouth.think"], [display.MouthAction.TALK, display.MouthAction.THINK]),
        (["enclosure.mouth.listen"], [display.MouthAction.LISTEN]),
        (["enclosure.mouth.events.deactivate", "recognizer_loop:audio_output_start"], [None]),
        (["enclosure.mouth.events.activate", "enclosure.mouth.talk"], [display.MouthAction.TALK]),
    ],
)
async def test_the_mouth_follows_speech_and_listening(types: list[str], reacted: list[Command | None]) -> None:
    device = Device()
    await device.hear(*types)
    assert device.reacted == reacted
    await device.dispatcher(Message("enclosure.mouth.viseme", {"code": 3}))
    follows = "enclosure.mouth.events.deactivate" not in types
    assert device.reacted == reacted + [display.MouthViseme(3)] * follows


async def test_only_the_next_question_clears_the_mouth() -> None:
    device = Device()
    await device.hear("recognizer_loop:audio_output_start", "recognizer_loop:audio_output_end")
    assert device.shown == []
    await device.hear("recognizer_loop:record_begin")
    assert device.shown == [display.MouthAction.RESET]


@pytest.mark.parametrize("begins", ["mycroft.audio.service.play", "ovos.common_play.play"])
@pytest.mark.parametrize(
    "ends",
    ["mycroft.audio.service.stop", "mycroft.audio.queue_end", "ovos.common_play.stop", "mycroft.stop"],
)
async def test_music_shows_a_note_as_long_as_it_plays(begins: str, ends: str) -> None:
    device = Device()
    await device.hear(begins, "enclosure.mouth.smile", "enclosure.system.unmute", ends)
    assert device.idled == [NOTE, None]
    assert device.shown == [SMILE, display.SystemAction.UNMUTE]


async def test_a_player_tells_whether_it_plays() -> None:
    device = Device()
    for state in (1, 2, 1, 0):
        await device.dispatcher(Message("ovos.common_play.player.state", {"state": state}))
    assert device.idled == [NOTE, None, NOTE, None]


async def test_a_note_stays_away_as_long_as_a_skill_wants_the_mouth_to_itself() -> None:
    device = Device()
    events = "enclosure.mouth.events"
    await device.hear(f"{events}.deactivate", "mycroft.audio.service.play", f"{events}.activate")
    await device.hear(f"{events}.deactivate")
    assert device.idled == [None, None, NOTE, None]


@pytest.mark.parametrize(
    ("msg_type", "data"),
    [
        ("recognizer_loop:record_begin", {}),
        ("recognizer_loop:record_end", {}),
        ("recognizer_loop:audio_output_start", {}),
        ("ovos.audio.output.ended", {}),
        ("mycroft.stop", {}),
        ("mycroft.audio.service.play", {}),
        ("mycroft.audio.service.stop", {}),
        ("ovos.common_play.player.state", {"state": 1}),
        ("enclosure.mouth.viseme", {"code": 3}),
    ],
)
async def test_another_session_does_not_move_this_mouth(msg_type: str, data: dict[str, Any]) -> None:
    device = Device()
    await device.dispatcher(Message(msg_type, data, {"session": {"session_id": "kitchen"}}))
    assert (device.shown, device.reacted, device.idled) == ([], [], [])
    await device.dispatcher(Message(msg_type, data, {"session": {"session_id": "default"}}))
    assert device.shown + device.reacted + device.idled != []


async def test_everything_is_reset_at_once() -> None:
    device = Device()
    await device.hear("enclosure.reset")
    assert (device.shown, device.reacted) == ([display.EyesAction.RESET, display.MouthAction.RESET], [None])


async def test_no_internet_is_shown_now_and_then() -> None:
    device = Device()
    await device.hear("enclosure.notify.no_internet", "enclosure.notify.no_internet")
    assert device.shown == [display.MouthText("NO INTERNET", repeat=False)]


async def test_questions_are_answered() -> None:
    device = Device()
    await device.dispatcher(Message("enclosure.eyes.rgb.get", {}, {"source": "ann"}))
    await device.dispatcher(Message("enclosure.firmware.version.get"))
    colours, version = device.said
    assert (colours.msg_type, colours.data) == ("enclosure.eyes.rgb", {"pixels": [[1, 2, 3]] * 24})
    assert colours.context["destination"] == "ann"
    assert (version.msg_type, version.data["version"]) == ("enclosure.firmware.version", "1.4.2")


async def test_the_faceplates_coming_and_going_is_said() -> None:
    device = Device()
    for state, firmware in (
        (LinkState.UNPLUGGED, None),
        (LinkState.CONNECTED, "1.4.2"),
        (LinkState.CONNECTED, "1.4.2"),
    ):
        await device.handler.take(FaceplateState(state, firmware))
    said = "enclosure.faceplate.state"
    assert [message.msg_type for message in device.said] == [said, said, "enclosure.started", said]
    assert device.said[1].data == {"state": "connected", "firmware": "1.4.2"}


async def test_a_new_connection_hears_how_the_faceplate_is() -> None:
    device = Device()
    await device.hear("connected")
    assert device.said == []  # nothing is known of it yet
    device.away = True
    for state, firmware in ((LinkState.UNPLUGGED, None), (LinkState.CONNECTED, "1.4.2")):
        with pytest.raises(BusUnavailableError):
            await device.handler.take(FaceplateState(state, firmware))
    device.away = False
    await device.hear("connected", "connected")
    told = Message("enclosure.faceplate.state", {"state": "connected", "firmware": "1.4.2"})
    assert device.said == [told, Message("enclosure.started"), told]


def png(width: int, height: int) -> bytes:
    """White, with a black left half."""
    image = Image.new("L", (width, height), 255)
    image.paste(0, (0, 0, width // 2, height))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "bitmap"),
    [
        ({}, Bitmap(8, (0,) * 4 + (255,) * 4)),
        ({"invert": True}, Bitmap(8, (255,) * 4 + (0,) * 4)),
        ({"threshold": 0}, Bitmap(8, (255,) * 8)),
        ({"xOffset": -4}, Bitmap(8, (255,) * 4)),
    ],
)
@pytest.mark.parametrize("size", [8, 512])
async def test_images_are_pictures(tmp_path: Path, size: int, data: dict[str, Any], bitmap: Bitmap) -> None:
    (tmp_path / "image.png").write_bytes(png(size, size))
    device = Device()
    where = ({"img_path": str(tmp_path / "image.png")}, {"img_b64": base64.b64encode(png(size, size)).decode()})
    for place in where:
        await device.dispatcher(Message("enclosure.mouth.display_image", {**place, **data}))
    assert device.shown == [display.MouthIcon(bitmap, 0, 0, clear=True)] * 2


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"img_path": "/nowhere"},
        {"img_path": "/dev/zero"},
        {"img_path": "/etc/passwd"},
        {"img_path": "/"},
        {"img_path": "\0"},
        {"img_b64": "*"},
        {"img_b64": base64.b64encode(png(2000, 2000)).decode()},
        {"img_b64": "A" * 3_000_000},
    ],
)
async def test_what_is_no_image_fails(data: dict[str, Any]) -> None:
    device = Device()
    opened = len([*Path("/proc/self/fd").iterdir()])
    await device.dispatcher(Message("enclosure.mouth.display_image", data))
    assert len([*Path("/proc/self/fd").iterdir()]) == opened
    assert device.shown == []
    assert [message.msg_type for message in device.said] == ["enclosure.mouth.display_image.failed"]
    assert device.said[0].data["error"] != "internal error"
