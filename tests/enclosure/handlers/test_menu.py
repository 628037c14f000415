import asyncio
from typing import Any

import pytest

from bus.message import Message
from enclosure import artwork
from enclosure.activity import Activity, Leaving
from enclosure.events import (
    Brightness,
    Choice,
    Chosen,
    Event,
    FaceplateState,
    LinkState,
    Pressed,
    QuestionShown,
    Turned,
)
from enclosure.handlers.menu import CERTAINLY, CONFIRM_S, KEPT, LIGHT_SHOW_S, QUESTION, READ_S, TEST_S
from enclosure.handlers.session import SOURCE
from tests.enclosure.handlers.mark1 import Mark1, Recorder, mark1

WIPE = Chosen(Choice.FACTORY_RESET)
VISIBLE, COVERED = QuestionShown(True), QuestionShown(False)
CHOICES: list[tuple[Choice, str, dict[str, Any], list[str], Activity]] = [
    (Choice.WIFI, "system.wifi.setup", {}, [], Activity(wifi_shown=artwork.WIFI)),
    (Choice.REBOOT, "system.reboot", {}, [], Activity(leaving=Leaving.REBOOT)),
    (Choice.SHUTDOWN, "system.shutdown", {}, [], Activity(leaving=Leaving.SHUTDOWN)),
    (Choice.ENABLE_SSH, "system.ssh.enable", {}, [], Activity()),
    (Choice.DISABLE_SSH, "system.ssh.disable", {}, [], Activity()),
    (Choice.ENABLE_LEARNING, "configuration.patch", {"config": {"opt_in": True}}, ["LEARNING ON"], Activity()),
    (Choice.DISABLE_LEARNING, "configuration.patch", {"config": {"opt_in": False}}, ["LEARNING OFF"], Activity()),
    (Choice.DEMO, "mycroft.mark1.demo", {}, [], Activity()),
    (Choice.TEST_BEGIN, "recognizer_loop:sleep", {}, [], Activity(asleep=True)),
    (Choice.TEST_MIC, "speak", {"utterance": "I am testing one two three"}, [], Activity()),
    (Choice.TEST_END, "recognizer_loop:wake_up", {}, [], Activity()),
]


async def pause(seconds: float = LIGHT_SHOW_S + 0.01) -> None:
    await asyncio.sleep(seconds)


@pytest.mark.parametrize(("choice", "msg_type", "data", "notified", "activity"), CHOICES)
async def test_each_choice(
    choice: Choice, msg_type: str, data: dict[str, Any], notified: list[str], activity: Activity
) -> None:
    async with mark1() as (device, display):
        device.handle(Chosen(choice))
        await pause()
        assert device.said == [Message(msg_type, data, {"source": SOURCE})]
        assert (display.notified, display.activity) == (notified, activity)


def test_every_choice_is_tested() -> None:
    assert {choice for choice, *_ in CHOICES} == {*Choice} - {Choice.FACTORY_RESET}


async def test_the_machine_goes_after_the_display_has_shown_it() -> None:
    async with mark1() as (device, display):
        device.handle(Chosen(Choice.REBOOT))
        assert display.activity.leaving is Leaving.REBOOT
        await asyncio.sleep(LIGHT_SHOW_S * 0.9)
        assert device.types == []


# The question before a factory reset.


async def ask(device: Mark1) -> None:
    """Chooses WIPE, and reads the question."""
    device.handle(WIPE)
    device.handle(VISIBLE)
    await asyncio.sleep(READ_S)


async def confirm_once(device: Mark1) -> None:
    """Presses on the first question, and reads the second as the display shows it."""
    device.handle(Pressed())
    device.handle(COVERED)
    device.handle(VISIBLE)
    await asyncio.sleep(READ_S)


