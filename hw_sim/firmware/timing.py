"""How long everything on the board takes, measured on the real firmware v1.4.2."""

from collections.abc import Generator
from dataclasses import dataclass

# Serial port
IN_BYTE_MS = 10 / 9.6  # start bit, 8 bits, stop bit at 9600 baud
HALF_BIT_MS = 0.5 / 9.6  # a byte is there in the middle of its stop bit
OUT_BYTE_MS = 1.04  # the board's own 9615 baud, the nearest that 16 MHz gives
READ_TIMEOUT_MS = 1000  # of silence end a line without a newline

# How long the program takes: fitted to the frames of faceplate-traces, most come within 0.3 ms
MOUTH_LEVEL_AT_MS = 1.6  # after a reset
MOUTH_BLANK_AT_MS = 6.0  # after a reset
BOOT_MS = 20.51  # from reset to clock and serial port
LOOP_MS = 0.025  # a turn of the main loop, without what it calls
POLL_MS = 0.02  # look whether a byte has come
READ_MS = 0.042  # take a byte from the ring
WRITE_MS = 0.0133  # put a byte into the ring, and the interrupt that sends it
ECHO_MS = 0.036  # from the end of a line to its echo
COMMAND_MS = 0.06  # from the echo to the family of the command
PREFIX_MS = 0.02  # compare with one of the commands of the family
ANIMATE_MS = 0.35  # find out which side an animation is for
ICON_MS = 0.1  # copy an icon and read its size
ICON_OPTION_MS = 0.06  # read one of the options before that
ICON_SCAN_MS = 0.0006  # x length squared: the end of an icon is searched at each character
EYES_SHOW_MS = 0.73  # 24 pixels on the wire
EYES_STEP_MS = 1.7806  # set one pixel, show all, wait 1 ms
EYES_FRAME_MS = 0.094  # work out a frame of an animation
MOUTH_SHOW_MS = 4.497  # 64 cells on the wire
MOUTH_COLUMN_MS = 0.0871  # draw 8 pixels
MOUTH_SPLIT_COLUMN_MS = 0.167  # the same where the top is not at row 0 or 4
TEXT_MS = 0.08  # draw a text of which nothing is visible
WEATHER_MS = 0.12  # take temperature and icon apart, a character at a time
DELAY_MS = 1.0166  # a wait of 1 ms in the hardware test

TIMER_TICK_MS = 1.024  # Timer 0: millis() moves at its overflows only
KNOB_TICK_MS = 1.0  # Timer 1: the interrupt that samples button and knob
EDGE_MS = 5.0  # between the two quadrature edges of a detent

# Button: ms held, or released, until it counts (read in the source, as all below)
NOTICED_MS = 5
TRIGGERED_MS = 10
MENU_HOLD_MS = 2000
RELEASED_MS = 5
MENU_TIMEOUT_MS = 5000

VOLUME_RING_MS = 3000
BLINK_MS = 500.0
RESET_BLINK_MS = 1000.0

TALK_FRAME_MS = LISTEN_FRAME_MS = 70
THINK_FRAME_MS = 120
TEXT_STEP_MS = 150

TEST_MUTED_MS, TEST_UNMUTED_MS = 166.0, 333.0


@dataclass(frozen=True, slots=True)
class Idle:
    """The program repeats a turn of `cycle_ms` that changes nothing, until there is input or `until`."""

    cycle_ms: float
    until: float


Steps = Generator[float | Idle, None, None]
"""What a part of the program does; each value lets so many ms pass."""
