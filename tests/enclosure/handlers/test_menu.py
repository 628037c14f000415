import asyncio
from typing import Any

import pytest

from bus.message import Message
from enclosure.display import Command, EyesAction, EyesColor, EyesLevel, EyesTimedSpin, MouthAction, MouthText
from enclosure.events import Brightness, Choice, Chosen, Event, Pressed, Turned
from enclosure.faceplate import protocol
from enclosure.handlers import lifecycle, menu
from enclosure.handlers.buttons import KNOB, SOURCE
from enclosure.handlers.menu import KEPT, QUESTION
from hw_sim.faceplate import Faceplate
from tests.conftest import until
from tests.enclosure.handlers.mark1 import BLUE, OPEN, Mark1, Recorder, person

GREY = EyesColor(70, 65, 69)
AT_REST: list[Command] = [BLUE, EyesLevel(30), EyesAction.RESET]
WIPE = Chosen(Choice.FACTORY_RESET)


def said(text: str) -> Command:
    return MouthText(text, repeat=False)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "LIGHT_SHOW_S", 0)
    monkeypatch.setattr(menu, "READ_S", 0)


CHOICES: list[tuple[str, str, dict[str, Any], list[Command]]] = [
    ("unit.setwifi", "system.wifi.setup", {}, []),
    ("unit.reboot", "system.reboot", {}, [GREY, EyesAction.SPIN, MouthAction.RESET]),
    ("unit.shutdown", "system.shutdown", {}, [GREY, EyesTimedSpin(12000), MouthAction.RESET]),
    ("unit.enable-ssh", "system.ssh.enable", {}, []),
    ("unit.disable-ssh", "system.ssh.disable", {}, []),
    ("unit.enable-learning", "configuration.patch", {"config": {"opt_in": True}}, [said("LEARNING ON")]),
    ("unit.disable-learning", "configuration.patch", {"config": {"opt_in": False}}, [said("LEARNING OFF")]),
    ("mycroft.mark1.demo", "mycroft.mark1.demo", {}, []),
    ("system.test.begin", "recognizer_loop:sleep", {}, []),
    ("mic.test", "speak", {"utterance": "I am testing one two three"}, []),
    ("system.test.end", "recognizer_loop:wake_up", {}, AT_REST),
]


@pytest.mark.parametrize(("line", "msg_type", "data", "shown"), CHOICES)
async def test_each_choice(line: str, msg_type: str, data: dict[str, Any], shown: list[Command]) -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        await device.take(protocol.parse(line))
    assert device.said == [Message(msg_type, data, {"source": SOURCE})]
    assert face.shown == shown


def test_there_are_no_other_choices() -> None:
    assert {*protocol.CHOICES.values()} == {line for line, *_ in CHOICES} | {"unit.factory-reset"}


@pytest.mark.parametrize("around", ["Command: {}", "{} ", " {}", "{}\r", "x{}", "{}x", "Command: mouth.text={}"])
@pytest.mark.parametrize("choice", Choice)
async def test_only_the_exact_line_is_a_choice(choice: Choice, around: str) -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        await device.take(protocol.parse(around.format(protocol.CHOICES[choice])))
    assert (device.said, face.shown) == ([], [])


@pytest.mark.parametrize(
    ("events", "types", "mouth"),
    [
        ([], [], MouthText(QUESTION)),
        ([Pressed()], ["system.factory.reset"], MouthAction.RESET),
        ([Pressed(), Pressed()], ["mycroft.mic.listen", "system.factory.reset"], MouthAction.RESET),
        ([Turned(1)], [], said(KEPT)),
        ([Turned(-1), Pressed()], ["mycroft.mic.listen"], said(KEPT)),
        ([WIPE, Pressed()], ["system.factory.reset"], MouthAction.RESET),
        ([Chosen(Choice.DEMO), Pressed()], ["mycroft.mic.listen", "mycroft.mark1.demo"], MouthAction.RESET),
        ([Brightness(7)], [], MouthText(QUESTION)),
    ],
)
async def test_a_wipe_is_confirmed_by_the_next_press(
    events: list[Event], types: list[str], mouth: Command
) -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        for event in (WIPE, *events):
            await device.take(event)
    assert device.types == types
    assert face.shown[-1] == mouth


async def test_a_wipe_is_not_confirmed_by_who_has_not_read_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "READ_S", 0.1)
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        for event in (WIPE, Pressed(), Pressed()):
            await device.take(event)
        assert (device.types, face.shown) == ([], [MouthText(QUESTION)])
        await asyncio.sleep(0.1)
        await device.take(Pressed())
    assert device.types == ["system.factory.reset"]


async def test_a_stop_takes_the_question_back_and_no_answer() -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        await device.take(WIPE)
        device.menu.stop()
        for event in (Pressed(), Chosen(Choice.REBOOT), Turned(1)):
            await device.take(event)
    assert (device.types, face.shown) == ([], [MouthText(QUESTION), MouthAction.RESET])


async def test_a_wipe_is_not_confirmed_any_more_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "CONFIRM_S", 0.01)
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        await device.take(WIPE)
        await until(lambda: len(face.shown) > 1, "the end of the question")
        assert face.shown == [MouthText(QUESTION), MouthAction.RESET, said(KEPT)]
        await device.take(Pressed())
    assert device.types == ["mycroft.mic.listen"]


