import asyncio
import errno

import pytest

from enclosure.amplifier import Tas5806, percent, register
from enclosure.errors import BoardError, MixerError
from hw_sim.boards.amplifier import Tas5806Chip

VOLUME, STATE = 0x4C, 0x03


AWAY = BoardError(errno.EREMOTEIO, "I2C bus 1, address 0x2f: Remote I/O error")


class Chip(Tas5806Chip):
    """The amplifier; with a fault it does not answer."""

    fault: BoardError | None = None

    def read(self, register: int) -> int:
        if self.fault is not None:
            raise self.fault
        return super().read(register)

    def write(self, register: int, data: object) -> None:
        if self.fault is not None:
            raise self.fault
        super().write(register, bytes(data))  # type: ignore[call-overload]  # of a sequence of int

    def close(self) -> None:
        """It is no bus."""


class Enable:
    """A line that records its levels; None where it was given back."""

    def __init__(self) -> None:
        self.levels: list[bool | None] = []

    def open(self) -> None:
        self.levels.append(False)

    def set(self, active: bool) -> None:
        if self.levels[-1] != active:
            self.levels.append(active)

    def close(self) -> None:
        self.levels.append(None)


@pytest.fixture
def chip() -> Chip:
    return Chip()


async def test_the_set_up_is_that_of_mycrofts_own_software_and_silent(chip: Chip) -> None:
    await Tas5806(chip).open()
    written = " ".join(f"{register:02x}={data.hex()}" for register, data in chip.writes)
    assert written == "01=11 78=80 01=00 78=00 33=03 4c=ff 30=01 03=00 03=02 5c=01 03=03"


async def test_it_is_never_louder_than_its_speakers_bear(chip: Chip) -> None:
    mixer = Tas5806(chip)
    await mixer.open()
    for level in (0, 1, 50, 100, 1000):
        mixer.write(level, muted=False)
    assert min(data[0] for register, data in chip.writes if register == VOLUME) == 0x54


async def test_levels_are_read_back_as_they_were_written(chip: Chip) -> None:
    mixer = Tas5806(chip)
    await mixer.open()
    for level in range(101):
        assert mixer.write(level, muted=False) == mixer.read()
        assert abs(mixer.read().percent - level) <= 1
    assert mixer.write(60, muted=True) == (0, False)


def test_the_curve_falls_and_ends_where_it_should() -> None:
    values = [register(level) for level in range(101)]
    assert (values[0], values[1], values[100]) == (0xFF, 0xD0, 0x54)
    assert values == sorted(values, reverse=True)
    assert (percent(0x00), percent(0x54), percent(0xD2), percent(0xFF)) == (100, 100, 0, 0)


async def test_a_loss_of_power_is_noticed(chip: Chip) -> None:
    mixer = Tas5806(chip)
    await mixer.open()
    mixer.write(50, muted=False)
    changed = asyncio.create_task(mixer.changed())
    await asyncio.sleep(60)
    assert not changed.done()
    chip.lose_power()
    with pytest.raises(MixerError, match="it was without power"):
        await changed
    await mixer.open()
    assert chip.registers[STATE] == 0x03


@pytest.mark.parametrize("level", [None, 40])
async def test_the_level_of_an_amplifier_without_power_is_not_taken_over(chip: Chip, level: int | None) -> None:
    mixer = Tas5806(chip)
    await mixer.open()
    mixer.write(30, muted=False)
    chip.lose_power()
    with pytest.raises(MixerError, match="it was without power"):
        mixer.read() if level is None else mixer.write(level, muted=False)


async def test_at_the_end_it_sleeps_and_may_no_longer_run(chip: Chip) -> None:
    enable = Enable()
    mixer = Tas5806(chip, enable)
    await mixer.open()
    mixer.write(100, muted=False)
    chip.writes.clear()
    mixer.close()
    assert chip.writes == [(STATE, b"\x02"), (STATE, b"\x00")]
    assert enable.levels == [False, True, None]


async def test_an_amplifier_that_is_away_does_not_hold_up_the_end(chip: Chip) -> None:
    chip.fault = AWAY
    Tas5806(chip).close()


async def test_another_program_that_changes_the_level_is_noticed(chip: Chip) -> None:
    mixer = Tas5806(chip)
    await mixer.open()
    changed = asyncio.create_task(mixer.changed())
    await asyncio.sleep(5)
    chip.registers[VOLUME] = 0x60
    await changed
    assert mixer.read().percent == percent(0x60)


async def test_another_program_that_restores_an_earlier_level_is_noticed(chip: Chip) -> None:
    mixer = Tas5806(chip)
    await mixer.open()
    mixer.write(60, muted=False)
    changed = asyncio.create_task(mixer.changed())
    await asyncio.sleep(1)
    mixer.write(60, muted=True)
    chip.turn_to(register(60))
    await changed
    assert mixer.read().percent == 60


async def test_an_amplifier_that_does_not_answer_is_a_mixer_error(chip: Chip) -> None:
    chip.fault = AWAY
    with pytest.raises(MixerError, match="amplifier: I2C bus 1, address 0x2f: Remote I/O error"):
        await Tas5806(chip).open()
