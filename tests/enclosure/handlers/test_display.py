import asyncio
import base64
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bus.client.dispatch import Dispatcher
from bus.contract.topic import Topic
from bus.message import Message
from enclosure import artwork, display
from enclosure.content import ANIMATIONS
from enclosure.display import Bitmap, Command
from enclosure.events import FaceplateState, LinkState
from enclosure.handlers import display as on_display
from enclosure.handlers.display import NO_INTERNET_INTERVAL_S, DisplayHandler
from tests.conftest import until
from tests.enclosure.handlers.mark1 import Recorder, mark1

ARROW = "DDEAHAEA"
"""3 x 3: a T on its side."""
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGP8z8DEwAAABQ0BA7hKXG8AAAAASUVORK5CYII="


class Device(Recorder):
    """The handler, with a display that records what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Message] = []
        self.dispatcher = Dispatcher(self.emit)
        self.handler = DisplayHandler(self, self.dispatcher, self.emit, self.report)

    async def emit(self, message: Message) -> None:
        self.said.append(message)

    def report(self, message: Message, on_lost: object = None) -> None:
        self.said.append(message)


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
        ("mouth.text", {"text": "once", "repeat": False}, display.MouthText("once", repeat=False)),
        ("mouth.text", {}, display.MouthText("")),
        ("mouth.talk", {}, display.MouthAction.TALK),
        ("mouth.listen", {}, display.MouthAction.LISTEN),
        ("mouth.think", {}, display.MouthAction.THINK),
        ("mouth.viseme", {"code": 3}, display.MouthViseme(3)),
        ("mouth.viseme", {"code": "0"}, display.MouthViseme(0)),
        ("mouth.events.activate", {}, display.MouthFollows(True)),
        ("mouth.events.deactivate", {}, display.MouthFollows(False)),
        ("weather.display", {"img_code": 0, "temp": 21}, display.Weather("21", artwork.WEATHER[0])),
        ("weather.display", {"img_code": 7, "temp": "-5°"}, display.Weather("-5", artwork.WEATHER[7])),
        ("system.reset", {}, display.SystemAction.RESET),
        ("system.mute", {}, display.SystemAction.MUTE),
        ("system.unmute", {}, display.SystemAction.UNMUTE),
        ("system.blink", {"times": 99}, display.SystemBlink(10)),
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
async def test_messages_become_display_values(
    msg_type: str, data: dict[str, Any], command: Command | None
) -> None:
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
async def test_an_invalid_message_fails_and_shows_nothing(msg_type: str, data: dict[str, Any]) -> None:
    device = Device()
    await device.dispatcher(Message(f"enclosure.{msg_type}", data))
    assert device.shown == []
    assert [message.msg_type for message in device.said] == [f"enclosure.{msg_type}.failed"]


@pytest.mark.parametrize("topic", ANIMATIONS)
async def test_a_satellites_session_does_not_animate_this_mouth(topic: Topic) -> None:
    device = Device()
    for session_id in ("kitchen", "default"):
        assert device.shown == []
        await device.dispatcher(Message(topic.name, {"code": 3}, {"session": {"session_id": session_id}}))
    assert len(device.shown) == 1


async def test_a_reset_resets_eyes_and_mouth() -> None:
    device = Device()
    await device.dispatcher(Message("enclosure.reset"))
    assert device.shown == [display.EyesAction.RESET, display.MouthAction.RESET]


async def test_no_internet_is_notified_now_and_then() -> None:
    device = Device()
    for _ in range(2):
        await device.dispatcher(Message("enclosure.notify.no_internet"))
    assert device.notified == ["NO INTERNET"]
    await asyncio.sleep(NO_INTERNET_INTERVAL_S)
    await device.dispatcher(Message("enclosure.notify.no_internet"))
    assert len(device.notified) == 2


async def test_questions_about_the_display_are_answered() -> None:
    device = Device()
    await device.dispatcher(Message("enclosure.eyes.rgb.get", {}, {"source": "ann"}))
    await device.dispatcher(Message("enclosure.firmware.version.get"))
    await device.dispatcher(Message("enclosure.mouth.pixels.get"))
    colours, version, mouth = device.said
    assert (colours.msg_type, colours.data) == ("enclosure.eyes.rgb", {"pixels": [[1, 2, 3]] * 24})
    assert colours.context["destination"] == "ann"
    assert (version.msg_type, version.data["version"]) == ("enclosure.firmware.version", "1.4.2")
    rows = ["#" + "." * 31, *["." * 32] * 7]
    assert (mouth.msg_type, mouth.data) == ("enclosure.mouth.pixels", {"rows": rows})


# The faceplate's state.

PLUGGED = Message("enclosure.faceplate.state", {"state": "connected", "firmware": "1.4.2"})
UNPLUGGED = Message("enclosure.faceplate.state", {"state": "unplugged", "firmware": None})
STARTED = Message("enclosure.started")


async def test_each_change_of_the_faceplate_is_reported() -> None:
    device = Device()
    assert device.handler.handle(FaceplateState(LinkState.UNPLUGGED, None))
    for _ in range(2):
        device.handler.handle(FaceplateState(LinkState.CONNECTED, "1.4.2"))
    assert device.said == [UNPLUGGED, PLUGGED, STARTED, PLUGGED]


async def test_a_new_connection_gets_the_state_of_the_faceplate() -> None:
    device = Device()
    await device.dispatcher(Message("connected"))
    assert device.said == [], "nothing is known of it yet"
    device.handler.handle(FaceplateState(LinkState.UNPLUGGED, None))
    await device.dispatcher(Message("connected"))
    assert device.said == [UNPLUGGED, UNPLUGGED]


async def test_the_start_is_reported_once_the_bus_is_there() -> None:
    async with mark1() as (device, _):
        device.away = True
        device.handle(FaceplateState(LinkState.CONNECTED, "1.4.2"))
        await asyncio.sleep(2)
        device.away = False
        for _ in range(2):
            await device.hear("connected")
        await asyncio.sleep(0.01)
        reported = [message for message in device.said if message.msg_type in (PLUGGED.msg_type, STARTED.msg_type)]
        assert reported == [PLUGGED, STARTED, PLUGGED]


# Images.


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
        ({}, Bitmap(8, (255,) * 4 + (0,) * 4)),
        ({"invert": True}, Bitmap(8, (0,) * 4 + (255,) * 4)),
        ({"threshold": 0}, Bitmap(8, (0,) * 8)),
        ({"xOffset": -4}, Bitmap(8, (0,) * 4)),
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


async def test_of_a_large_file_no_more_is_read_than_an_image_may_have(tmp_path: Path) -> None:
    device = Device()
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 2**40)  # sparse; as bytes it would fit in no memory
    await device.dispatcher(Message("enclosure.mouth.display_image", {"img_path": str(tmp_path / "large")}))
    assert device.said[0].data == {"error": "image: more than 1000000 bytes"}


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
async def test_an_invalid_image_fails(data: dict[str, Any]) -> None:
    device = Device()
    opened = len([*Path("/proc/self/fd").iterdir()])
    await device.dispatcher(Message("enclosure.mouth.display_image", data))
    assert len([*Path("/proc/self/fd").iterdir()]) == opened
    assert device.shown == []
    assert [message.msg_type for message in device.said] == ["enclosure.mouth.display_image.failed"]
    assert device.said[0].data["error"] != "internal error"


@pytest.mark.timeout(10)
async def test_a_file_of_the_kernel_is_refused_without_opening_it() -> None:
    """Root would wait there for the next message of the kernel, and handle nothing meanwhile."""
    device = Device()
    await device.dispatcher(Message("enclosure.mouth.display_image", {"img_path": "/proc/kmsg"}))
    assert device.said[0].data == {"error": "image: an empty file"}


@pytest.mark.real_time
async def test_a_file_that_hangs_holds_up_one_image_for_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device()
    hangs = threading.Event()
    with monkeypatch.context() as mount:
        mount.setattr(on_display, "LOAD_TIMEOUT_S", 0.1)
        mount.setattr(os, "fstat", lambda _: hangs.wait())
        for error in ("not loaded within 0.1 s", "the one before hangs"):
            await device.dispatcher(Message("enclosure.mouth.display_image", {"img_path": "/etc/passwd"}))
            assert device.said.pop().data == {"error": f"image: {error}"}
        hangs.set()
        await until(lambda: device.handler._loading is not None and device.handler._loading.done(), "an end")
    await device.dispatcher(Message("enclosure.mouth.display_image", {"img_b64": DOT}))
    assert device.shown


async def test_a_device_or_pipe_is_refused_without_opening_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    device = Device()
    with (tmp_path / "pipe").open("r+b", buffering=0) as pipe:
        pipe.write(b"not to be read")
        for name in ("pipe", "link"):
            await device.dispatcher(Message("enclosure.mouth.display_image", {"img_path": str(tmp_path / name)}))
            assert device.said.pop().data == {"error": "image: not a regular file"}
        assert pipe.read(100) == b"not to be read"
