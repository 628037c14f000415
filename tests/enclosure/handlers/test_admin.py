"""What the display shows of the admin service ends with it, whatever reports are missed."""

import asyncio
from typing import Any

import pytest

from bus.message import Message
from enclosure import artwork
from enclosure.activity import Activity, Leaving
from enclosure.handlers.admin import ASK_S
from enclosure.handlers.leaving import LEAVE_S
from enclosure.handlers.wifi import REPEAT_S
from tests.enclosure.handlers.mark1 import Mark1, mark1

UP = Message(
    "system.wifi.ap_up", {"ssid": "MYCROFT", "password": "1234", "address": "100.64.7.1", "lang": "en-us"}
)
GUEST = Message("system.wifi.ap_device_connected")
FAILED = Message("system.wifi.ap_connection_failed", {"ssid": "home", "reason": "not-found", "error": "x"})
OPEN, PAGE = "MYCROFT 1234", "100.64.7.1"


async def receive(device: Mark1, message: Message) -> None:
    await device.enclosure.dispatcher(message)
    await asyncio.sleep(0.01)


async def answer(device: Mark1, **under_way: list[Message]) -> None:
    """The answer of the admin service, with the reports of what is under way."""
    data = {
        f"system.{name.replace('_', '.')}": [{"type": report.msg_type, "data": report.data} for report in reports]
        for name, reports in under_way.items()
    }
    await receive(device, Message("system.status.response", {"under_way": data}))


async def test_the_admin_service_is_asked_at_the_start_and_while_something_of_it_is_shown() -> None:
    async with mark1() as (device, _):
        await receive(device, Message("connected"))
        await answer(device)
        await asyncio.sleep(10 * ASK_S)
        assert device.questions == 1
        await receive(device, UP)
        for asked in range(2, 6):
            assert device.questions == asked
            await answer(device, wifi_setup=[UP])
            await asyncio.sleep(ASK_S)
        await answer(device)
        await asyncio.sleep(10 * ASK_S)
        assert device.questions == 6


@pytest.mark.parametrize("reports", [[UP], [UP, GUEST]])
async def test_an_instruction_ends_with_an_admin_service_that_is_killed(reports: list[Message]) -> None:
    async with mark1() as (device, display):
        for report in reports:
            await receive(device, report)
        await answer(device, wifi_setup=reports)
        assert display.activity.wifi_shown
        await asyncio.sleep(2 * ASK_S)
        assert display.activity == Activity()
        assert display.notified == []
        device.said.clear()
        await asyncio.sleep(10 * REPEAT_S)
        assert device.said == []


async def test_an_instruction_ends_whose_end_was_reported_while_the_bus_was_away() -> None:
    async with mark1() as (device, display):
        await receive(device, UP)
        await answer(device, wifi_setup=[UP])
        device.away = True
        await asyncio.sleep(10 * ASK_S)
        assert display.activity.wifi_shown == OPEN, "the access point may still be open"
        device.away = False
        await receive(device, Message("connected"))
        assert display.activity.wifi_shown == OPEN
        await answer(device)
        assert display.activity == Activity()


async def test_an_instruction_ends_with_an_admin_service_that_comes_back_without_its_setup() -> None:
    async with mark1() as (device, display):
        await receive(device, UP)
        await answer(device)
        assert display.activity == Activity()


async def test_a_setup_that_the_next_admin_service_continues_is_shown_from_its_first_step() -> None:
    async with mark1() as (device, display):
        await receive(device, UP)
        await receive(device, GUEST)
        await answer(device, wifi_setup=[])
        assert display.activity == Activity(wifi_shown=artwork.WIFI)
        await receive(device, UP)
        assert display.activity.wifi_shown == OPEN


@pytest.mark.parametrize(
    ("reports", "shown"),
    [([], artwork.WIFI), ([UP], OPEN), ([UP, GUEST], PAGE), ([UP, FAILED], artwork.WIFI)],
)
async def test_a_setup_whose_reports_were_missed_is_shown_once(reports: list[Message], shown: Any) -> None:
    async with mark1() as (device, display):
        await receive(device, Message("connected"))
        device.said.clear()
        await answer(device, wifi_setup=reports)
        assert display.activity.wifi_shown == shown
        assert device.types == ["speak"] * len(reports)
        await answer(device, wifi_setup=reports)
        assert device.types == ["speak"] * len(reports)


