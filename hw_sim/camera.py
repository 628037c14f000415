"""Pictures and films of a device that is started for them, shows some messages, and is stopped again."""

import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from hw_sim import drawing
from hw_sim.errors import SimulatorError
from hw_sim.testing.board import BoardDevice
from hw_sim.testing.device import SimulatedDevice
from hw_sim.testing.mark1 import Mark1

Sent = Iterable[tuple[str, dict[str, Any]]]
"""Types and data of messages."""

View = Callable[[], drawing.Picture]


def screenshot(path: Path, board: str | None, messages: Sent, after_s: float) -> None:
    """Writes a PNG of the device so long after the messages. Raises OSError, SimulatorError."""
    device = _device(board)
    with device:
        _send(device, messages)
        time.sleep(after_s)  # a picture of that moment is what its user wants
        picture = _view(device)()
    picture.save(path, "PNG")


def film(path: Path, board: str | None, messages: Sent, seconds: float) -> None:
    """Writes a GIF of the device from the messages on. Raises OSError, SimulatorError."""
    device = _device(board)
    with device:
        view = _view(device)
        began = time.monotonic()
        _send(device, messages)
        pictures: list[drawing.Picture] = []
        while len(pictures) * drawing.FRAME_MS < seconds * 1000:
            time.sleep(max(0.0, began + len(pictures) * drawing.FRAME_MS / 1000 - time.monotonic()))
            pictures.append(view())
    drawing.save_film(path, pictures)


def _device(board: str | None) -> SimulatedDevice:
    if board is None:
        return Mark1()
    device = BoardDevice(board)
    if device.profile.leds.kind == "none":
        raise SimulatorError(f"{board} has no LEDs to see")
    return device


def _send(device: SimulatedDevice, messages: Sent) -> None:
    for msg_type, data in messages:
        device.send(msg_type, data)


def _view(device: SimulatedDevice) -> View:
    """What makes a picture of the device; equal ones are the same object."""
    if isinstance(device, Mark1):
        draw_face = cache(drawing.face)
        firmware = device.face.faceplate.firmware
        return lambda: draw_face(*device.thread.call(lambda: (firmware.eyes, firmware.mouth)))
    assert isinstance(device, BoardDevice), "the other kind"
    draw_leds, board = cache(drawing.leds), device.leds.board
    return lambda: draw_leds(device.thread.call(lambda: tuple(board.colours)), board.full)
