"""setup() and loop() of the program."""

import math
from collections.abc import Generator

from hw_sim.firmware.board import MAX_MOUTH_LEVEL, MOUTH_COLUMNS, Board, Restart
from hw_sim.firmware.eyes import Anim, EyesProgram, Side
from hw_sim.firmware.menu import HardwareTest, Menu
from hw_sim.firmware.mouth import MouthMode, MouthProgram
from hw_sim.firmware.parse import dispatch, to_int
from hw_sim.firmware.timing import (
    BLINK_MS,
    BOOT_MS,
    COMMAND_MS,
    ECHO_MS,
    KNOB_TICK_MS,
    LOOP_MS,
    MENU_HOLD_MS,
    MENU_TIMEOUT_MS,
    MOUTH_BLANK_AT_MS,
    MOUTH_LEVEL_AT_MS,
    NOTICED_MS,
    POLL_MS,
    READ_MS,
    READ_TIMEOUT_MS,
    RELEASED_MS,
    RESET_BLINK_MS,
    TRIGGERED_MS,
    Idle,
    Steps,
)

BANNER = "Mycroft Mark 1 v1.4.2"

# Memory, in characters: the first was measured, the other lies between what worked and what did not.
MAX_LINE = 438  # the rest of a longer line is read and lost
MAX_COMMAND = 240  # a longer line is echoed, but there is no room for the copy that is carried out


def program(board: Board) -> Steps:
    """One life of the program, from reset to reset."""
    yield MOUTH_LEVEL_AT_MS
    board.set_mouth_level(MAX_MOUTH_LEVEL)
    yield MOUTH_BLANK_AT_MS - MOUTH_LEVEL_AT_MS
    board.show_mouth([0] * MOUTH_COLUMNS)
    yield BOOT_MS - MOUTH_BLANK_AT_MS
    board.clock.runs_from = board.clock.now
    board.serial.open()
    yield from Loop(board).run()


