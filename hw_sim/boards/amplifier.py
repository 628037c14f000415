"""The amplifier of an SJ201, written from its data sheet."""

from hw_sim.boards.i2c import RegisterChip

_CONTROL, _STATE, _VOLUME = 0x01, 0x03, 0x4C
_RESET, _PLAY = 0x10, 0x03

SILENT = 0xFF
_AT_RESET = 0x30
"""Volumes: 0 dB at the reset, and 0.5 dB softer with each step."""


class Tas5806Chip(RegisterChip):
    """A TAS5806MD. It plays while its state says so."""

    def __init__(self) -> None:
        super().__init__()
        self.lose_power()

    def write(self, register: int, data: bytes) -> None:
        """The host writes from a register on; one bit resets the chip."""
        super().write(register, data)
        if register == _CONTROL and data[0] & _RESET:
            self.lose_power()

    def lose_power(self) -> None:
        """Forgets all that was written."""
        self.registers[:] = bytes(len(self.registers))
        self.registers[_VOLUME] = _AT_RESET

    def turn_to(self, volume: int) -> None:
        """Another program sets the volume register."""
        self.registers[_VOLUME] = volume

    @property
    def volume(self) -> int:
        """The volume that is heard."""
        return self.registers[_VOLUME] if self.registers[_STATE] == _PLAY else SILENT
