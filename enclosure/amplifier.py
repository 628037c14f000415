"""The Mixer port on a TAS5806MD, the amplifier of the Mark II's SJ201, on I2C.

Its registers can be read back, so a loss of power is noticed: it is then set up again.
"""

import asyncio
import contextlib
import math
from collections.abc import Iterator

from enclosure.errors import BoardError, MixerError
from enclosure.ports import I2c, MixerLevel, Output

LOUDEST = 0x54
"""-18 dB: the amplifier has 13 W, its speakers 5 W."""
QUIETEST = 0xD2
"""-81 dB."""
SILENT = 0xFF

STEP_S = 0.1
"""Time between two writes of the set-up; Mycroft's own software waits as long."""

POLL_S = 2.0
"""How often the registers are read, to see what has changed them."""

_STATE, _VOLUME = 0x03, 0x4C
_DEEP_SLEEP, _HIGH_IMPEDANCE, _PLAY = 0x00, 0x02, 0x03

_SET_UP = (
    *((0x01, 0x11), (0x78, 0x80), (0x01, 0x00), (0x78, 0x00)),  # reset, and clear the faults
    *((0x33, 0x03), (_VOLUME, SILENT), (0x30, 0x01)),  # 32 bits a sample; it starts silent
    *((_STATE, _DEEP_SLEEP), (_STATE, _HIGH_IMPEDANCE), (0x5C, 0x01), (_STATE, _PLAY)),
)
"""Registers and values, in order."""


class Tas5806:
    """The amplifier at an address; `enable` is the line that lets it run."""

    def __init__(self, chip: I2c, enable: Output | None = None) -> None:
        self._chip = chip
        self._enable = enable
        self._known: MixerLevel | None = None
        """The level that the user of the port has last been given."""

    async def open(self) -> None:
        """Sets the amplifier up, silent. Raises MixerError."""
        with _mixer_errors():
            if self._enable is not None:
                self._enable.open()
                self._enable.set(True)
                await asyncio.sleep(STEP_S)
            for register, value in _SET_UP:
                self._chip.write(register, (value,))
                await asyncio.sleep(STEP_S)
        self.read()

    def read(self) -> MixerLevel:
        """The current level; silent is 0. Raises MixerError, also after a loss of power.

        The volume is then that of the chip's reset, which is louder than LOUDEST and must not be taken over.
        """
        self._known = self._level()
        return self._known

    def write(self, percent: int, muted: bool) -> MixerLevel:
        """Sets the level, 0 to 100. Raises MixerError."""
        with _mixer_errors():
            self._chip.write(_VOLUME, (SILENT if muted else register(percent),))
        return self.read()

    async def changed(self) -> None:
        """Waits until another program has changed the level. Raises MixerError after a loss of power."""
        while True:
            await asyncio.sleep(POLL_S)
            if self._level() != self._known:
                return

    def close(self) -> None:
        """Switches the amplifier off, the outputs first."""
        with contextlib.suppress(BoardError):  # it is away
            for state in (_HIGH_IMPEDANCE, _DEEP_SLEEP):
                self._chip.write(_STATE, (state,))
        self._chip.close()
        if self._enable is not None:
            self._enable.close()

    def _level(self) -> MixerLevel:
        with _mixer_errors():
            if self._enable is not None:
                self._enable.set(True)  # fails where the GPIO chip was away, which has let the line go
            if self._chip.read(_STATE) != _PLAY:
                raise MixerError("amplifier: it does not play, so it was without power")
            return MixerLevel(percent(self._chip.read(_VOLUME)), muted=False)


def register(percent: int) -> int:
    """The value of the volume register for a level; as loud as Mycroft's own software at the same level."""
    if percent <= 0:
        return SILENT
    return round(QUIETEST * math.pow(LOUDEST / QUIETEST, min(percent, 100) / 100))


def percent(register: int) -> int:
    """The level for a value of the volume register; above 100 is 100."""
    if register >= QUIETEST:
        return 0
    return round(100 * math.log(max(register, LOUDEST) / QUIETEST) / math.log(LOUDEST / QUIETEST))


@contextlib.contextmanager
def _mixer_errors() -> Iterator[None]:
    try:
        yield
    except BoardError as error:
        raised = MixerError(f"amplifier: {error.strerror}")
        raised.errno = error.errno  # which tells a chip that is taken from one that is missing
        raise raised from error
