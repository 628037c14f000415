"""The wifi setup on the face and by voice: what to join, what to open, and what has come of it."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bus.client.dispatch import Dispatcher, Handler
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from enclosure import artwork
from enclosure.display import Bitmap
from enclosure.handlers.activity import ActivityHandler
from enclosure.handlers.session import SOURCE
from enclosure.ports import Display
from enclosure.router import Report
from enclosure.wifi_words import address_in, reason_in, spelled, words_of

OPENING_S = 100.0
"""How long a setup may take to open the access point: two scans and 0.5 s; admin gives up after 90 s."""

REPEAT_S = 45.0
"""How often an instruction is said; as in mycroft-wifi-setup."""

REPEATS = 7
"""How often it is said again. mycroft-wifi-setup closed after 5 min; a setup without a timeout stays open all
night."""

CONNECTED, FAILED, NOT_CONNECTED = "WI-FI OK", "WI-FI FAILED", "NO NETWORK"

_REASONS = {
    "wrong-password": "WRONG PASSWORD",
    "maybe-wrong-password": "WRONG PASSWORD?",
    "not-found": "NOT FOUND",
    "no-answer": "NO ANSWER",
    "no-address": "NO ADDRESS",
}


class WifiHandler:
    """Shows and says the instructions of a setup, which the admin service reports."""

    def __init__(
        self,
        display: Display,
        activity: ActivityHandler,
        dispatcher: Dispatcher,
        report: Report,
        *,
        has_menu: bool,
    ) -> None:
        self._has_menu = has_menu
        self._display = display
        self._activity = activity
        self._dispatcher = dispatcher
        self._report = report
        self._words = words_of(None)
        self._step: Topic | None = None
        """The last message about the setup that is shown; None without a setup."""
        self._join: tuple[str, str] | None = None
        """What is shown and said while no phone is there; None where nothing is to be joined."""
        self._address = ""
        self._timer: asyncio.TimerHandle | None = None
        self._steps: Mapping[Topic, Handler] = {
            topics.WIFI_AP_UP: self._on_up,
            topics.WIFI_AP_DEVICE_CONNECTED: self._on_guest,
            topics.WIFI_AP_DEVICE_DISCONNECTED: self._on_no_guest,
            topics.WIFI_AP_CONNECTING: self._on_connecting,
            topics.WIFI_AP_CONNECTION_FAILED: self._on_connection_failed,
        }
        for topic in self._steps:
            dispatcher.on(topic, partial(self._on_step, topic))
        for topic, handler in (
            (topics.WIFI_SETUP, self._on_setup),
            (topics.WIFI_AP_CONNECTION_SUCCESS, self._on_success),
            (topics.WIFI_AP_DOWN, self._on_down),
            (topics.WIFI_AP_ERROR, self._on_error),
            (topics.WIFI_NOT_CONNECTED, self._on_not_connected),
        ):
            dispatcher.on(topic, handler)
        dispatcher.on(Topic(f"{topics.WIFI_SETUP.name}.failed", "The setup has failed."), self._on_setup_failed)
        dispatcher.on(topics.DENIED, self._on_denied)

    async def follow(self, reports: Sequence[Message]) -> None:
        """Shows a setup that is under way, from its first and its last report, unless it is shown already."""
        if not reports:
            if self._step != topics.WIFI_SETUP:
                self._open()
            return
        steps = {step.name for step in self._steps}
        last = reports[-1].msg_type
        if last in steps and (self._step is None or last != self._step.name):
            for report in reports if self._is_opening else reports[-1:]:
                if report.msg_type in steps:
                    await self._dispatcher(report)

    def stop(self) -> None:
        """Ends what is shown of a setup of the admin service that has ended without a report."""
        if self._join:
            self._end()

    @property
    def _is_opening(self) -> bool:
        """Whether no access point has been reported yet."""
        return self._step in (None, topics.WIFI_SETUP)

    async def _on_setup(self, _: Message, **__: object) -> None:
        if self._is_opening:
            self._open()

    def _open(self) -> None:
        self._step = topics.WIFI_SETUP
        self._show(artwork.WIFI)
        self._timer = asyncio.get_running_loop().call_later(OPENING_S, self._fail)

    async def _on_setup_failed(self, _: Message) -> None:
        """A request was refused; a setup that has begun has reported its end before."""
        if self._step == topics.WIFI_SETUP:
            self._fail()

    async def _on_denied(self, _: Message, type: str, **__: object) -> None:  # noqa: A002  # as in the message
        """Reports that our own request was not relayed; a setup of another program goes on."""
        if type == topics.WIFI_SETUP.name:
            self._display.notify(FAILED)

    async def _on_step(self, step: Topic, message: Message, **fields: Any) -> None:
        self._step = step
        await self._steps[step](message, **fields)

    async def _on_up(
        self, _: Message, *, ssid: str | None, password: str | None, address: str | None, lang: str | None
    ) -> None:
        self._words = words_of(lang)
        self._address = address or ""
        if ssid is None:  # mycroft-wifi-setup reports no fields
            self._show(artwork.WIFI)
            return
        if password:
            shown = f"{ssid} {password}"
            said = self._words.join.format(ssid=ssid, password=spelled(self._words, password))
        else:
            shown, said = ssid, self._words.join_open.format(ssid=ssid)
        self._join = shown, said
        self._instruct(shown, said)

    async def _on_guest(self, _: Message) -> None:
        if self._address:
            said = self._words.page.format(address=address_in(self._words, self._address))
            self._instruct(self._address, said)

    async def _on_no_guest(self, _: Message) -> None:
        if self._join:
            shown, said = self._join
            self._instruct(shown, f"{self._words.left} {said}", again=said)

    async def _on_connecting(self, _: Message, ssid: str | None) -> None:
        self._show(artwork.WIFI_JOINING)
        self._say(self._words.trying.format(ssid=ssid))

    async def _on_connection_failed(
        self, _: Message, *, ssid: str | None, reason: str | None, **__: object
    ) -> None:
        self._show(artwork.WIFI)
        self._display.notify(_REASONS.get(reason or "", FAILED))
        self._say(self._words.failed.format(ssid=ssid, reason=reason_in(self._words, reason)))

    async def _on_success(self, _: Message, ssid: str | None) -> None:
        self._end()
        self._display.notify(CONNECTED)
        self._say(self._words.done.format(ssid=ssid))

    async def _on_down(self, _: Message) -> None:
        if self._join:
            self._say(self._words.over)
        self._end()

    async def _on_error(self, _: Message, **__: object) -> None:
        self._fail()
        self._say(self._words.error)

    async def _on_not_connected(self, _: Message, *, known: bool, lang: str | None) -> None:
        if self._step:
            return  # the user is setting it up
        self._words = words_of(lang)
        if not known:
            self._say(self._words.introduction)  # of the setup that follows
            return
        self._display.notify(NOT_CONNECTED)
        self._say(self._words.offline_with_menu if self._has_menu else self._words.offline)

    def _fail(self) -> None:
        self._end()
        self._display.notify(FAILED)

    def _instruct(self, shown: str, said: str, again: str = "") -> None:
        """Shows a text and says a sentence, now and every REPEAT_S."""
        self._show(shown)
        self._repeat(said, again or said, REPEATS)

    def _repeat(self, said: str, again: str, times: int) -> None:
        self._say(said)
        if times:
            repeat = partial(self._repeat, again, again, times - 1)
            self._timer = asyncio.get_running_loop().call_later(REPEAT_S, repeat)

    def _show(self, shown: str | Bitmap | None) -> None:
        """Shows a text or picture until the next one; ends the instruction that is repeated."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._activity.change(wifi_setup=not self._is_opening, wifi_shown=shown)

    def _end(self) -> None:
        self._step = self._join = None
        self._show(None)

    def _say(self, sentence: str) -> None:
        self._report(
            Message(topics.SPEAK.name, {"utterance": sentence, "lang": self._words.lang}, {"source": SOURCE})
        )
