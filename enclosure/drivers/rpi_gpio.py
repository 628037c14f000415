"""RPi.GPIO: lines of the GPIO header, for machines without libgpiod.

Two packages have this module: RPi.GPIO itself, and rpi-lgpio with the same functions on the kernel's character
device. RPi.GPIO detects edges by numbers of /sys/class/gpio that the kernel has changed in 6.6; since then its
`add_event_detect` fails on every Raspberry Pi, and lines are polled here.
"""

import asyncio
import contextlib
import errno
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from enclosure.errors import BoardError
from enclosure.ports import Edge, InputLine

try:
    # rpi-lgpio makes a pipe in the working directory while it is imported; the daemon may only write to this one.
    with contextlib.chdir(os.environ.get("STATE_DIRECTORY", ".")):
        from RPi import GPIO
except RuntimeError as error:  # both raise it where there is no Raspberry Pi
    raise ImportError(f"RPi.GPIO: {error}") from error

POLL_S = 0.01
"""How often lines are read where edges cannot be detected."""

_LOGGER = logging.getLogger(__name__)

_LGPIO: Any = sys.modules.get("lgpio")
"""The library under rpi-lgpio, whose errors are of a kind of their own."""
_ERRORS = (RuntimeError, ValueError, OSError, *((_LGPIO.error,) if _LGPIO else ()))

_PULLS = {"up": GPIO.PUD_UP, "down": GPIO.PUD_DOWN, "off": GPIO.PUD_OFF}


