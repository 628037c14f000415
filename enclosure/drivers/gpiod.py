"""libgpiod 2: lines of a GPIO chip, through the kernel's character device."""

import asyncio
import contextlib
import errno
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import gpiod

from enclosure.errors import BoardError
from enclosure.ports import Edge, InputLine

CONSUMER = "mycroft-enclosure"
"""The name under which other programs see a requested line."""

BUFFER = 1024
"""Edges that the kernel buffers, the most that it allows: an encoder bounces while the loop is busy."""

RASPBERRY_PI = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""Labels of the chip with the header's lines: Pi 1 to 3, Pi 4, Pi 5. Its number changes with the kernel."""

DEVICES = Path("/dev")

_BIAS = {
    "up": gpiod.line.Bias.PULL_UP,
    "down": gpiod.line.Bias.PULL_DOWN,
    "off": gpiod.line.Bias.DISABLED,
}


class GpiodLines:
    """The Lines port on a chip with one of these labels."""

    def __init__(self, lines: Mapping[str, InputLine], labels: Sequence[str] = RASPBERRY_PI) -> None:
        self._labels = labels
        self._lines = lines
        self._names = {line.offset: name for name, line in lines.items()}
        self._request: Any = None
        self._readable = asyncio.Event()

    def open(self) -> Mapping[str, bool]:
        """Requests all lines at once, so that their edges come in order. Raises BoardError."""
        config = {
            line.offset: gpiod.LineSettings(
                direction=gpiod.line.Direction.INPUT,
                edge_detection=gpiod.line.Edge.BOTH,
                bias=_BIAS[line.pull],
                active_low=line.active_low,
                debounce_period=timedelta(seconds=line.debounce_s),
            )
            for line in self._lines.values()
        }
        self._request = _request(self._labels, config, BUFFER)
        self._readable.clear()
        asyncio.get_running_loop().add_reader(self._request.fd, self._readable.set)
        with _board_errors("GPIO"):
            values = self._request.get_values(list(self._names))
        return {
            name: value is gpiod.line.Value.ACTIVE
            for name, value in zip(self._names.values(), values, strict=True)
        }

    async def wait(self) -> None:
        """Waits for edges, or for the chip to go away."""
        await self._readable.wait()

    def read(self) -> Sequence[Edge]:
        """Edges since the last call. Raises BoardError when the chip is gone."""
        self._readable.clear()
        with _board_errors("GPIO"):
            if not self._request.wait_edge_events(timedelta(0)):
                return []
            return [
                Edge(
                    self._names[event.line_offset],
                    event.event_type is event.Type.RISING_EDGE,  # active, whatever the level
                    event.timestamp_ns / 1e9,
                )
                for event in self._request.read_edge_events(BUFFER)
            ]

    def close(self) -> None:
        """Releases the lines."""
        if self._request is not None:
            asyncio.get_running_loop().remove_reader(self._request.fd)
            self._request.release()
            self._request = None


class GpiodOutput:
    """The Output port on a line of a chip with one of these labels."""

    def __init__(self, offset: int, active_low: bool = False, labels: Sequence[str] = RASPBERRY_PI) -> None:
        self._offset = offset
        self._active_low = active_low
        self._labels = labels
        self._request: Any = None

    def open(self) -> None:
        """Requests the line, inactive. Raises BoardError."""
        settings = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT,
            active_low=self._active_low,
            output_value=gpiod.line.Value.INACTIVE,
        )
        self.close()
        self._request = _request(self._labels, {self._offset: settings})

    def set(self, active: bool) -> None:
        """Drives the line. Raises BoardError."""
        with _board_errors("GPIO"):
            value = gpiod.line.Value.ACTIVE if active else gpiod.line.Value.INACTIVE
            self._request.set_value(self._offset, value)

    def close(self) -> None:
        """Releases the line."""
        if self._request is not None:
            self._request.release()
            self._request = None


def consumers(offsets: Sequence[int], labels: Sequence[str] = RASPBERRY_PI) -> Mapping[int, str]:
    """The consumers of those of these lines that are in use. Raises BoardError."""
    path = chip_path(labels)
    with _board_errors(path), gpiod.Chip(path) as chip:
        lines = [chip.get_line_info(offset) for offset in offsets]
    return {line.offset: line.consumer for line in lines if line.used}


def _request(labels: Sequence[str], config: Mapping[int, Any], buffer: int | None = None) -> Any:
    path = chip_path(labels)
    try:
        with _board_errors(path):
            return gpiod.request_lines(path, consumer=CONSUMER, event_buffer_size=buffer, config=config)
    except BoardError as error:
        if error.errno != errno.EBUSY:
            raise
        owners = [f"GPIO{line} is taken by {owner}" for line, owner in consumers(list(config), labels).items()]
        raise BoardError(errno.EBUSY, ", ".join(owners) or str(error.strerror)) from error


def chip_path(labels: Sequence[str] = RASPBERRY_PI) -> str:
    """Path of the chip with one of these labels; another one may be gone, or closed to us. Raises BoardError."""
    paths = [str(path) for path in sorted(DEVICES.glob("gpiochip*"))]
    unseen: BoardError | None = None
    for path in paths:
        try:
            with _board_errors(path), gpiod.Chip(path) as chip:
                if chip.get_info().label in labels:
                    return path
        except BoardError as error:
            unseen = error
    if unseen is not None:
        raise unseen
    raise BoardError(errno.ENODEV, f"no GPIO chip {' or '.join(labels)}; there are: {', '.join(paths) or 'none'}")


@contextlib.contextmanager
def _board_errors(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BoardError(error.errno, f"{what}: {error.strerror}") from error
    except ValueError as error:  # of the library, for an offset that the chip does not have
        raise BoardError(errno.EINVAL, f"{what}: {error}") from error