class Loop:
    """setup() and loop()."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._serial = board.serial
        self._knob = board.knob
        self._clock = board.clock
        self._eyes = EyesProgram(board)
        self._mouth = MouthProgram(board)
        self._menu = Menu(board, self._eyes)
        self._test = HardwareTest(board, self._eyes, self._mouth)
        self._pressed = False
        self._triggered = False
        self._was_clicked = False
        self._released_at = 0
        self._last_interaction = 0

    def run(self) -> Steps:
        yield from self._serial.println(f"{BANNER} - Connected")
        yield from self._eyes.start(Anim.SPIN, Side.BOTH)
        self._board.switch_speaker(on=True)
        self._knob.start()
        while True:
            if self._serial.available:
                yield from self._command()
            while not self._serial.available:
                began = self._clock.now
                yield from self._turn()
                if self._settled(self._clock.now - began):
                    yield self._idle()

    def _command(self) -> Steps:
        """Read a line, echo it, carry it out."""
        line = yield from self._read_line()
        yield from self._serial.flush()
        yield ECHO_MS
        yield from self._serial.println(f"Command: {line}")
        yield COMMAND_MS
        if len(line) <= MAX_COMMAND:
            yield from self._carry_out(line)

    def _carry_out(self, line: str) -> Steps:
        family, _, command = line.partition(".")
        match family:
            case "mouth" if not self._menu.entered:
                yield from self._mouth.command(command)
            case "eyes":
                yield from self._eyes.command(command)
            case "system":
                yield from self._system(command)
            case "weather" if not self._menu.entered:
                yield from self._mouth.weather(command)
            case "test" if command.startswith("begin"):
                yield from self._test.run()

    def _read_line(self) -> Generator[float | Idle, None, str]:
        line = bytearray()
        while True:
            deadline = self._clock.now + READ_TIMEOUT_MS
            while not self._serial.available:
                if self._clock.now >= deadline:
                    return line.decode("latin-1")
                yield Idle(POLL_MS, deadline)
            byte = self._serial.read()
            yield READ_MS
            if byte == ord("\n"):
                return line.decode("latin-1")
            if len(line) < MAX_LINE:
                line.append(byte)

    def _system(self, command: str) -> Steps:
        return dispatch(
            command,
            ("reset", lambda _: self._reset()),
            ("mute", lambda _: self._switch_speaker(on=False)),
            ("unmute", lambda _: self._switch_speaker(on=True)),
            ("blink=", lambda text: self._blink(to_int(text), BLINK_MS)),
            ("version", lambda _: self._serial.println(BANNER)),
        )

    def _reset(self) -> Steps:
        yield from self._blink(1, RESET_BLINK_MS)
        raise Restart

    def _switch_speaker(self, *, on: bool) -> Steps:
        self._board.switch_speaker(on=on)
        yield from ()

    def _blink(self, times: int, ms: float) -> Steps:
        for _ in range(times):
            self._board.switch_led(on=True)
            yield ms
            self._board.switch_led(on=False)
            yield ms

    def _turn(self) -> Steps:
        """One turn of the loop while no byte waits."""
        eyes, mouth, menu = self._eyes, self._mouth, self._menu
        yield LOOP_MS
        yield from self._handle_button()
        if menu.test_chosen:
            yield from self._test.run()
            menu.test_chosen = False
        direction = self._knob.direction()
        if menu.entered:
            if direction:
                self._last_interaction = self._clock.millis()
                yield from menu.turn(direction)
            elif self._clock.millis() - self._last_interaction > MENU_TIMEOUT_MS:
                yield from menu.leave()
            return
        if direction:
            yield from self._serial.println("volume.up" if direction > 0 else "volume.down")
        yield from eyes.update()
        yield from mouth.update()
        if mouth.face is not MouthMode.NONE and eyes.anim is Anim.SPIN:
            yield from eyes.reset()

    def _handle_button(self) -> Steps:
        held_ms, menu = self._knob.held_ms(), self._menu
        if held_ms > NOTICED_MS:
            if not self._pressed:
                self._pressed = True
                self._triggered = False
            self._released_at = 0
        elif not self._knob.clicked() and self._pressed:
            if not self._released_at:
                self._released_at = self._clock.millis()
            elif self._clock.millis() - self._released_at > RELEASED_MS:
                self._pressed = False
                self._released_at = 0

        if self._pressed:
            if 0 < held_ms < TRIGGERED_MS:
                self._triggered = False
            elif held_ms >= TRIGGERED_MS and not self._triggered:
                self._triggered = True
                self._was_clicked = not menu.entered
                if menu.entered:
                    yield from menu.press()
            if held_ms >= MENU_HOLD_MS:
                self._was_clicked = False
                self._last_interaction = self._clock.millis()
                yield from self._eyes.on()
                yield from menu.enter()
        elif self._was_clicked:
            self._was_clicked = self._triggered = False
            yield from self._serial.println("mycroft.stop")

    def _cycle_ms(self) -> float:
        """How long a turn takes that changes nothing."""
        if self._menu.entered:
            return LOOP_MS
        return LOOP_MS + self._eyes.cycle_ms() + self._mouth.cycle_ms()

    def _settled(self, turn_ms: float) -> bool:
        """A turn that took no longer than an idle one changed nothing, so the next will not, without input."""
        unchanged = math.isclose(turn_ms, self._cycle_ms(), abs_tol=1e-6)
        return unchanged and not self._serial.available and not self._knob.moved

    def _idle(self) -> Idle:
        if self._menu.entered:
            until = self._clock.when(self._last_interaction + MENU_TIMEOUT_MS + 1)
        else:
            until = min(self._eyes.due(), self._mouth.due())
        if self._pressed or self._knob.held_ms():
            until = min(until, self._clock.now + KNOB_TICK_MS)
        # What comes due in the middle of a turn is seen in that turn.
        return Idle(self._cycle_ms(), until - self._cycle_ms())
