"""Follows the admin service: what the display shows of a change ends with it, also if its end is not reported."""

import asyncio
from collections.abc import Callable
from typing import Any

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.message import Message
from enclosure.handlers.activity import ActivityHandler
from enclosure.handlers.leaving import LeavingHandler
from enclosure.handlers.session import SOURCE
from enclosure.handlers.wifi import WifiHandler
from enclosure.router import Report

ASK_S = 10.0
"""How often the admin service is asked while something of it is shown, and how long it may take to answer."""

_FOLLOWED = frozenset({topics.WIFI_SETUP.name, topics.UPDATE.name, topics.FACTORY_RESET.name})


class AdminHandler:
    """Asks the admin service what is under way, as long as a wifi setup, an update or a factory reset is.

    The report of an end is lost if the admin service is killed, or if the bus restarts at that moment; that of a
    beginning, if this daemon starts after it.
    """

    def __init__(
        self,
        activity: ActivityHandler,
        leaving: LeavingHandler,
        wifi: WifiHandler,
        dispatcher: Dispatcher,
        report: Report,
    ) -> None:
        self._activity = activity
        self._leaving = leaving
        self._report = report
        self._wifi = wifi
        self._followed: frozenset[str] = frozenset()
        """The requests that are under way, as the last answer says."""
        self._timer: asyncio.TimerHandle | None = None
        dispatcher.on(topics.CONNECTED, self._on_connected)
        for topic in (
            *(topics.WIFI_SETUP, topics.WIFI_AP_UP),
            *(topics.UPDATE_PROCESSING, topics.FACTORY_RESET_START),
        ):
            dispatcher.on(topic, self._on_beginning)
        dispatcher.on(topics.SYSTEM_STATUS_RESPONSE, self._on_status)

    async def _on_connected(self, _: Message) -> None:
        self._ask()

    async def _on_beginning(self, _: Message, **__: object) -> None:
        if not self._followed:
            self._ask()

    def _ask(self) -> None:
        self._after(ASK_S, self._give_up)
        question = Message(topics.SYSTEM_STATUS.name, {}, {"source": SOURCE})
        self._report(question, self._stop_waiting)  # without the bus, until it is there again

    async def _on_status(self, _: Message, under_way: dict[str, Any]) -> None:
        self._stop_waiting()
        before, self._followed = self._followed, _FOLLOWED & under_way.keys()
        if self._followed:
            self._after(ASK_S, self._ask)
        if topics.WIFI_SETUP.name in self._followed:
            await self._wifi.follow(_messages(under_way[topics.WIFI_SETUP.name]))
        else:
            self._wifi.stop()
        if topics.UPDATE.name in before - self._followed:
            self._end_update()
        if topics.UPDATE.name in self._followed and not self._activity.current.updating:
            self._activity.apply(topics.UPDATE_PROCESSING)  # its progress is reported soon
        if topics.FACTORY_RESET.name in self._followed and self._activity.current.leaving:
            self._leaving.leave(topics.FACTORY_RESET_START)  # it may take minutes

    def _give_up(self) -> None:
        """Without an answer, ends what is known to be of the admin service, and not of a program of Mycroft's."""
        if topics.WIFI_SETUP.name in self._followed:
            self._wifi.stop()
        if topics.UPDATE.name in self._followed:
            self._end_update()
        self._followed = frozenset()

    def _end_update(self) -> None:
        self._activity.change(updating=False)

    def _after(self, delay_s: float, act: Callable[[], None]) -> None:
        self._stop_waiting()
        self._timer = asyncio.get_running_loop().call_later(delay_s, act)

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _messages(reports: object) -> list[Message]:
    """The reports of a change in a status, as messages; malformed ones are left out."""
    found = reports if isinstance(reports, list) else []
    return [
        Message(report["type"], report["data"])
        for report in found
        if isinstance(report, dict)
        and isinstance(report.get("type"), str)
        and isinstance(report.get("data"), dict)
    ]
