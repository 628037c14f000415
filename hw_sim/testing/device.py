"""A device with its bus and its daemons, for the tests of a skill."""

import asyncio
import contextlib
import tempfile
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from admin.app import admin_on
from admin.config import AdminSettings
from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message, render
from bus.server.listener import Server
from enclosure.app import Enclosure
from enclosure.board import Profile
from enclosure.config import VolumeSettings
from enclosure.parts import controls_of, display_of
from enclosure.state import SavedState
from hw_sim.testing.card import Card
from hw_sim.testing.host import RecordedHost
from hw_sim.testing.thread import LoopThread

TIMEOUT_S = 10.0
"""How long the device may take for what a test waits for, where the test does not say."""

MAX_MESSAGES = 10_000
"""Messages that are kept; a test needs some dozens."""

ASK_AGAIN_S = 0.02
"""A question that comes before its receiver is lost: the bus keeps nothing."""

QUESTIONS = ("mycroft.volume.get", "system.ssh.status")
"""The daemons are there when each of these has an answer."""


_NAME = "mycroft-sim"
"""Source of our own questions, which the test does not see."""


class Host:
    """What the device asked of the machine that it runs on. Nothing of it is done."""

    def __init__(self, thread: LoopThread, recorded: RecordedHost) -> None:
        self._thread = thread
        self._recorded = recorded

    @property
    def calls(self) -> list[str]:
        """The calls so far, such as "Reboot", "PowerOff" or "StartUnit mycroft-ssh-enable.service"."""
        return self._thread.call(lambda: list(self._recorded.calls))

    @property
    def ssh(self) -> bool:
        """Whether ssh is enabled."""
        return self._recorded.ssh

    def hang(self) -> None:
        """No service of it answers, until `resume`; a call fails after 25 s."""
        self._thread.call(self._recorded.answers.clear)

    def resume(self) -> None:
        """Its services answer again, also calls that still wait."""
        self._thread.call(self._recorded.answers.set)

    def wait_for(self, call: str, timeout: float = TIMEOUT_S) -> None:
        """Waits until the device has asked for `call`. Raises AssertionError."""
        __tracebackhide__ = True
        try:
            self._thread.until(lambda: call in self._recorded.calls, timeout)
        except TimeoutError:
            came = ", ".join(self._recorded.calls) or "nothing"
            raise AssertionError(
                f"the host was not asked for {call!r} within {timeout:g} s, but for: {came}"
            ) from None


class Sound:
    """The sound card of the device, or its amplifier."""

    def __init__(self, thread: LoopThread, card: Card) -> None:
        self._thread = thread
        self._card = card

    @property
    def percent(self) -> int:
        """The level of the card; the Mark 1 uses up to 83."""
        return self._thread.call(lambda: self._card.level.percent)

    @property
    def muted(self) -> bool:
        """Whether the card is muted."""
        return self._thread.call(lambda: self._card.level.muted)

    def set(self, percent: int) -> None:
        """Has another program set the level."""
        self._thread.call(lambda: self._card.turn_to(percent))

    def remove(self) -> None:
        """Takes the card away."""
        self._thread.call(lambda: self._card.plug(False))

    def insert(self) -> None:
        """Brings the card back."""
        self._thread.call(lambda: self._card.plug(True))