# Events, and what they lead to: message types, the question that is open, notifications.
NO: list[tuple[list[Event], list[str], str | None, list[str]]] = [
    ([Turned(1)], [], None, [KEPT]),
    ([Turned(-1), Pressed()], ["mycroft.mic.listen"], None, [KEPT]),
    ([COVERED], [], None, [KEPT]),
    ([COVERED, Pressed()], ["mycroft.mic.listen"], None, [KEPT]),
    ([COVERED, VISIBLE, Pressed()], ["mycroft.mic.listen"], None, [KEPT]),
    ([FaceplateState(LinkState.UNPLUGGED, None), Pressed()], ["mycroft.mic.listen"], None, [KEPT]),
    ([FaceplateState(LinkState.SILENT, None), Pressed()], ["mycroft.mic.listen"], None, [KEPT]),
    ([Chosen(Choice.DEMO), Pressed()], ["mycroft.mark1.demo", "mycroft.mic.listen"], None, []),
    ([Brightness(7), Pressed()], ["mycroft.mic.listen"], None, [KEPT]),
    ([WIPE, Pressed()], [], QUESTION, []),
]
CONNECTED = FaceplateState(LinkState.CONNECTED, "1.4.2")


@pytest.mark.parametrize(
    ("events", "types", "asked", "notified"),
    [
        ([], [], QUESTION, []),
        ([Pressed()], [], CERTAINLY, []),
        ([Pressed(), Pressed()], [], CERTAINLY, []),
        ([Pressed(), VISIBLE, Pressed()], [], CERTAINLY, []),
        ([CONNECTED, Pressed()], [], CERTAINLY, []),
        *NO,
    ],
)
async def test_a_press_on_the_first_question_asks_the_second(
    events: list[Event], types: list[str], asked: str | None, notified: list[str]
) -> None:
    async with mark1() as (device, display):
        await ask(device)
        for event in events:
            device.handle(event)
        await pause()
        assert (device.types, display.asked[-1], display.notified) == (types, asked, notified)
        assert display.volumes == [], "a turn that answers does not change the volume"


@pytest.mark.parametrize(
    ("events", "types", "asked", "notified"),
    [
        ([], [], CERTAINLY, []),
        ([Pressed()], ["system.factory.reset"], None, []),
        ([Pressed(), Pressed()], ["mycroft.mic.listen", "system.factory.reset"], None, []),
        ([CONNECTED, Pressed()], ["system.factory.reset"], None, []),
        *NO,
    ],
)
async def test_only_a_press_on_the_second_question_confirms_a_wipe(
    events: list[Event], types: list[str], asked: str | None, notified: list[str]
) -> None:
    async with mark1() as (device, display):
        await ask(device)
        await confirm_once(device)
        for event in events:
            device.handle(event)
        await pause()
        assert (device.types, display.asked[-1], display.notified) == (types, asked, notified)
        assert display.volumes == [], "a turn that answers does not change the volume"


@pytest.mark.parametrize("events", [[], [COVERED], [COVERED, VISIBLE]])
async def test_the_second_question_has_a_time_for_its_answer_of_its_own(events: list[Event]) -> None:
    async with mark1() as (device, display):
        await ask(device)
        await asyncio.sleep(CONFIRM_S - READ_S - 0.1)
        device.handle(Pressed())
        for event in events:
            device.handle(event)
        await asyncio.sleep(CONFIRM_S - 0.1)
        assert display.asked == [QUESTION, CERTAINLY]
        await asyncio.sleep(0.2)
        assert (device.types, display.asked[-1], display.notified) == ([], None, [KEPT])


async def test_a_press_before_the_question_is_visible_does_not_confirm() -> None:
    async with mark1() as (device, display):
        device.handle(WIPE)
        await asyncio.sleep(CONFIRM_S / 2)
        device.handle(Pressed())
        await pause()
        assert (device.types, display.asked) == ([], [QUESTION])


@pytest.mark.parametrize("after_s", [0, 0.05, 0.6, READ_S * 0.99])
async def test_a_double_press_never_confirms(after_s: float) -> None:
    async with mark1() as (device, display):
        device.handle(WIPE)
        device.handle(VISIBLE)
        await asyncio.sleep(after_s)
        for _ in range(2):  # the second half of a double press, and its bounce
            device.handle(Pressed())
        await pause()
        assert (device.types, display.asked) == ([], [QUESTION])