class RpiGpioLines:
    """The Lines port on lines of the header.

    The two libraries debounce in different ways, and one loses short presses. So it is done here: a level counts
    once it has lasted. Where lines are polled, contacts may bounce no longer than that. The library has no
    timestamps of the kernel.
    """

    def __init__(self, lines: Mapping[str, InputLine]) -> None:
        self._lines = lines
        self._names = {line.offset: name for name, line in lines.items()}
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop while the lines are open."""
        self._detecting: list[int] = []
        """Lines whose edges are detected."""
        self._next_poll: asyncio.TimerHandle | None = None
        self._seen: dict[str, bool] = {}
        """Whether each line was active when it was last read."""
        self._reported: dict[str, bool] = {}
        """Whether each line is active, debounced."""
        self._settling: dict[str, asyncio.TimerHandle] = {}
        """What waits for a line to keep its level."""
        self._edges: list[Edge] = []
        self._error: BoardError | None = None
        self._warned = False
        """Whether the log has that edges are not detected."""
        self._readable = asyncio.Event()

    def open(self) -> Mapping[str, bool]:
        """Opens the lines; returns whether each is active. Raises BoardError."""
        self._loop = asyncio.get_running_loop()
        for line in self._lines.values():
            _set_up(line.offset, GPIO.IN, pull_up_down=_PULLS[line.pull])
        self._seen = {name: _active(line) for name, line in self._lines.items()}
        self._reported = dict(self._seen)
        if not self._detect():
            self._refuse_encoders()
            self._next_poll = self._loop.call_later(POLL_S, self._poll, self._loop)
        return dict(self._reported)

    async def wait(self) -> None:
        """Waits for edges, or for an error."""
        await self._readable.wait()

    def read(self) -> Sequence[Edge]:
        """Edges since the last call. Raises BoardError when lines cannot be read."""
        self._readable.clear()
        if self._error is not None:
            raise self._error
        edges, self._edges = self._edges, []
        return edges

    def close(self) -> None:
        """Releases the lines; may be called twice, and without `open`."""
        if self._loop is None:
            return
        self._loop = None
        if self._next_poll is not None:
            self._next_poll.cancel()
        for timer in self._settling.values():
            timer.cancel()
        self._settling, self._edges, self._error = {}, [], None
        self._readable.clear()
        with contextlib.suppress(*_ERRORS):  # of a chip that is gone
            self._undetect()
            GPIO.cleanup(list(self._names))

    def _detect(self) -> bool:
        """Whether edges can be detected, which then come to `_on_edge`."""
        try:
            for offset in self._names:
                GPIO.add_event_detect(offset, GPIO.BOTH, callback=self._on_edge)
                self._detecting.append(offset)
        except RuntimeError as error:
            self._undetect()
            _LOGGER.log(
                logging.DEBUG if self._warned else logging.WARNING,
                "RPi.GPIO detects no edges (%s), as on all kernels from 6.6 on: lines are read every %.0f ms",
                error,
                POLL_S * 1000,
            )
            self._warned = True
            return False
        return True

    def _undetect(self) -> None:
        while self._detecting:
            GPIO.remove_event_detect(self._detecting.pop())

    def _refuse_encoders(self) -> None:
        if any(name.endswith((".a", ".b")) for name in self._lines):
            raise BoardError(
                errno.EOPNOTSUPP,
                "RPi.GPIO would miss turns of an encoder: sudo apt install python3-libgpiod, or python3-rpi-lgpio",
            )

    def _on_edge(self, offset: int) -> None:
        """Called by the library's thread; only there is the level still that of this edge."""
        loop, name = self._loop, self._names[offset]
        if loop is not None:
            level = _level(self._lines[name])
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._see, name, level)

    def _poll(self, loop: asyncio.AbstractEventLoop) -> None:
        for name, line in self._lines.items():
            self._see(name, _level(line))
        self._next_poll = loop.call_later(POLL_S, self._poll, loop)

    def _see(self, name: str, level: bool | BoardError) -> None:
        """Handles what was read of a line."""
        if self._loop is None:  # it was read before `close`
            return
        if isinstance(level, BoardError):
            self._error = level
            self._readable.set()
            return
        if level == self._seen[name]:
            return
        self._seen[name] = level
        if timer := self._settling.pop(name, None):
            timer.cancel()
        debounce_s = self._lines[name].debounce_s
        if debounce_s:
            self._settling[name] = self._loop.call_later(debounce_s, self._settle, name, self._loop)
        else:
            self._settle(name, self._loop)

    def _settle(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        """Reports a level that a line has kept."""
        self._settling.pop(name, None)
        if self._seen[name] != self._reported[name]:
            self._reported[name] = self._seen[name]
            self._edges.append(Edge(name, self._seen[name], loop.time()))
            self._readable.set()


class RpiGpioOutput:
    """The Output port on a line of the header."""

    def __init__(self, offset: int, active_low: bool = False) -> None:
        self._offset = offset
        self._active_low = active_low
        self._is_open = False

    def open(self) -> None:
        """Requests the line, inactive. Raises BoardError."""
        self.close()
        _set_up(self._offset, GPIO.OUT, initial=int(self._active_low))
        self._is_open = True

    def set(self, active: bool) -> None:
        """Drives the line. Raises BoardError."""
        with _board_errors(self._offset):
            GPIO.output(self._offset, int(active != self._active_low))

    def close(self) -> None:
        """Releases the line; may be called twice."""
        if self._is_open:
            self._is_open = False
            with contextlib.suppress(*_ERRORS):
                GPIO.cleanup(self._offset)


def _active(line: InputLine) -> bool:
    with _board_errors(line.offset):
        return bool(GPIO.input(line.offset)) != line.active_low


def _level(line: InputLine) -> bool | BoardError:
    try:
        return _active(line)
    except BoardError as error:
        return error


def _set_up(offset: int, direction: int, **settings: int) -> None:
    with _board_errors(offset):
        GPIO.setwarnings(False)  # it would warn of each line that a daemon which was killed has left as an output
        GPIO.setmode(GPIO.BCM)
        GPIO.setup(offset, direction, **settings)


@contextlib.contextmanager
def _board_errors(offset: int) -> Iterator[None]:
    try:
        yield
    except _ERRORS as error:
        if "busy" in str(error):  # rpi-lgpio's text for a taken line; its owner is not known
            raise BoardError(errno.EBUSY, f"GPIO{offset} is taken by another program") from error
        raise BoardError(getattr(error, "errno", None) or errno.EIO, f"GPIO{offset}: {error}") from error
