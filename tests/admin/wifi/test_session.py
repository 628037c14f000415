"""A whole setup with a radio of the test: what is reported, what the page shows, and what is left behind."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from admin.dbus.systemd import Unit
from admin.errors import HostError
from admin.portal.protocol import MAX_NETWORKS, Phase
from admin.wifi.networks import Choice, Network, Security
from admin.wifi.outcome import Failure
from admin.wifi.radio import Hotspot, Link
from admin.wifi.session import GUESTS_POLL_S, PAGE_S, VISIT_S, SetupSession
from admin.wifi.setup import GUEST_GONE_S, IDLE_S, OPENING_S, TRY_S
from bus.contract.lookup import TOPICS
from bus.contract.topic import Topic

HOTSPOT = Hotspot("MYCROFT", "12345678")
HOME = Choice(b"home", "correct horse")
UNITS = (Unit("page.socket", 10.0, stops=True), Unit("names.service", 10.0, stops=True))
UP = ["scan 2", "open MYCROFT", "start page.socket", "start names.service"]
DOWN = ["stop page.socket", "stop names.service"]


class World:
    """Radio and systemd, which do as the test says, and note what they are asked for."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.stations: int | None = 0
        """Devices in the access point's network; None where the kernel has no list."""
        self.failure: Failure | str | None = None
        self.opening: HostError | None = None
        self.closing: HostError | None = None
        self.slow = asyncio.Event()
        self.slow.set()
        self.is_hotspot_open = False
        self.cable = False
        self.networks = [Network(b"home", Security.WPA2, 80, "/1"), Network(b"caf\xff", Security.OPEN, 40, "/2")]
        self.reports: list[tuple[str, dict[str, Any]]] = []

    # The radio.

    async def interface(self) -> str:
        return "wlan0"

    async def scan(self, times: int = 1) -> list[Network]:
        self.done.append(f"scan {times}")
        await self.slow.wait()
        return self.networks

    async def open(self, hotspot: Hotspot) -> Hotspot:
        self.done.append(f"open {hotspot.ssid}")
        await self.slow.wait()
        if self.opening:
            raise self.opening
        self.is_hotspot_open = True
        return hotspot

    async def is_open(self) -> bool:
        return self.is_hotspot_open

    async def join(self, choice: Choice) -> None:
        self.done.append(f"join {choice.name}")
        self.is_hotspot_open = False
        await self.slow.wait()
        if self.failure:
            raise HostError("not joined", self.failure)

    async def close(self, *, restore: bool) -> None:
        self.done.append(f"close {restore}")
        self.is_hotspot_open = False
        if self.closing:
            raise self.closing

    async def link(self) -> Link:
        return Link(network=self.cable)

    # systemd.

    async def start(self, unit: Unit) -> None:
        self.done.append(f"start {unit.name}")

    async def stop(self, unit: Unit) -> None:
        self.done.append(f"stop {unit.name}")
        if self.closing:
            raise self.closing

    # The kernel and the bus.

    def count(self, interface: str) -> int:
        assert interface == "wlan0"
        if self.stations is None:
            raise OSError("no netlink")
        return self.stations

    async def report(self, topic: Topic, **data: Any) -> None:
        assert TOPICS[topic.name].problems(data) == []
        self.reports.append((topic.name.removeprefix("system.wifi.ap_"), data))

    @property
    def reported(self) -> list[str]:
        return [name for name, _ in self.reports]


@pytest.fixture
def world() -> World:
    return World()


@asynccontextmanager
async def setup(
    world: Any, *, allow_timeout: bool = True
) -> AsyncIterator[tuple[SetupSession, asyncio.Task[None]]]:
    session = SetupSession(world, world, HOTSPOT, world.report, units=UNITS, count_stations=world.count)
    task = asyncio.create_task(session.run(allow_timeout=allow_timeout, lang="de-de"))
    yield session, task
    task.cancel()
    await asyncio.wait([task])


