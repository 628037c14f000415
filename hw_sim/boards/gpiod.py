"""A GPIO chip behind the names of libgpiod's Python module, as far as its users need them.

Written from what libgpiod 2.2 and Debian 13's kernel do on a simulated chip: active_low makes a press RISING, a
level is reported once it has lasted for the debounce period, a taken line is EBUSY, a chip that has gone is
ENODEV. Of more events than the buffer holds, the latest stay.
"""

import asyncio
import errno
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self


class Direction(Enum):
    AS_IS = auto()
    INPUT = auto()
    OUTPUT = auto()


class EdgeDetection(Enum):
    NONE = auto()
    RISING = auto()
    FALLING = auto()
    BOTH = auto()


class Bias(Enum):
    AS_IS = auto()
    DISABLED = auto()
    PULL_UP = auto()
    PULL_DOWN = auto()


class Value(Enum):
    INACTIVE = 0
    ACTIVE = 1


class EventType(Enum):
    RISING_EDGE = auto()
    FALLING_EDGE = auto()


@dataclass
class LineSettings:
    direction: Direction = Direction.AS_IS
    edge_detection: EdgeDetection = EdgeDetection.NONE
    bias: Bias = Bias.AS_IS
    active_low: bool = False
    debounce_period: timedelta = timedelta()
    output_value: Value = Value.INACTIVE


@dataclass(frozen=True)
class EdgeEvent:
    line_offset: int
    event_type: EventType
    timestamp_ns: int
    line_seqno: int
    Type = EventType


@dataclass(eq=False)
class _Line:
    """One line of the chip: what is wired to it, and which program uses it."""

    driven: bool | None = None
    """Level that a contact gives it; None while it is open."""
    output: bool = False
    """Level that its user drives."""
    consumer: str = ""
    settings: LineSettings = field(default_factory=LineSettings)
    request: "LineRequest | None" = None
    reported: bool = False
    """Whether it was active at the last report, after debouncing."""
    debouncing: asyncio.TimerHandle | None = None
    edges: int = 0

    @property
    def level(self) -> bool:
        if self.settings.direction is Direction.OUTPUT:
            return self.output
        if self.driven is not None:
            return self.driven
        return self.settings.bias is Bias.PULL_UP

    @property
    def active(self) -> bool:
        return self.level != self.settings.active_low


class LineRequest:
    """Lines that a program uses. `fd` is readable while there are events, and hung up once the chip is gone."""

    def __init__(self, gpio: "Gpio", offsets: Sequence[int], buffer: int | None) -> None:
        self._gpio = gpio
        self._offsets = offsets
        self._events: deque[EdgeEvent] = deque(maxlen=buffer or 16 * len(offsets))
        self.fd, self._wake = os.pipe()
        self._gone = False

    def get_values(self, lines: Sequence[int]) -> list[Value]:
        self._check()
        return [Value(self._gpio.lines[line].active) for line in lines]

    def set_value(self, line: int, value: Value) -> None:
        self._check()
        settings = self._gpio.lines[line].settings
        self._gpio.output(line, bool(value.value) != settings.active_low)

    def wait_edge_events(self, timeout: timedelta) -> bool:
        assert not timeout, "the fake does not wait"
        return self._gone or bool(self._events)

    def read_edge_events(self, max_events: int) -> list[EdgeEvent]:
        self._check()
        events = [self._events.popleft() for _ in range(min(max_events, len(self._events)))]
        if not self._events:
            os.read(self.fd, 1)
        return events

    def release(self) -> None:
        for offset in self._offsets:
            line = self._gpio.lines[offset]
            if line.request is self:
                line.request, line.consumer = None, ""
        os.close(self.fd)
        if not self._gone:
            os.close(self._wake)

    def report(self, event: EdgeEvent) -> None:
        """Adds an event, as the kernel does."""
        if not self._events:
            os.write(self._wake, b"!")
        self._events.append(event)

    def hang_up(self) -> None:
        """The chip goes away."""
        self._gone = True
        os.close(self._wake)

    def _check(self) -> None:
        if self._gone:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))


