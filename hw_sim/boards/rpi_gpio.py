"""The GPIO header behind the name RPi.GPIO, as far as its users need it.

Written from the source of RPi.GPIO 0.7.1 and rpi-lgpio 0.6: callbacks come from a thread, edges are RuntimeErrors
where `edges` is False, a line that is used without `setup` is a RuntimeError, and a taken one is, too.
"""

import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

BCM, IN, OUT, BOTH = 11, 1, 0, 33
PUD_OFF, PUD_DOWN, PUD_UP = 20, 21, 22


class RpiGpio:
    """One header. `module` goes where a program imports RPi.GPIO from."""

    def __init__(self, *, edges: bool) -> None:
        self._edges = edges
        self._mode = -1
        self.driven: dict[int, bool] = {}
        """Levels that contacts give to lines; others are open."""
        self.taken: set[int] = set()
        """Lines of other programs."""
        self.gone = False
        self.inputs: dict[int, int] = {}
        """The pulls of lines that are inputs."""
        self.outputs: dict[int, bool] = {}
        """The levels of lines that are outputs."""
        self.callbacks: dict[int, Callable[[int], None]] = {}
        self.module: Any = SimpleNamespace(
            **{name: globals()[name] for name in ("BCM", "IN", "OUT", "BOTH", "PUD_OFF", "PUD_DOWN", "PUD_UP")},
            setwarnings=lambda _: None,
            setmode=self._set_mode,
            setup=self._set_up,
            input=self._input,
            output=self._output,
            add_event_detect=self._add_event_detect,
            remove_event_detect=self._remove_event_detect,
            cleanup=self._cleanup,
        )

    def drive(self, offset: int, level: bool | None) -> None:
        """A contact pulls a line high or low, or opens; the library's thread calls back."""
        before = self._level(offset)
        self.driven.pop(offset, None)
        if level is not None:
            self.driven[offset] = level
        if self._level(offset) != before and offset in self.callbacks:
            thread = threading.Thread(target=self.callbacks[offset], args=(offset,))
            thread.start()
            thread.join()

    def press(self, offset: int) -> None:
        """A button pulls its line to ground."""
        self.drive(offset, False)

    def release(self, offset: int) -> None:
        """The button opens."""
        self.drive(offset, None)

    def _level(self, offset: int) -> bool:
        return self.driven.get(offset, self.inputs.get(offset) == PUD_UP)

    def _set_mode(self, mode: int) -> None:
        if self._mode not in (-1, mode):
            raise ValueError("A different mode has already been set!")
        self._mode = mode

    def _set_up(self, channel: int, direction: int, pull_up_down: int = PUD_OFF, initial: int = -1) -> None:
        self._check()
        if channel in self.taken:
            raise RuntimeError("GPIO busy")
        if direction == IN:
            self.inputs[channel] = pull_up_down
        else:
            self.outputs[channel] = bool(initial)

    def _input(self, channel: int) -> int:
        self._check()
        if channel not in self.inputs:
            raise RuntimeError("You must setup() the GPIO channel first")
        return int(self._level(channel))

    def _output(self, channel: int, value: int) -> None:
        self._check()
        if channel not in self.outputs:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        self.outputs[channel] = bool(value)

    def _add_event_detect(self, channel: int, edge: int, callback: Callable[[int], None]) -> None:
        if not self._edges:
            raise RuntimeError("Failed to add edge detection")
        if edge != BOTH or channel not in self.inputs or channel in self.callbacks:
            raise RuntimeError("Conflicting edge detection already enabled for this GPIO channel")
        self.callbacks[channel] = callback

    def _remove_event_detect(self, channel: int) -> None:
        self.callbacks.pop(channel, None)

    def _cleanup(self, channels: int | Sequence[int]) -> None:
        for channel in [channels] if isinstance(channels, int) else channels:
            self.inputs.pop(channel, None)
            self.outputs.pop(channel, None)
            self.callbacks.pop(channel, None)

    def _check(self) -> None:
        if self.gone:
            raise RuntimeError("unknown handle")
        if self._mode == -1:
            raise RuntimeError("Please set pin numbering mode using GPIO.setmode(GPIO.BCM)")
