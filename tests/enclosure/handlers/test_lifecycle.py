import asyncio
from pathlib import Path
from typing import Any

import pytest

from bus.message import Message
from enclosure.display import (
    Command,
    EyesAction,
    EyesBlink,
    EyesColor,
    EyesLevel,
    EyesLook,
    EyesTimedSpin,
    MouthAction,
    MouthText,
)
from enclosure.events import Brightness
from enclosure.handlers import lifecycle
from enclosure.handlers.buttons import SOURCE
from enclosure.state import State
from hw_sim.faceplate import Faceplate
from tests.conftest import until
from tests.enclosure.handlers.mark1 import BLUE, OPEN, Mark1, Recorder, person

RED, GREY = EyesColor(255, 0, 0), EyesColor(70, 65, 69)
AT_REST: list[Command] = [BLUE, EyesLevel(30), EyesAction.RESET]
SPINNING: list[Command] = [BLUE, EyesLevel(30), EyesAction.SPIN]
ASLEEP: list[Command] = [BLUE, EyesLevel(12), EyesLook("d")]
SERVICES = ("skills", "audio", "voice")
Told = tuple[str, dict[str, Any]]
SLEEP: Told = ("recognizer_loop:sleep", {})
AWOKEN: Told = ("mycroft.awoken", {})
MUTE: Told = ("mycroft.mic.mute", {})
UNMUTE: Told = ("mycroft.mic.unmute", {})


async def told(*messages: Told) -> tuple[Mark1, Recorder]:
    """A device that has heard these."""
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        for msg_type, data in messages:
            await device.hear(msg_type, data)
    return device, face


# The start.


class Start:
    """A device that starts, and an assistant that does."""

    def __init__(self, group: asyncio.TaskGroup, timeout_s: float = 10) -> None:
        self.face = Recorder()
        self.device = Mark1(self.face, group)
        self.booting = group.create_task(self.device.lifecycle.boot(timeout_s))

    async def answer(self, *ready: str, but: str | None = None, speech: str = "voice") -> None:
        for service in (*ready, but):
            if service:
                name = speech if service == "voice" else service
                await self.device.hear(f"mycroft.{name}.is_ready.response", {"status": service != but})

    async def tells(self, text: str) -> None:
        await until(lambda: bool(self.face.reacted) and self.face.reacted[-1] == MouthText(text), text)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "POLL_INTERVAL_S", 0.01)


async def test_all_are_asked_whether_they_are_ready() -> None:
    async with asyncio.TaskGroup() as group:
        start = Start(group)
        await until(lambda: len(start.device.said) == 5, "the questions")
        assert start.device.said == [
            Message(f"mycroft.{what}", {}, {"source": SOURCE})
            for what in (
                "skills.is_ready",
                "audio.is_ready",
                "voice.is_ready",
                "speech.is_ready",
                "mic.get_status",
            )
        ]
        start.booting.cancel()


@pytest.mark.parametrize("speech", ["voice", "speech"])
async def test_an_assistant_that_is_ready_is_not_waited_for(speech: str) -> None:
    async with asyncio.TaskGroup() as group:
        start = Start(group)
        await start.answer(*SERVICES, speech=speech)
    assert (start.face.shown, start.face.reacted) == ([*SPINNING, *AT_REST], [])


@pytest.mark.usefixtures("quick")
async def test_the_start_as_owners_know_it() -> None:
    async with asyncio.TaskGroup() as group:
        start = Start(group)
        await asyncio.sleep(0.05)
        assert (start.face.shown, start.face.reacted) == (SPINNING, [])  # nobody has answered yet
        await start.answer("audio")
        await start.tells("STARTING SKILLS")
        await start.answer(but="skills")
        await start.device.hear(*MUTE)
        await start.answer("skills", but="voice")
        await start.tells("STARTING SPEECH")
        await start.answer("voice")
    red: list[Command] = [RED, EyesLevel(30)]
    assert start.face.shown == [
        *SPINNING,
        EyesAction.SPIN,
        *red,
        EyesAction.SPIN,
        EyesAction.SPIN,
        *red,
        EyesAction.RESET,
    ]
    assert start.face.reacted[-1] is None


