"""The Display port on LEDs: one task draws them, and sleeps while they are dark."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Sequence

from enclosure.activity import Activity
from enclosure.display import EMPTY, Bitmap, Command, EyesColor
from enclosure.errors import BoardError
from enclosure.events import Event, QuestionShown
from enclosure.leds.looks import BLACK, Frame, dimmed
from enclosure.leds.scene import LedScene
from enclosure.ports import Lights
from enclosure.presence import Presence

SHOW_AGAIN_S = 2.0
"""How often lit LEDs get their frame again: between two frames they may have been away, or without power."""

_LOGGER = logging.getLogger(__name__)


class LedDisplay:
    """Shows looks on LEDs, at most as bright as `brightness`, 0 to 1; None for LEDs that are on or off."""

    firmware: str | None = None
    pixels: Sequence[EyesColor] = ()
    mouth: Bitmap = EMPTY

    def __init__(self, lights: Lights, brightness: float | None, on_event: Callable[[Event], None]) -> None:
        self._lights = lights
        self._brightness = brightness
        self._on_event = on_event
        self._presence = Presence("lights", on_event)
        self._scene = LedScene()
        self._changed = asyncio.Event()
        self._closing = False
        self._dark = asyncio.Event()
        """Set while nothing is lit: before the first frame, while the chip is away, and after the last frame."""
        self._dark.set()

    def show(self, command: Command) -> None:
        """Shows what a skill asks for."""
        self._scene.show(command, self._now)
        self._changed.set()

    def indicate(self, activity: Activity) -> None:
        """Shows what the assistant is doing now."""
        self._scene.indicate(activity, self._now)
        self._changed.set()

    def notify(self, text: str) -> None:
        """Blinks, since LEDs show no text."""
        _LOGGER.info("notification: %s", text)
        self._scene.notify(self._now)
        self._changed.set()

    def show_volume(self, level: float) -> None:
        """Shows the volume, 0 to 1, as an arc, for a moment."""
        self._scene.show_volume(level, self._now)
        self._changed.set()

    def ask(self, question: str | None) -> None:
        """Blinks for a question. LEDs cannot say which, so it is never reported as readable."""
        self._scene.ask(question is not None, self._now)
        self._changed.set()
        self._on_event(QuestionShown(False))

    async def run(self) -> None:
        """Draws until cancelled, or dark after `close`; retries to open LEDs that are away."""
        while not self._closing:
            try:
                await asyncio.to_thread(self._lights.open)
                await self._draw()
            except BoardError as error:
                retry_s = self._presence.lost(error)
            finally:
                self._lights.close()
                self._dark.set()
            if not self._closing:
                await asyncio.sleep(retry_s)

    async def close(self) -> None:
        """Switches all off; returns when that is done."""
        self._closing = True
        self._changed.set()
        await self._dark.wait()

    async def _draw(self) -> None:
        dark = (BLACK,) * self._lights.count
        shown: Frame | None = None
        again_at = math.inf
        while True:
            self._changed.clear()
            closing, now = self._closing, self._now
            frame = dark if closing else self._frame(now)
            if frame != shown or now >= again_at:
                self._dark.clear()
                await asyncio.to_thread(self._lights.show, frame)
                shown = frame
                again_at = math.inf if frame == dark else now + SHOW_AGAIN_S
                self._presence.connected()
                await asyncio.sleep(self._lights.interval_s)
            if closing:
                return
            next_at = min(self._scene.next_s(now, self._lights.interval_s), again_at)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(None if next_at == math.inf else next_at):
                    await self._changed.wait()

    def _frame(self, now: float) -> Frame:
        frame = self._scene.frame(now, self._lights.count)
        if self._brightness is not None:
            return dimmed(frame, self._brightness * self._scene.brightness)
        return frame if self._scene.brightness else (BLACK,) * self._lights.count

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()
