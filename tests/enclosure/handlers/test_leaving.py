import asyncio

import pytest

from enclosure.activity import Activity, Leaving
from enclosure.handlers.leaving import ANSWER_S, LEAVE_S
from tests.enclosure.handlers.mark1 import mark1

ANNOUNCEMENTS = [
    ("system.reboot", Leaving.REBOOT, ANSWER_S),
    ("system.reboot.start", Leaving.REBOOT, LEAVE_S),
    ("system.shutdown", Leaving.SHUTDOWN, ANSWER_S),
    ("system.shutdown.start", Leaving.SHUTDOWN, LEAVE_S),
    ("system.factory.reset.start", Leaving.FACTORY_RESET, LEAVE_S),
    ("system.factory.reset.phal", Leaving.FACTORY_RESET, LEAVE_S),
    ("system.factory.reset.complete", Leaving.FACTORY_RESET, ANSWER_S),
]


@pytest.mark.parametrize("session", ["default", "kitchen"])
@pytest.mark.parametrize(("msg_type", "leaving", "patience_s"), ANNOUNCEMENTS)
async def test_the_display_shows_for_some_time_that_the_machine_goes(
    msg_type: str, leaving: Leaving, patience_s: float, session: str
) -> None:
    async with mark1() as (device, display):
        await device.hear(msg_type, {}, session={"session_id": session})
        await asyncio.sleep(patience_s - 0.1)
        assert display.activity == Activity(leaving=leaving)
        await asyncio.sleep(0.2)
        assert display.activity == Activity()


async def test_the_first_announcement_says_why_and_each_one_prolongs_it() -> None:
    async with mark1() as (device, display):
        await device.hear("system.shutdown")
        await asyncio.sleep(ANSWER_S / 2)
        await device.hear("system.reboot.start")
        await asyncio.sleep(LEAVE_S - 0.1)
        assert display.activity.leaving is Leaving.SHUTDOWN
        await asyncio.sleep(0.2)
        assert display.activity.leaving is None


async def test_a_factory_reset_is_not_announced_by_the_request_of_another_program() -> None:
    """The user has not confirmed it."""
    async with mark1() as (device, display):
        await device.hear("system.factory.reset")
        assert display.activity == Activity()


@pytest.mark.parametrize("request_type", ["system.reboot", "system.shutdown", "system.factory.reset"])
@pytest.mark.parametrize("trouble", ["failed", "denied"])
async def test_a_request_that_fails_ends_it(request_type: str, trouble: str) -> None:
    async with mark1() as (device, display):
        await device.hear(f"{request_type}.start")
        await device.hear("system.update.failed", {"error": "x"})
        await device.hear("bus.message.denied", {"type": "system.update", "reason": "x"})
        assert display.activity.leaving
        if trouble == "failed":
            await device.hear(f"{request_type}.failed", {"error": "x"})
        else:
            await device.hear("bus.message.denied", {"type": request_type, "reason": "x"})
        assert not display.activity.leaving