@pytest.mark.parametrize("msg_type", ["mycroft.ready", None])
@pytest.mark.usefixtures("quick")
async def test_eyes_do_not_spin_for_ever(msg_type: str | None) -> None:
    async with asyncio.TaskGroup() as group:
        start = Start(group, timeout_s=10 if msg_type else 0.1)
        await asyncio.sleep(0)
        await start.answer(but="skills")
        await start.tells("STARTING SKILLS")
        if msg_type:
            await start.device.hear(msg_type)
    assert start.face.shown[-3:] == AT_REST
    assert start.face.reacted[-1] is None
    await start.answer(but="audio")  # what is restarted later is not shown
    assert start.face.shown[-3:] == AT_REST


@pytest.mark.usefixtures("quick")
async def test_where_there_is_no_assistant_the_eyes_open_at_the_deadline() -> None:
    async with asyncio.TaskGroup() as group:
        start = Start(group, timeout_s=0.1)
    assert (start.face.shown, start.face.reacted) == ([*SPINNING, *AT_REST], [])


@pytest.mark.usefixtures("quick")
async def test_where_a_part_of_the_assistant_is_missing_the_eyes_open_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "SILENCE_S", 0.1)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        start = Start(group)
        await asyncio.sleep(0)
        await start.answer("audio", but="skills")
        await start.tells("STARTING SKILLS")
        await asyncio.sleep(0.15)
        assert start.face.shown == [*SPINNING, EyesAction.SPIN]  # nobody is given up who has said that he comes
        await start.answer("skills")
    assert start.face.shown == [*SPINNING, EyesAction.SPIN, EyesAction.SPIN, *AT_REST]


async def test_a_reboot_is_shown_also_while_the_device_starts() -> None:
    async with asyncio.TaskGroup() as group:
        start = Start(group)
        await asyncio.sleep(0)
        await start.device.hear("system.reboot")
        await start.answer(*SERVICES)
        await start.booting
        assert start.face.shown == [*SPINNING, GREY, EyesAction.SPIN, MouthAction.RESET]
        start.device.lifecycle.stay()
    assert start.face.shown[-3:] == AT_REST


@pytest.mark.usefixtures("quick")
async def test_a_bus_that_is_away_is_asked_later() -> None:
    async with asyncio.TaskGroup() as group:
        start = Start(group)
        start.device.away = True
        await asyncio.sleep(0.05)
        start.device.away = False
        await until(lambda: "mycroft.voice.is_ready" in start.device.types, "the question")
        start.booting.cancel()


@pytest.mark.parametrize("what", ["is_alive", "is_ready", "all_loaded"])
async def test_who_asks_how_we_do_gets_an_answer(what: str) -> None:
    async with asyncio.TaskGroup() as group:
        device = Mark1(Recorder(), group)
        await device.hear(f"mycroft.enclosure.{what}", {}, source="ann")
    (answer,) = device.said
    assert (answer.msg_type, answer.data) == (f"mycroft.enclosure.{what}.response", {"status": True})
    assert answer.context["destination"] == "ann"


# The eyes at rest.

GREEN: Told = ("enclosure.eyes.color", {"r": 0, "g": 255, "b": 0})


@pytest.mark.parametrize(
    ("messages", "shown"),
    [
        ([SLEEP], [*(EyesLevel(level) for level in range(30, 12, -2)), *ASLEEP]),
        ([("enclosure.eyes.level", {"level": 8}), SLEEP], [EyesLevel(8), BLUE, EyesLevel(8), EyesLook("d")]),
        ([("ovos.listener.sleep", {}), AWOKEN], [*AT_REST, EyesBlink("b")]),
        ([MUTE], [RED, EyesLevel(30), EyesAction.RESET]),
        ([MUTE, MUTE], [RED, EyesLevel(30), EyesAction.RESET]),
        ([MUTE, UNMUTE], AT_REST),
        ([UNMUTE], []),
        ([MUTE, SLEEP], [RED, EyesLevel(12), EyesLook("d")]),
        ([MUTE, GREEN], [RED, EyesLevel(30), EyesAction.RESET]),
        ([MUTE, GREEN, UNMUTE], [EyesColor(0, 255, 0), EyesLevel(30), EyesAction.RESET]),
        ([("mycroft.mic.get_status.response", {"muted": True})], [RED, EyesLevel(30), EyesAction.RESET]),
        ([("mycroft.internet.connected", {})], [MouthAction.RESET]),
    ],
)
async def test_the_eyes_show(messages: list[Told], shown: list[Command]) -> None:
    _, face = await told(*messages)
    assert face.shown[-len(shown) :] == shown if shown else face.shown == []


