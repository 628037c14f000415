"""One wifi setup under way: the steps, the radio, the units of the portal, and what the page shows."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from admin.action import Reporter
from admin.dbus.systemd import Systemd, Unit
from admin.errors import HostError
from admin.portal.protocol import MAX_NETWORKS, Nearby, Phase, Snapshot
from admin.wifi.networks import Choice
from admin.wifi.outcome import Failure
from admin.wifi.ovos import CLIENT
from admin.wifi.radio import ADDRESS, Hotspot, Radio
from admin.wifi.setup import (
    Cancelled,
    Chosen,
    Close,
    Event,
    Guests,
    Join,
    Joined,
    JoiningFailed,
    Lost,
    Open,
    Opened,
    OpeningFailed,
    Report,
    Setup,
    Start,
    Step,
    Tick,
)
from bus.contract import ours as topics

GUESTS_POLL_S = 2.0
"""How often the kernel is asked who has joined; there is no signal of it for users without privileges."""

VISIT_S = 30.0
"""How long a request of the page counts as a guest: it asks again within `admin.portal.protocol.WAIT_S`."""

PAGE_S = 1.0
"""How long an answer of the page may take to the phone, before its network goes."""

_LOGGER = logging.getLogger(__name__)


class SetupSession:
    """Runs one setup; meets `admin.portal.protocol.PortalSetup`."""

    def __init__(
        self,
        radio: Radio,
        systemd: Systemd,
        hotspot: Hotspot,
        report: Reporter,
        *,
        units: Sequence[Unit],
        count_stations: Callable[[str], int],
    ) -> None:
        self._radio = radio
        self._systemd = systemd
        self._hotspot = hotspot
        self._report = report
        self._units = units
        self._count_stations = count_stations
        self._lang: str | None = None
        self._until_online = False
        self._setup = Setup()
        self._events: asyncio.Queue[Event | asyncio.Task[Event]] = asyncio.Queue()
        self._work: asyncio.Task[Event] | None = None
        """What the radio is doing, whose end is the next event."""
        self._nearby: tuple[Nearby, ...] = ()
        self._interface = ""
        self._visited_at = -VISIT_S
        self._over = False
        """Whether the guest has cancelled it."""
        self._snapshot = Snapshot(1, Phase.CHOOSING, hotspot.ssid)
        self._changed = asyncio.Event()

    async def run(self, *, allow_timeout: bool, lang: str | None) -> None:
        """Runs the setup to its end. Raises HostError if the access point could not be opened.

        If this is cancelled, the access point is closed. Without a timeout it ends once a cable is plugged in.
        """
        self._lang, self._until_online = lang, not allow_timeout
        try:
            await self._handle(Start(allow_timeout))
            while self._setup.step is not Step.CLOSED:
                await self._handle(await self._next_event())
        finally:
            await self._handle(Cancelled())
        if self._setup.error:
            raise HostError(self._setup.error)

    # What the portal calls.

    @property
    def snapshot(self) -> Snapshot:
        """What there is to see now."""
        return self._snapshot

    async def changed(self, seen: int) -> None:
        """Returns as soon as the snapshot has another revision than `seen`."""
        self._visited_at = asyncio.get_running_loop().time()
        while self._snapshot.revision == seen:
            await self._changed.wait()

    async def connect(self, choice: Choice) -> None:
        """Begins an attempt and returns when the snapshot shows it."""
        if self._setup.is_open and choice.is_valid:
            self._events.put_nowait(Chosen(choice))
            await self.changed(self._snapshot.revision)

    async def cancel(self) -> None:
        """Ends the setup; returns when the snapshot shows it."""
        self._over = True
        self._show()
        asyncio.get_running_loop().call_later(PAGE_S, self._events.put_nowait, Cancelled())

    # Events.

    async def _next_event(self) -> Event:
        loop = asyncio.get_running_loop()
        deadline = self._setup.deadline
        look_at = loop.time() + GUESTS_POLL_S if self._setup.is_open else None
        try:
            async with asyncio.timeout_at(min(filter(None, (deadline, look_at)))):
                event = await self._events.get()
        except TimeoutError:
            if deadline and loop.time() >= deadline:
                return Tick()
            return await self._look_for_guests()
        return event.result() if isinstance(event, asyncio.Task) else event

    async def _look_for_guests(self) -> Event:
        if not await self._radio.is_open():
            return Lost()
        if self._until_online and self._setup.step is Step.OPEN and (await self._radio.link()).network:
            return Cancelled()
        visited = asyncio.get_running_loop().time() < self._visited_at + VISIT_S
        try:
            count = self._count_stations(self._interface)
        except OSError as error:  # then only requests of the page count
            _LOGGER.debug("no list of the guests: %s", error)
            count = 0
        return Guests(max(count, int(visited)))

    async def _handle(self, event: Event) -> None:
        for effect in self._setup.handle(event, asyncio.get_running_loop().time()):
            match effect:
                case Open(scan):
                    await self._begin(self._open(scan))
                case Join(choice):
                    await self._begin(self._join(choice))
                case Close(restore):
                    await self._end_work()
                    await self._close(restore)
                case Report():
                    await self._emit(effect)
        self._show()

    # What the radio does.

    async def _begin(self, work: Coroutine[Any, Any, Event]) -> None:
        await self._end_work()
        self._work = asyncio.create_task(work)
        self._work.add_done_callback(self._done)

    async def _end_work(self) -> None:
        if self._work:
            self._work.cancel()
            await asyncio.wait([self._work])

    def _done(self, work: asyncio.Task[Event]) -> None:
        if not work.cancelled():
            self._events.put_nowait(work)

    async def _open(self, scan: bool) -> Event:
        try:
            if scan:
                networks = await self._radio.scan(times=2)
                self._nearby = tuple(
                    Nearby(network.ssid, network.strength, network.security) for network in networks[:MAX_NETWORKS]
                )
                self._interface = await self._radio.interface()
            self._hotspot = await self._radio.open(self._hotspot)
            for unit in self._units:
                await self._systemd.start(unit)
        except HostError as error:
            return OpeningFailed(str(error))
        return Opened()

    async def _join(self, choice: Choice) -> Event:
        await asyncio.sleep(PAGE_S)
        try:
            await self._radio.join(choice)
        except HostError as error:
            _LOGGER.info("not joined: %s", error)
            return JoiningFailed(Failure(error.kind))
        return Joined()

    async def _close(self, restore: bool) -> None:
        steps = [*(self._systemd.stop(unit) for unit in self._units), self._radio.close(restore=restore)]
        for step in steps:
            try:
                await step
            except HostError as error:  # the next step is all the more important
                _LOGGER.warning("end of the wifi setup: %s", error)

    # What is reported and shown.

    async def _emit(self, report: Report) -> None:
        setup, ssid = self._setup, self._tried_name
        match report:
            case Report.UP:
                shown = {"ssid": self._hotspot.ssid, "password": self._hotspot.password, "address": ADDRESS}
                await self._report(topics.WIFI_AP_UP, **shown, lang=self._lang)
            case Report.GUEST_JOINED:
                await self._report(topics.WIFI_AP_DEVICE_CONNECTED)
            case Report.GUEST_LEFT:
                await self._report(topics.WIFI_AP_DEVICE_DISCONNECTED)
            case Report.TRYING:
                await self._report(topics.WIFI_AP_CONNECTING, ssid=ssid)
            case Report.FAILED:
                failure = setup.failure or Failure.OTHER
                await self._report(
                    topics.WIFI_AP_CONNECTION_FAILED, ssid=ssid, reason=failure.value, error=failure.words
                )
            case Report.CONNECTED:
                await self._report(topics.WIFI_AP_CONNECTION_SUCCESS, ssid=ssid)
            case Report.DOWN:
                await self._report(topics.WIFI_AP_DOWN)
                await self._report_end_to_ovos()
            case Report.ERROR:
                await self._report(topics.WIFI_AP_ERROR, error=setup.error)
                await self._report_end_to_ovos()

    async def _report_end_to_ovos(self) -> None:
        """Reports the end as OVOS expects it, which may have started the setup."""
        if self._setup.joined:
            await self._report(topics.WIFI_SETUP_COMPLETED)
            await self._report(topics.WIFI_PLUGIN_REMOVE_ACTIVE, client=CLIENT)
        else:
            await self._report(topics.WIFI_PLUGIN_SETUP_FAILURE, client=CLIENT)

    @property
    def _tried_name(self) -> str | None:
        return self._setup.choice.name if self._setup.choice else None

    def _show(self) -> None:
        """Updates the snapshot."""
        setup = self._setup
        now = Snapshot(
            self._snapshot.revision,
            Phase.OVER if self._over else _phase(setup),
            self._hotspot.ssid,
            self._nearby,
            setup.choice.ssid if setup.choice else None,
            setup.failure,
        )
        if now != self._snapshot:
            self._snapshot = msgspec.structs.replace(now, revision=now.revision + 1)
            self._changed.set()
            self._changed = asyncio.Event()


def _phase(setup: Setup) -> Phase:
    if setup.step is Step.TRYING:
        return Phase.TRYING
    if setup.step is Step.CLOSED:
        return Phase.CONNECTED if setup.joined else Phase.OVER
    return Phase.CHOOSING