class SimulatedDevice(ABC):
    """A device whose bus, enclosure and admin service run in a thread. Use as a context manager.

    All its methods may be called from any other thread, and return when what they do is done.
    """

    def __init__(self, profile: Profile, card: Card) -> None:
        self.profile = profile
        """Its board."""
        self.thread = LoopThread(self.running)
        """What runs it."""
        self.card = card
        """What `sound` moves, for the event loop of the device."""
        self.recorded = RecordedHost()
        """What `host` looks at, likewise."""
        self._messages: deque[Message] = deque(maxlen=MAX_MESSAGES)
        self._missing: set[str] = set()
        """Types of the answers that `_until_they_answer` waits for."""
        self._taken: dict[str, int] = {}
        """By type: how many of its messages `wait_for` has returned."""
        self._client: BusClient
        self._server: Server
        self._url = ""
        self.host = Host(self.thread, self.recorded)
        """The machine that the device runs on."""
        self.sound = Sound(self.thread, self.card)
        """Its sound card, or its amplifier."""

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.stop()

    @property
    def bus_url(self) -> str:
        """Where clients connect to, such as "ws://127.0.0.1:43541/core"."""
        return self._url

    @property
    def bus_port(self) -> int:
        """The port of the bus on 127.0.0.1."""
        return int(self.bus_url.split(":")[2].partition("/")[0])

    @property
    def messages(self) -> list[Message]:
        """The messages on the bus since the device was ready, those of the test too."""
        return self.thread.call(lambda: list(self._messages))

    def send(
        self, msg_type: str, data: Mapping[str, Any] | None = None, context: Mapping[str, Any] | None = None
    ) -> None:
        """Sends a message over the bus."""
        self.thread.run(self._client.emit(Message(msg_type, dict(data or {}), dict(context or {}))))

    def wait_for(self, msg_type: str, timeout: float = TIMEOUT_S) -> Message:
        """Waits for a message, and returns it. Each message is returned once, also if it came before the call.

        Raises AssertionError, with what came instead.
        """
        __tracebackhide__ = True

        def found() -> Message | None:
            those = [message for message in self._messages if message.msg_type == msg_type]
            taken = self._taken.get(msg_type, 0)
            return those[taken] if len(those) > taken else None

        try:
            message = self.thread.until(found, timeout)
        except TimeoutError:
            again = f" after the {self._taken[msg_type]} before" if msg_type in self._taken else ""
            raise AssertionError(f"no {msg_type} within {timeout:g} s{again}; {_listed(self.messages)}") from None
        self._taken[msg_type] = self._taken.get(msg_type, 0) + 1
        return message

    def restart_bus(self) -> None:
        """Ends the bus, and starts it again on its port; returns when the daemons of the device are back."""
        self.thread.run(self._restart_bus())

    # The rest.

    @abstractmethod
    async def _hardware(self, stack: AsyncExitStack, folder: Path) -> str | None:
        """Starts the hardware, until the stack is left; returns the path of its serial port."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether the device looks as it does at rest."""

    @contextlib.asynccontextmanager
    async def running(self, bus_port: int = 0) -> AsyncIterator[None]:
        # Also without the thread, in the event loop of `hw_sim.one_process`; tests have no use for it.
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mycroft-sim-")))
            await self._start_bus(bus_port)
            stack.push_async_callback(self._stop_bus)
            url = self._url
            serial_port = await self._hardware(stack, folder)
            self._client = BusClient(url)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            group.create_task(self._enclosure(url, serial_port, folder))
            group.create_task(admin_on(BusClient(url), self.recorded, folder, AdminSettings(), "en-us"))
            group.create_task(self._client.run(self._receive))
            await self._until_ready()
            yield

    async def _start_bus(self, port: int) -> None:
        self._server = Server(WebSocketSettings(host="127.0.0.1", port=port), BusSettings())
        await self._server.__aenter__()
        self._url = self._server.url

    async def _stop_bus(self) -> None:
        await self._server.__aexit__()

    async def _restart_bus(self) -> None:
        await self._stop_bus()
        await self._start_bus(self.bus_port)
        await self._until_they_answer()

    async def _enclosure(self, url: str, serial_port: str | None, folder: Path) -> None:
        profile, settings = self.profile, VolumeSettings()
        await Enclosure(
            BusClient(url),
            display_of(profile, serial_port, profile.serial_rate),
            self.card.mixer(profile),
            profile=profile,
            settings=settings,
            saved=SavedState(folder / "state.json"),
            make_controls=controls_of(profile),
        ).run()

    async def _receive(self, message: Message) -> None:
        if _NAME in (message.context.get("source"), message.context.get("destination")):
            self._missing.discard(message.msg_type)
        else:
            self._messages.append(message)

    async def _until_ready(self) -> None:
        # There is no assistant that would say so; the eyes would spin for two minutes.
        await self._client.emit(Message("mycroft.ready"))
        await self._until_they_answer()
        while not self._is_ready():  # noqa: ASYNC110  # lights emit no signal
            await asyncio.sleep(ASK_AGAIN_S)
        self._messages.clear()

    async def _until_they_answer(self) -> None:
        self._missing = {f"{question}.response" for question in QUESTIONS}
        while self._missing:
            for question in QUESTIONS:
                await self._client.emit(Message(question, {}, {"source": _NAME}))
            await asyncio.sleep(ASK_AGAIN_S)


def _listed(messages: Iterable[Message]) -> str:
    """What came, for an error."""
    lines = [f"  {render(message)}" for message in messages]
    return "\n".join(("these came:", *lines)) if lines else "nothing came"