class Gpio:
    """One chip. `module` goes where a program imports gpiod from, `folder` where it looks for /dev."""

    def __init__(self, folder: Path, clock: Callable[[], float], label: str = "pinctrl-bcm2835") -> None:
        self._folder = folder
        self._clock = clock
        self._label = label
        self._path: Path | None = None
        self.on_output: Callable[[int, bool], None] = lambda _line, _level: None
        """Called when a program drives a line."""
        self.lines = [_Line() for _ in range(54)]
        self.plug_in()
        line = SimpleNamespace(Direction=Direction, Edge=EdgeDetection, Bias=Bias, Value=Value)
        self.module: Any = SimpleNamespace(
            Chip=lambda path: _Chip(self, path), LineSettings=LineSettings, line=line, request_lines=self._request
        )

    def plug_in(self, number: int = 0) -> None:
        """The chip comes, perhaps under another number."""
        self._path = self._folder / f"gpiochip{number}"
        self._path.touch()

    @property
    def present(self) -> bool:
        """Whether the chip is there."""
        return self._path is not None

    def pull_out(self) -> None:
        """The chip goes away, and all its lines with it."""
        assert self._path is not None
        self._path.unlink()
        self._path = None
        for request in {line.request for line in self.lines if line.request is not None}:
            request.hang_up()
        for line in self.lines:
            line.request, line.consumer, line.reported, line.settings = None, "", False, LineSettings()

    def take(self, offset: int, consumer: str) -> None:
        """Another program takes a line, or gives it back if the name is empty."""
        self.lines[offset].consumer = consumer

    def drive(self, offset: int, level: bool | None) -> None:
        """A contact pulls a line high or low, or opens."""
        line = self.lines[offset]
        line.driven = level
        if line.request is None or line.settings.edge_detection is not EdgeDetection.BOTH:
            return
        if line.debouncing is not None:
            line.debouncing.cancel()
            line.debouncing = None
        if line.active == line.reported:
            return
        if period_s := line.settings.debounce_period.total_seconds():
            line.debouncing = asyncio.get_running_loop().call_later(period_s, self._report, offset)
        else:
            self._report(offset)

    def press(self, offset: int) -> None:
        """A button pulls its line to ground."""
        self.drive(offset, False)

    def release(self, offset: int) -> None:
        """The button opens."""
        self.drive(offset, None)

    def _report(self, offset: int) -> None:
        line = self.lines[offset]
        if line.request is None:
            return
        line.debouncing = None
        line.reported = line.active
        line.edges += 1
        kind = EventType.RISING_EDGE if line.reported else EventType.FALLING_EDGE
        line.request.report(EdgeEvent(offset, kind, int(self._clock() * 1e9), line.edges))

    def output(self, offset: int, level: bool) -> None:
        """The program that has a line drives it."""
        self.lines[offset].output = level
        self.on_output(offset, level)

    def find(self, path: str) -> None:
        """Raises FileNotFoundError if the chip has another path, or none."""
        if self._path is None or Path(path) != self._path:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def info(self) -> Any:
        """What a program can ask of the chip."""
        return SimpleNamespace(label=self._label, num_lines=len(self.lines))

    def _request(
        self, path: str, *, consumer: str, event_buffer_size: int | None, config: Mapping[int, LineSettings]
    ) -> LineRequest:
        self.find(path)
        for offset in config:
            if offset >= len(self.lines):
                raise ValueError(f"there is no line {offset}")
            if self.lines[offset].consumer:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        request = LineRequest(self, list(config), event_buffer_size)
        for offset, settings in config.items():
            line = self.lines[offset]
            line.request, line.consumer, line.settings = request, consumer, settings
            line.reported = line.active
            if settings.direction is Direction.OUTPUT:
                line.output = bool(settings.output_value.value) != settings.active_low
        return request


class _Chip:
    def __init__(self, gpio: Gpio, path: str) -> None:
        gpio.find(path)
        self._gpio = gpio

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_info(self) -> Any:
        return self._gpio.info()

    def get_line_info(self, offset: int) -> Any:
        consumer = self._gpio.lines[offset].consumer
        return SimpleNamespace(offset=offset, used=bool(consumer), consumer=consumer)