@pytest.mark.parametrize("events", [[], [VISIBLE]])
async def test_a_question_without_an_answer_is_answered_with_no(events: list[Event]) -> None:
    async with mark1() as (device, display):
        device.handle(WIPE)
        for event in events:
            device.handle(event)
        await asyncio.sleep(CONFIRM_S + 0.1)
        assert (display.asked, display.notified) == ([QUESTION, None], [KEPT])
        device.handle(VISIBLE)
        device.handle(Pressed())
        await pause()
        assert device.types == ["mycroft.mic.listen"]


async def test_the_time_for_an_answer_begins_when_the_question_is_visible() -> None:
    async with mark1() as (device, display):
        device.handle(WIPE)
        await asyncio.sleep(CONFIRM_S * 0.9)
        device.handle(VISIBLE)
        await asyncio.sleep(CONFIRM_S * 0.9)
        device.handle(Pressed())
        assert display.asked == [QUESTION, CERTAINLY]


async def test_messages_do_not_answer_the_question() -> None:
    async with mark1() as (device, display):
        await ask(device)
        for msg_type in ("enclosure.mouth.text", "enclosure.mouth.reset", "mycroft.stop", "enclosure.reset"):
            await device.hear(msg_type)
        assert display.asked == [QUESTION], "whether they cover it, the display reports"


async def test_a_daemon_that_stops_takes_the_question_back() -> None:
    async with mark1() as (device, display):
        await ask(device)
        device.enclosure.menu.stop()
        await asyncio.sleep(2 * CONFIRM_S)
        assert (device.types, display.asked, display.notified) == ([], [QUESTION, None], [])


# What comes of it.


@pytest.mark.parametrize("trouble", ["failed", "denied", "no bus", "no answer"])
@pytest.mark.parametrize(
    ("choice", "request_type", "text"),
    [
        (Choice.REBOOT, "system.reboot", "REBOOT FAILED"),
        (Choice.SHUTDOWN, "system.shutdown", "OFF FAILED"),
        (Choice.FACTORY_RESET, "system.factory.reset", "RESET FAILED"),
    ],
)
async def test_what_does_not_happen_is_notified(
    choice: Choice, request_type: str, text: str, trouble: str
) -> None:
    async with mark1() as (device, display):
        device.away = trouble == "no bus"
        device.denied = {request_type} if trouble == "denied" else set()
        if choice is Choice.FACTORY_RESET:
            await ask(device)
            await confirm_once(device)
            device.handle(Pressed())
        else:
            device.handle(Chosen(choice))
        assert display.activity.leaving
        await pause()
        if trouble == "failed":
            await device.hear(f"{request_type}.failed", {"error": "x"})
        if trouble == "no answer":
            assert display.activity.leaving
            await asyncio.sleep(10)
        else:
            assert display.notified == [text]
        assert not display.activity.leaving


@pytest.mark.parametrize(
    ("msg_type", "text"),
    [
        ("system.ssh.enabled", "SSH ON"),
        ("system.ssh.disabled", "SSH OFF"),
        ("system.ssh.enable.failed", "SSH FAILED"),
        ("system.ssh.disable.failed", "SSH FAILED"),
        ("configuration.patch.failed", "LEARNING FAILED"),
    ],
)
async def test_results_are_notified(msg_type: str, text: str) -> None:
    async with mark1() as (device, display):
        await device.hear(msg_type)
        assert display.notified == [text]


async def test_a_choice_that_the_bus_was_away_for_is_not_requested_later() -> None:
    async with mark1() as (device, display):
        device.away = True
        device.handle(Chosen(Choice.ENABLE_SSH))
        await asyncio.sleep(2)
        device.away = False
        await asyncio.sleep(2)
        assert (device.types, display.notified) == ([], ["SSH FAILED"])


