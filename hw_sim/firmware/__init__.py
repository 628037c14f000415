"""The Mark 1 faceplate firmware v1.4.2, as a state machine with virtual time and no I/O.

It stands in for the Arduino behind the face: bytes, button and knob go in; bytes, light and pictures come out,
at the time and in the order in which the real firmware gives them. What it does and all durations were measured
on the real firmware, run on a simulated ATmega328P (faceplate-traces.md). All times are ms since the board left
reset.

The program on the board is one loop that does everything, and it blocks while it paints, waits or reads. Here it
is a generator that says how long each step takes; interrupts (serial port, knob) work between the steps. A turn of
the loop that changes nothing is not repeated until something is due, so that a face at rest costs nothing.
"""

import math
from operator import attrgetter

from hw_sim.firmware.board import Board, Restart
from hw_sim.firmware.events import Event, Eyes, Led, Mouth, MouthLevel, Reset, Sent, Speaker
from hw_sim.firmware.loop import program
from hw_sim.firmware.timing import Idle

__all__ = ["Event", "Eyes", "Firmware", "Led", "Mouth", "MouthLevel", "Reset", "Sent", "Speaker"]


class Firmware:
    """The faceplate. The caller moves time on with `advance` and may give input in between."""

    def __init__(self) -> None:
        """The board leaves reset at 0 ms."""
        self._board = Board()
        self._program = program(self._board)
        self._step: float | Idle = 0.0
        self._step_began = 0.0

    @property
    def now(self) -> float:
        """The virtual time in ms, where the last `advance` stopped."""
        return self._board.clock.now

    @property
    def eyes(self) -> tuple[int, ...]:
        """The eye pixels now, as in `Eyes`."""
        return self._board.eyes

    @property
    def eye_colours(self) -> tuple[int, ...]:
        """The colours of the eye pixels before the level dims them, 0xrrggbb; 0 for a pixel that is dark."""
        return tuple(
            colour if lit else 0 for colour, lit in zip(self._board.unscaled_eyes, self.eyes, strict=True)
        )

    @property
    def mouth(self) -> tuple[int, ...]:
        """The mouth now, as in `Mouth`."""
        return self._board.mouth

    @property
    def speaker(self) -> bool:
        """Whether the amplifier is on."""
        return self._board.speaker

    @property
    def in_menu(self) -> bool:
        """Whether the menu is open, which discards lines for the mouth."""
        return self._board.in_menu

    def receive(self, data: bytes) -> None:
        """Bytes begin to arrive now, or after those that still arrive, at 9600 baud."""
        self._board.serial.receive(data)

    def press(self) -> None:
        """Push the button and hold it."""
        self._board.knob.move_button(down=True)

    def release(self) -> None:
        """Let go of the button."""
        self._board.knob.move_button(down=False)

    def turn(self, detents: int) -> None:
        """Turn the knob by so many detents, > 0 clockwise, 10 ms each, after those that it still turns."""
        self._board.knob.turn(detents)

    def advance(self, to_ms: float) -> list[Event]:
        """Run until `to_ms` and return what happened, in order of time."""
        board = self._board
        while (at := self._step_ends()) <= to_ms:
            board.clock.now = self._step_began = at
            board.serial.interrupt()
            board.knob.interrupt()
            try:
                self._step = next(self._program)
            except Restart:
                board.restart()
                self._program = program(board)
                self._step = 0.0
        board.clock.now = max(board.clock.now, to_ms)
        events = [*board.serial.take_sent(), *board.events]
        board.events.clear()
        return sorted(events, key=attrgetter("ms"))

    def wake_at(self) -> float | None:
        """When something happens by itself next, None if nothing does without input."""
        at = min(self._step_ends(), self._board.serial.next_sent())
        return at if math.isfinite(at) else None

    def _step_ends(self) -> float:
        step = self._step
        if not isinstance(step, Idle):
            return self._step_began + step
        due = min(step.until, self._board.serial.next_arrival(), self._board.knob.next_change())
        if not math.isfinite(due):
            return due
        cycles = max(0, math.ceil((due - self._step_began) / step.cycle_ms))
        return self._step_began + cycles * step.cycle_ms