async def test_after_a_toggle_the_listener_is_asked() -> None:
    device, _ = await told(("mycroft.mic.mute.toggle", {}))
    assert device.types == ["mycroft.mic.get_status"]


@pytest.mark.parametrize("context", [{"source": SOURCE}, {"session": {"session_id": "kitchen"}}])
async def test_a_test_and_a_satellite_do_not_put_us_to_sleep(context: dict[str, Any]) -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        await Mark1(face, group).hear("recognizer_loop:sleep", {}, **context)
    assert face.shown == []


# The end.


@pytest.mark.parametrize(
    ("msg_type", "spin"),
    [
        ("system.reboot", EyesAction.SPIN),
        ("system.reboot.start", EyesAction.SPIN),
        ("system.shutdown", EyesTimedSpin(12000)),
        ("system.shutdown.start", EyesTimedSpin(12000)),
        ("system.factory.reset", EyesAction.SPIN),
        ("system.factory.reset.start", EyesAction.SPIN),
    ],
)
async def test_the_end_is_shown_once_whoever_asks_for_it(msg_type: str, spin: Command) -> None:
    device, face = await told((msg_type, {}), ("system.reboot.start", {}), MUTE)
    assert face.shown == [GREY, spin, MouthAction.RESET]
    device.lifecycle.stop()
    assert face.shown == [GREY, spin, MouthAction.RESET] * 2  # the firmware goes on with it


async def test_a_stop_leaves_open_eyes_and_an_empty_mouth() -> None:
    device, face = await told(SLEEP, MUTE, ("mycroft.audio.service.play", {}))
    device.lifecycle.stop()
    assert face.shown[-4:] == [*AT_REST, MouthAction.RESET]
    assert face.reacted[-1] is None
    assert face.idled[-1] is None


@pytest.mark.parametrize(("saved", "level"), [(None, 30), (7, 7), (0, 30), (-1, 30), (5000, 30), ("x", 30)])
async def test_the_brightness_is_kept_if_it_is_one(saved: object, level: int) -> None:
    face, state = Recorder(), State(Path("never-saved"))
    state.put("brightness", saved)
    async with asyncio.TaskGroup() as group:
        Mark1(face, group, state=state).lifecycle.rest()
    assert face.shown == [BLUE, EyesLevel(level), EyesAction.RESET]


async def test_factory_reset() -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        await device.take(Brightness(7))
        await device.hear(*GREEN)
        face.shown.clear()
        await device.hear("system.factory.reset.ping")
        await device.hear("system.factory.reset.phal")
    skill_id = {"skill_id": "mycroft-enclosure"}
    assert [(message.msg_type, message.data) for message in device.said] == [
        ("system.factory.reset.register", skill_id),
        ("system.factory.reset.phal.complete", skill_id),
    ]
    assert face.shown == [GREY, EyesAction.SPIN, MouthAction.RESET]
    assert device.brightness is None
    device.lifecycle.stay()
    assert face.shown[-3:] == AT_REST


# On a face.


@pytest.mark.usefixtures("quick")
async def test_somebody_switches_the_device_on_and_off(faceplate: Faceplate) -> None:
    async with person(faceplate) as somebody:
        device = somebody.device
        booting = asyncio.create_task(device.lifecycle.boot(10))
        await somebody.sees_spin()
        await device.hear("mycroft.skills.is_ready.response", {"status": False})
        await somebody.sees_mouth()
        await somebody.sees_spin()
        await device.hear("mycroft.ready")
        await booting
        await somebody.sees_empty_mouth()
        await somebody.sees_eyes(OPEN)
        await device.hear(*MUTE)
        await somebody.sees_eyes(0x1E0000)
        await device.hear(*SLEEP)
        await until(lambda: faceplate.firmware.eyes.count(0) == 16, "a look down")
        device.lifecycle.stop()
        await somebody.sees_eyes(OPEN)