@pytest.mark.parametrize("last", ["ap_connection_success", "ap_down", "ap_error"])
async def test_a_setup_that_has_just_ended_is_not_shown_again(last: str) -> None:
    async with mark1() as (device, display):
        await receive(device, UP)
        await receive(device, Message(f"system.wifi.{last}", {"ssid": "home"}))
        await answer(device, wifi_setup=[UP, Message(f"system.wifi.{last}")])
        assert display.activity == Activity()


async def test_a_missed_step_is_shown() -> None:
    async with mark1() as (device, display):
        await receive(device, UP)
        await answer(device, wifi_setup=[UP, GUEST])
        assert display.activity.wifi_shown == PAGE


async def test_a_request_that_is_not_accepted_yet_is_not_ended() -> None:
    async with mark1() as (device, display):
        await receive(device, Message("system.wifi.setup"))
        await answer(device)
        assert display.activity.wifi_shown == artwork.WIFI


@pytest.mark.parametrize("answers", [True, False])
async def test_a_setup_or_an_update_of_another_program_goes_on(answers: bool) -> None:
    async with mark1() as (device, display):
        await receive(device, Message("system.wifi.ap_up"))
        await receive(device, Message("system.update.processing"))
        if answers:
            await answer(device)
        await asyncio.sleep(10 * ASK_S)
        assert display.activity == Activity(wifi_setup=True, wifi_shown=artwork.WIFI, updating=True)


PROGRESS = Message("system.update.progress", {"step": "install", "percent": 40})


@pytest.mark.parametrize("comes_back", [True, False])
async def test_an_update_ends_with_an_admin_service_that_is_killed(comes_back: bool) -> None:
    async with mark1() as (device, display):
        await receive(device, Message("system.update.processing"))
        await answer(device, update=[PROGRESS])
        await receive(device, PROGRESS)
        assert display.activity == Activity(updating=True, updated_percent=40)
        if comes_back:
            await answer(device)
        else:
            await asyncio.sleep(2 * ASK_S)
        assert not display.activity.updating
        await receive(device, Message("system.update.processing"))
        assert display.activity == Activity(updating=True), "without the percentage of the one before"


async def test_an_update_whose_beginning_was_missed_is_shown() -> None:
    async with mark1() as (device, display):
        await answer(device, update=[PROGRESS])
        assert display.activity.updating


START = Message("system.factory.reset.start")
PING = Message("system.factory.reset.ping")


async def test_a_factory_reset_is_shown_for_as_long_as_it_takes_and_not_much_longer() -> None:
    async with mark1() as (device, display):
        await receive(device, START)
        for _ in range(30):
            await answer(device, factory_reset=[START, PING])
            await asyncio.sleep(ASK_S)
            assert display.activity.leaving is Leaving.FACTORY_RESET
        await asyncio.sleep(LEAVE_S)
        assert display.activity.leaving is None


async def test_a_factory_reset_that_is_not_confirmed_yet_is_not_shown() -> None:
    async with mark1() as (device, display):
        await answer(device, factory_reset=[Message("system.factory.reset.confirm")])
        assert display.activity == Activity()


@pytest.mark.parametrize(
    "under_way",
    [
        {"system.wifi.setup": None},
        {"system.wifi.setup": [None, 7, {}, {"type": 7, "data": {}}, {"type": "system.wifi.ap_up", "data": []}]},
        {"system.wifi.setup": [{"type": "system.reboot", "data": {}}]},
        {"system.wifi.setup": [{"type": "system.wifi.ap_up", "data": {"ssid": 7}}]},
        {"system.reboot": [], "x": "y"},
    ],
)
async def test_an_answer_in_another_form_does_no_harm(under_way: dict[str, Any]) -> None:
    async with mark1() as (device, display):
        await receive(device, Message("system.status.response", {"under_way": under_way}))
        assert display.activity.leaving is None
        await answer(device)
        await asyncio.sleep(10 * REPEAT_S)
        assert display.activity == Activity()
