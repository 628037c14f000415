"""The page's side of the simulator: what it shows, and what its requests do. No sockets.

The page and the simulator exchange JSON objects.

From the simulator, each object holds the parts of the page's state that have changed, by key; a part replaces
the one before. The first object holds all of them:

- ``board``: {"name", "face", "lights", "full", "buttons", "encoders", "switches", "amplifier"}, what there is to
  draw: how many lights, the brightest part of their colours, whether an amplifier is in the place of a sound card
- ``eyes``, ``mouth``, ``plugged`` of a Mark 1; ``lights``, ``muted``, ``lines``, ``chips`` of another board. A
  colour is "rrggbb"; a row of the mouth has a "#" for each lit pixel and a "." for each dark one
- ``mixer``: {"percent", "muted"}, or null while the sound card or the amplifier is away
- ``host``: {"answers", "values": [[name, value]], "calls": [[time, text]]}
- ``faults``: [{"name", "text", "on", "momentary"}]
- ``scenes``: [{"name", "text"}], and ``scene``: the name of the one that plays, or ""

Other keys are not state: ``traffic`` and ``serial`` are lists of new entries, with how many were left out before
them in ``traffic_missed`` and ``serial_missed``; ``answer`` is {"type", "problems", "sent"} to a check or a send.

From the page, each object is a `hw_sim.inputs.Input`, such as ``{"do": "turn", "name": "knob", "detents": 1}``.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from bus.contract.lookup import problems
from bus.message import Message
from hw_sim.faults import Fault
from hw_sim.inputs import Check, Hand, Input, Play, Push, Release, Send, SwitchFault
from hw_sim.scenes import SCENES, Player

LOG_ENTRIES = 200
"""Entries of a log that are kept for a page that is behind, or is opened later."""

ENTRIES_A_FRAME = 20
"""Entries of a log that go to a page at a time; of a flood, a page misses some."""

MAX_TEXT = 200
MAX_ITEMS = 24
MAX_NODES = 200
"""What a shortened value may have: characters of a text, items of a list or object, and values in all."""


class Viewer(Protocol):
    """A board for the page: what it looks like, and hands on its controls."""

    changed: asyncio.Event
    """Set whenever it looks different."""

    @property
    def board(self) -> dict[str, Any]:
        """What there is to draw."""

    def state(self) -> dict[str, object]:
        """What it looks like now."""

    def do(self, hand: Hand) -> None:
        """Moves a control. Raises ValueError for one that it has not."""


class Log:
    """The latest entries of what goes on, numbered from 0."""

    def __init__(self) -> None:
        self.end = 0
        """Number of the next entry."""
        self._entries: deque[object] = deque(maxlen=LOG_ENTRIES)

    def add(self, entry: object) -> None:
        """Adds an entry; the oldest one goes."""
        self._entries.append(entry)
        self.end += 1

    def since(self, number: int) -> tuple[list[object], int]:
        """The next few entries from a number on, and how many before them have gone."""
        first = max(number, self.begin)
        start = first - self.begin
        return list(islice(self._entries, start, start + ENTRIES_A_FRAME)), first - number

    @property
    def begin(self) -> int:
        """Number of the oldest entry that is kept."""
        return self.end - len(self._entries)


@dataclass(slots=True)
class Panel:
    """All that the page shows. `notify` makes the open pages look at it."""

    viewer: Viewer
    faults: Sequence[Fault] = ()
    player: Player | None = None
    send: Callable[[Message], None] = lambda _: None
    mixer: dict[str, object] | None = None
    host: dict[str, object] | None = None
    traffic: Log = field(default_factory=Log)
    serial: Log = field(default_factory=Log)
    pages: set["Page"] = field(default_factory=set)

    def notify(self) -> None:
        """Something may have changed."""
        for page in self.pages:
            page.changed.set()

    async def watch(self) -> None:
        """Notifies whenever the board looks different, until cancelled."""
        while True:
            await self.viewer.changed.wait()
            self.viewer.changed.clear()
            self.notify()

    def state(self) -> dict[str, object]:
        """All that is to be seen, but for the logs."""
        return {
            "board": self.viewer.board,
            "mixer": self.mixer,
            **self.viewer.state(),
            "host": self.host,
            "faults": [fault.state() for fault in self.faults],
            "scenes": [{"name": scene.name, "text": scene.text} for scene in SCENES],
            "scene": self.player.playing if self.player else "",
        }

    def message(self, time: str, message: Message) -> None:
        """Adds a message of the bus to the traffic."""
        data, context = shortened(message.data), shortened(message.context)
        self.traffic.add({"time": time, "type": cut(message.msg_type), "data": data, "context": context})
        self.notify()


class Page:
    """One open page: what it has been shown, and which buttons it holds down."""

    def __init__(self, panel: Panel) -> None:
        self.changed = asyncio.Event()
        """Set when there may be something new to show."""
        self._panel = panel
        self._shown: dict[str, object] = {}
        self._read = {"traffic": panel.traffic.begin, "serial": panel.serial.begin}
        self._down: set[str] = set()
        self._answer: dict[str, object] | None = None

    def news(self) -> dict[str, object]:
        """What has changed since the last call; empty for nothing."""
        state = self._panel.state()
        news = {key: value for key, value in state.items() if key not in self._shown or self._shown[key] != value}
        self._shown = state
        for name, log in (("traffic", self._panel.traffic), ("serial", self._panel.serial)):
            entries, missed = log.since(self._read[name])
            self._read[name] += missed + len(entries)
            if entries:
                news[name] = entries
            if missed:
                news[f"{name}_missed"] = missed
            if self._read[name] < log.end:
                self.changed.set()
        if self._answer is not None:
            news["answer"], self._answer = self._answer, None
        return news

    def do(self, wanted: Input) -> None:
        """Does what the page asks for. Raises ValueError where there is no such thing."""
        panel = self._panel
        match wanted:
            case Check():
                self._judge(wanted, sent=False)
            case Send():
                self._judge(wanted, sent=True)
                panel.send(Message(wanted.type, wanted.data))
            case SwitchFault(name, on):
                fault = next((fault for fault in panel.faults if fault.name == name), None)
                if fault is None:
                    raise ValueError(f"there is no fault {name}")
                fault.switch(on)
            case Play(scene):
                if panel.player is not None:
                    panel.player.play(scene)
            case _:
                panel.viewer.do(wanted)
                if isinstance(wanted, Push):
                    self._down.add(wanted.name)
                elif isinstance(wanted, Release):
                    self._down.discard(wanted.name)
        panel.notify()

    def close(self) -> None:
        """Lets go of the buttons that the page holds down."""
        for name in self._down:
            self._panel.viewer.do(Release(name))

    def _judge(self, wanted: Check | Send, *, sent: bool) -> None:
        found = [cut(problem) for problem in problems(wanted.type, wanted.data)]
        self._answer = {"type": wanted.type, "problems": found, "sent": sent}


def time_of_day() -> str:
    """The time for an entry of a log, to the millisecond."""
    return f"{datetime.now().astimezone():%H:%M:%S.%f}"[:-3]


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """A text of at most `limit` characters, and how many it had if it had more."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def shortened(value: object) -> object:
    """A JSON value of a bounded size: long texts, lists and objects are cut, and say so."""
    left = MAX_NODES

    def shorten(value: object) -> object:
        nonlocal left
        left -= 1
        if isinstance(value, str):
            return cut(value)
        if isinstance(value, dict | list) and value and left <= 0:
            return f"… ({len(value):,} values)"
        if isinstance(value, dict):
            found = {cut(key): shorten(inner) for key, inner in islice(value.items(), MAX_ITEMS)}
            return found | ({"…": f"{len(value) - MAX_ITEMS:,} more"} if len(value) > MAX_ITEMS else {})
        if isinstance(value, list):
            items = [shorten(inner) for inner in islice(value, MAX_ITEMS)]
            return items + ([f"… {len(value) - MAX_ITEMS:,} more"] if len(value) > MAX_ITEMS else [])
        return value

    return shorten(value)