async def test_a_denial_of_another_request_is_not_notified() -> None:
    async with mark1() as (device, display):
        await device.hear("bus.message.denied", {"type": "system.ntp.sync", "reason": "x"})
        assert display.untouched


async def sleep_and_wake(device: Mark1, display: Recorder) -> None:
    await pause()
    assert display.activity == Activity()
    assert device.types == ["recognizer_loop:sleep", "recognizer_loop:wake_up"]
    device.said.clear()


async def test_a_test_puts_the_assistant_to_sleep_and_wakes_it_up() -> None:
    async with mark1() as (device, display):
        device.handle(Chosen(Choice.TEST_BEGIN))
        device.handle(Chosen(Choice.TEST_END))
        await sleep_and_wake(device, display)
        await asyncio.sleep(2 * TEST_S)
        assert device.types == []


async def test_a_test_whose_end_is_not_reported_ends_after_a_while() -> None:
    async with mark1() as (device, display):
        device.handle(Chosen(Choice.TEST_BEGIN))
        await asyncio.sleep(TEST_S)
        await sleep_and_wake(device, display)


# A factory reset that another program requests: the admin service has the face ask.

CONFIRM = "system.factory.reset.confirm"
SHOWN, YES, NO_ = (f"system.factory.reset.{what}" for what in ("confirming", "confirmed", "declined"))


async def test_two_presses_confirm_the_reset_of_another_program() -> None:
    async with mark1() as (device, display):
        await device.hear(CONFIRM)
        assert display.asked[-1] == QUESTION
        device.handle(VISIBLE)
        await asyncio.sleep(READ_S)
        await confirm_once(device)
        device.handle(Pressed())
        await pause()
        assert device.types == [SHOWN, SHOWN, YES]
        assert display.asked[-1:] == [None]
        assert display.activity == Activity()


@pytest.mark.parametrize(
    "event", [Turned(1), COVERED, Brightness(7), FaceplateState(LinkState.SILENT, None), None]
)
async def test_anything_else_declines_the_reset_of_another_program(event: Event | None) -> None:
    async with mark1() as (device, display):
        await device.hear(CONFIRM)
        device.handle(VISIBLE)
        if event:
            device.handle(event)
        await asyncio.sleep(CONFIRM_S + 0.1)
        assert device.types[:2] == [SHOWN, NO_]
        assert display.asked[-1] is None
        device.handle(Pressed())
        await pause()
        assert YES not in device.types


async def test_a_reset_that_was_declined_is_not_shown_as_a_failure() -> None:
    async with mark1() as (device, display):
        await device.hear("system.factory.reset")
        await device.hear(CONFIRM)
        device.handle(VISIBLE)
        device.handle(Turned(1))
        await device.hear("system.factory.reset.failed", {"error": "not confirmed on the device"})
        assert (display.notified, display.activity) == ([KEPT], Activity())


async def test_a_reset_of_another_program_that_was_confirmed_and_fails_is_shown_as_a_failure() -> None:
    async with mark1() as (device, display):
        await device.hear(CONFIRM)
        device.handle(VISIBLE)
        await asyncio.sleep(READ_S)
        await confirm_once(device)
        device.handle(Pressed())
        await device.hear("system.factory.reset.start")
        await device.hear("system.factory.reset.failed", {"error": "x"})
        assert (display.notified, display.activity) == (["RESET FAILED"], Activity())


async def test_a_question_that_cannot_be_seen_is_declined_and_not_reported_as_shown() -> None:
    async with mark1() as (device, _):
        await device.hear(CONFIRM)
        await asyncio.sleep(CONFIRM_S + 0.1)
        assert device.types == [NO_]


async def test_a_choice_in_the_menu_declines_the_reset_of_another_program() -> None:
    async with mark1() as (device, display):
        await device.hear(CONFIRM)
        device.handle(WIPE)
        await pause()
        assert device.types == [NO_]
        assert display.asked[-1] == QUESTION