async def opened(session: SetupSession) -> None:
    """Waits until the access point is open, and a guest may have been seen."""
    while not session.snapshot.networks:
        await session.changed(session.snapshot.revision)
    await asyncio.sleep(2 * GUESTS_POLL_S)


ENDED = "ovos.wifi.setup.completed", "ovos.phal.wifi.plugin.remove.active.client"
NOT_ENDED = "ovos.phal.wifi.plugin.client.setup.failure"


async def test_a_setup_from_the_access_point_to_the_network(world: World) -> None:
    world.stations = 1
    async with setup(world) as (session, task):
        await opened(session)
        assert world.done == UP
        assert world.reports == [
            (
                "up",
                {"ssid": "MYCROFT", "password": "12345678", "address": "100.64.7.1", "lang": "de-de"},
            ),
            ("device_connected", {}),
        ]
        snapshot = session.snapshot
        assert (snapshot.phase, snapshot.access_point) == (Phase.CHOOSING, "MYCROFT")
        assert [network.ssid for network in snapshot.networks] == [b"home", b"caf\xff"]
        await session.connect(HOME)
        assert (session.snapshot.phase, session.snapshot.tried) == (Phase.TRYING, b"home")
        assert "join home" not in world.done, "the answer of the page has to arrive first"
        await task
    assert world.done == [*UP, "join home", *DOWN, "close False"]
    assert world.reported == ["up", "device_connected", "connecting", "connection_success", "down", *ENDED]
    assert session.snapshot.phase is Phase.CONNECTED


async def test_a_failed_attempt_brings_the_access_point_back_with_the_reason(world: World) -> None:
    world.failure = Failure.WRONG_PASSWORD
    async with setup(world) as (session, task):
        await opened(session)
        await session.connect(HOME)
        revision = session.snapshot.revision
        await session.changed(revision)
        assert session.snapshot.phase is Phase.CHOOSING
        assert session.snapshot.failure is Failure.WRONG_PASSWORD
        await asyncio.sleep(2 * GUESTS_POLL_S)
        assert world.done == [*UP, "join home", *UP[1:]]
        assert (
            "connection_failed",
            {
                "ssid": "home",
                "reason": "wrong-password",
                "error": "wrong password",
            },
        ) in world.reports
        assert world.reported[-1] == "device_connected"
        world.failure = None
        await session.connect(HOME)
        await task
    assert world.reported[-4:-2] == ["connection_success", "down"]


async def test_an_error_of_another_kind_is_a_failure_too(world: World) -> None:
    world.failure = "org.freedesktop.NetworkManager.UnknownDevice"
    async with setup(world) as (session, _):
        await opened(session)
        await session.connect(HOME)
        await session.changed(session.snapshot.revision)
        assert session.snapshot.failure is Failure.OTHER


async def test_an_attempt_without_an_end_is_given_up(world: World) -> None:
    async with setup(world) as (session, _):
        await opened(session)
        world.slow.clear()
        await session.connect(HOME)
        await asyncio.sleep(TRY_S + 1)
        assert session.snapshot.failure is Failure.NO_ANSWER
        assert world.done[-2:] == ["join home", "open MYCROFT"]