@pytest.mark.parametrize("trouble", ["failed", "denied", "no bus", "nobody"])
@pytest.mark.parametrize(
    ("choice", "request_type", "text"),
    [
        (Choice.REBOOT, "system.reboot", "REBOOT FAILED"),
        (Choice.SHUTDOWN, "system.shutdown", "OFF FAILED"),
        (Choice.FACTORY_RESET, "system.factory.reset", "RESET FAILED"),
    ],
)
async def test_what_does_not_happen_is_said_and_the_eyes_open(
    choice: Choice, request_type: str, text: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trouble == "nobody":
        for topic, (spin, _) in lifecycle._LEAVING.items():
            monkeypatch.setitem(lifecycle._LEAVING, topic, (spin, 0.01))
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        device.away = trouble == "no bus"
        device.denied = {request_type} if trouble == "denied" else set()
        await device.take(Chosen(choice))
        if choice is Choice.FACTORY_RESET:
            await device.take(Pressed())
    if trouble == "failed":
        await device.hear(f"{request_type}.failed", {"error": "x"})
    if trouble == "nobody":
        await until(lambda: face.shown[-3:] == AT_REST, "open eyes")
    else:
        assert [command for command in face.shown if command in (EyesAction.RESET, said(text))] in (
            [EyesAction.RESET, said(text)],
            [said(text), EyesAction.RESET],
        )


@pytest.mark.parametrize(
    ("msg_type", "text"),
    [
        ("system.ssh.enabled", "SSH ON"),
        ("system.ssh.disabled", "SSH OFF"),
        ("system.ssh.enable.failed", "SSH FAILED"),
        ("system.ssh.disable.failed", "SSH FAILED"),
        ("system.wifi.setup.failed", "WI-FI FAILED"),
    ],
)
async def test_what_has_come_of_it_is_said(msg_type: str, text: str) -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        await Mark1(face, group).hear(msg_type)
    assert face.shown == [said(text)]


async def test_somebody_elses_denial_says_nothing() -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        await Mark1(face, group).hear("bus.message.denied", {"type": "system.update", "reason": "x"})
    assert face.shown == []


async def test_the_brightness_is_remembered() -> None:
    face = Recorder()
    async with asyncio.TaskGroup() as group:
        device = Mark1(face, group)
        await device.take(Brightness(7))
        await device.take(Turned(1))  # is the volume
        assert device.said == [Message("mycroft.volume.increase", {"play_sound": True}, {"source": KNOB})]
        assert face.shown == []  # the faceplate has it already
        device.lifecycle.rest()
        Mark1(face, group, state=device.state).lifecycle.rest()  # after a restart
    assert face.shown == [BLUE, EyesLevel(7), EyesAction.RESET] * 2


async def test_a_test_that_does_not_end_is_over_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu, "TEST_S", 0.05)
    async with asyncio.TaskGroup() as group:
        device = Mark1(Recorder(), group)
        await device.take(Chosen(Choice.TEST_BEGIN))
        await until(lambda: device.types == ["recognizer_loop:sleep", "recognizer_loop:wake_up"], "the end")
        await device.take(Chosen(Choice.TEST_BEGIN))
        await device.take(Chosen(Choice.TEST_END))
        await asyncio.sleep(0.1)
    assert device.types == ["recognizer_loop:sleep", "recognizer_loop:wake_up"] * 2


# Through the menu that the firmware has.


async def test_somebody_wipes_the_device(faceplate: Faceplate) -> None:
    async with person(faceplate) as somebody:
        await somebody.choose(6)  # RESET
        await somebody.turn(-1)  # WIPE
        await somebody.press()
        await somebody.sees_mouth()
        assert somebody.device.types == []
        await somebody.press()
        await somebody.sees_spin()
        await somebody.sees_empty_mouth()
        assert somebody.device.types == ["system.factory.reset"]
        await somebody.device.hear("system.factory.reset.failed", {"error": "x"})
        await somebody.sees_eyes(OPEN)


async def test_somebody_does_not_wipe_the_device(faceplate: Faceplate) -> None:
    async with person(faceplate) as somebody:
        await somebody.choose(6)
        await somebody.turn(-1)
        await somebody.press()
        await somebody.sees_mouth()
        await somebody.turn(-1)
        await somebody.press()
        await until(lambda: somebody.device.types == ["mycroft.mic.listen"], "no more than an ordinary press")


async def test_somebody_dims_the_eyes(faceplate: Faceplate) -> None:
    async with person(faceplate) as somebody:
        await somebody.choose(0)  # ILLUM
        await somebody.turn(-3)
        await somebody.sees_eyes(0x00001B)
        assert somebody.device.brightness == 27
        assert somebody.device.types == []


async def test_somebody_reboots_the_device(faceplate: Faceplate) -> None:
    async with person(faceplate) as somebody:
        await somebody.choose(2)
        await somebody.sees_spin()
        assert somebody.device.types == ["system.reboot"]
        somebody.device.lifecycle.stop()  # the machine ends its services
        await asyncio.sleep(0.5)
        await somebody.sees_spin()
