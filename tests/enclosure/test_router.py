import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.events import Event, Pressed, Turned
from enclosure.router import FRESH_S, Router

LISTEN, STOP = Message("mycroft.mic.listen"), Message("mycroft.stop")


class Bus:
    """A bus client whose bus can be away: it then waits, and sends late."""

    def __init__(self) -> None:
        self.here = asyncio.Event()
        self.here.set()
        self.sent: list[Message] = []
        self.timeout_s = 10.0

    async def emit(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self.timeout_s):
                await self.here.wait()
        except TimeoutError as error:
            raise BusUnavailableError("no bus") from error
        self.sent.append(message)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def router(bus: Bus) -> AsyncIterator[Router]:
    router = Router(bus.emit)
    running = asyncio.create_task(router.run())
    yield router
    running.cancel()


def test_an_event_goes_to_the_first_handler_that_takes_it(bus: Bus) -> None:
    router = Router(bus.emit)
    calls: list[tuple[str, Event]] = []

    def menu(event: Event) -> bool:
        calls.append(("menu", event))
        return isinstance(event, Pressed)

    def controls(event: Event) -> bool:
        calls.append(("controls", event))
        return True

    router.connect(menu, controls)
    router.handle(Pressed())
    router.handle(Turned(1))
    assert calls == [("menu", Pressed()), ("menu", Turned(1)), ("controls", Turned(1))]
    router.connect()
    router.handle(Pressed())
    assert len(calls) == 3


async def test_reports_are_sent_in_order(router: Router, bus: Bus) -> None:
    router.report(LISTEN)
    router.report(STOP)
    assert bus.sent == [], "telling does not wait"
    await asyncio.sleep(0.01)
    assert bus.sent == [LISTEN, STOP]


async def test_a_report_waits_for_the_bus(router: Router, bus: Bus) -> None:
    bus.here.clear()
    router.report(LISTEN, on_lost=pytest.fail)
    await asyncio.sleep(FRESH_S * 0.9)
    bus.here.set()
    await asyncio.sleep(0.01)
    assert bus.sent == [LISTEN]


async def test_a_report_that_is_too_old_is_dropped(router: Router, bus: Bus) -> None:
    bus.here.clear()
    lost: list[str] = []
    router.report(LISTEN, on_lost=lambda: lost.append("listen"))
    await asyncio.sleep(FRESH_S * 0.4)
    router.report(STOP, on_lost=lambda: lost.append("stop"))
    await asyncio.sleep(FRESH_S * 0.7)
    assert lost == ["listen"]
    bus.here.set()
    await asyncio.sleep(0.01)
    assert (bus.sent, lost) == ([STOP], ["listen"])


async def test_a_report_that_the_client_gives_up_is_lost(router: Router, bus: Bus) -> None:
    bus.timeout_s = FRESH_S / 2
    bus.here.clear()
    lost: list[str] = []
    router.report(LISTEN, on_lost=lambda: lost.append("listen"))
    await asyncio.sleep(FRESH_S * 0.6)
    assert lost == ["listen"]


async def test_each_report_waits_no_longer_than_its_own_time(router: Router, bus: Bus) -> None:
    bus.here.clear()
    lost: list[int] = []
    for number in range(5):
        router.report(LISTEN, on_lost=lambda number=number: lost.append(number))  # type: ignore[misc]
    await asyncio.sleep(FRESH_S + 0.01)
    assert lost == [0, 1, 2, 3, 4]


async def test_an_outage_is_logged_once(router: Router, bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(2):
        bus.here.clear()
        for _ in range(3):
            router.report(LISTEN)
        await asyncio.sleep(FRESH_S + 0.01)
        bus.here.set()
        router.report(STOP)
        await asyncio.sleep(0.01)
    levels = [record.levelname for record in caplog.records if "no bus for" in record.message]
    assert levels == ["WARNING", "DEBUG", "DEBUG"] * 2