@pytest.mark.parametrize("wait_s", [0.0, OPENING_S - 1])
async def test_a_setup_that_is_cancelled_while_it_opens_leaves_no_access_point(
    world: World, wait_s: float
) -> None:
    world.slow.clear()
    async with setup(world) as (_, task):
        await asyncio.sleep(wait_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert world.done[-3:] == [*DOWN, "close True"]
    assert world.reported == ["down", NOT_ENDED]


async def test_a_setup_that_is_cancelled_while_it_joins_restores_the_network_from_before(world: World) -> None:
    async with setup(world) as (session, task):
        await opened(session)
        world.slow.clear()
        await session.connect(HOME)
        await asyncio.sleep(PAGE_S + 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert world.done == [*UP, "join home", *DOWN, "close True"]
    assert session.snapshot.phase is Phase.OVER


async def test_a_guest_who_cancels_sees_it_before_the_access_point_closes(world: World) -> None:
    async with setup(world) as (session, task):
        await opened(session)
        await session.cancel()
        assert session.snapshot.phase is Phase.OVER
        assert world.is_hotspot_open
        await task
    assert world.done[-1] == "close True"


async def test_without_a_guest_it_closes_after_a_time(world: World) -> None:
    async with setup(world) as (_, task):
        began_at = asyncio.get_running_loop().time()
        await task
        assert IDLE_S <= asyncio.get_running_loop().time() - began_at < IDLE_S + 2 * GUESTS_POLL_S
    assert world.reported == ["up", "down", NOT_ENDED]


async def test_one_without_a_timeout_closes_when_a_cable_is_plugged_in(world: World) -> None:
    async with setup(world, allow_timeout=False) as (_, task):
        await asyncio.sleep(10 * IDLE_S)
        assert not task.done()
        world.cable = True
        await task
    assert world.reported == ["up", "down", NOT_ENDED]


async def test_a_guest_who_leaves_is_reported(world: World) -> None:
    world.stations = 1
    async with setup(world) as (session, _):
        await opened(session)
        world.stations = 0
        await asyncio.sleep(GUEST_GONE_S + VISIT_S + 2 * GUESTS_POLL_S)
        assert world.reported == ["up", "device_connected", "device_disconnected"]


async def test_a_request_of_the_page_counts_as_a_guest_where_the_kernel_has_no_list(world: World) -> None:
    world.stations = None
    async with setup(world) as (session, _):
        await asyncio.sleep(10 * GUESTS_POLL_S)
        assert world.reported == ["up"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.changed(session.snapshot.revision), GUESTS_POLL_S)
        assert world.reported == ["up", "device_connected"]


async def test_an_access_point_that_does_not_open_is_an_error(world: World) -> None:
    world.opening = HostError("NetworkManager manages no wifi device")
    async with setup(world) as (_, task):
        with pytest.raises(HostError, match="manages no wifi device"):
            await task
    assert world.reports[0] == ("error", {"error": "NetworkManager manages no wifi device"})
    assert world.done[-1] == "close True"


async def test_another_program_that_takes_the_radio_ends_it(world: World) -> None:
    async with setup(world) as (session, task):
        await opened(session)
        world.is_hotspot_open = False
        with pytest.raises(HostError, match="another program"):
            await task
    assert world.done[-1] == "close False"


async def test_an_error_at_the_end_is_logged_and_keeps_no_step_from_being_taken(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    world.closing = HostError("no D-Bus")
    async with setup(world):
        await asyncio.sleep(1)
    assert world.done[-3:] == [*DOWN, "close True"]
    assert caplog.messages == ["end of the wifi setup: no D-Bus"] * 3


async def test_a_fault_of_the_radio_closes_the_access_point(world: World) -> None:
    world.opening = ZeroDivisionError("oops")  # type: ignore[assignment]
    async with setup(world) as (_, task):
        with pytest.raises(ZeroDivisionError):
            await task
    assert world.done[-1] == "close True"


async def test_the_page_shows_a_bounded_list(world: World) -> None:
    world.networks = [Network(bytes([65, number]), Security.OPEN, 1, "/") for number in range(100)]
    async with setup(world) as (session, _):
        await opened(session)
        assert len(session.snapshot.networks) == MAX_NETWORKS


async def test_a_choice_at_another_time_is_ignored(world: World) -> None:
    world.slow.clear()
    async with setup(world) as (session, _):
        await asyncio.sleep(1)
        await session.connect(HOME)
        assert session.snapshot.phase is Phase.CHOOSING


async def test_the_password_is_in_no_report_and_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.failure = Failure.WRONG_PASSWORD
    async with setup(world) as (session, _):
        await opened(session)
        await session.connect(HOME)
        await session.changed(session.snapshot.revision)
    assert HOME.password not in caplog.text + repr(world.reports) + repr(session.snapshot)
