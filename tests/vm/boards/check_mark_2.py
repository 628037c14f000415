"""A Mark II's development kit: buttons, slider, ring and amplifier."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.vm.boards.device import UNIT, Device, said, systemctl, until
from tests.vm.boards.hands import AMPLIFIER, RING, GpioSim, register

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACTION, VOLUME_UP, VOLUME_DOWN, MUTE = 24, 22, 23, 25

STATE, VOLUME = 0x03, 0x4C
PLAYS, LOUDEST, QUIETEST = 0x03, 0x54, 0xD2

SHOWN = 30
"""Registers of the stub that hold the first ten LEDs; those of the last two are written over 10 to 15."""

ONCE = Path("/run/systemd/system", f"{UNIT}.d", "once.conf")

GREEN = [0, 51, 12]
"""A ring that listens, at a fifth of its brightness."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mark2(device: Device, chip: GpioSim) -> AsyncIterator[Device]:
    """The device, started with its slider on mute."""
    chip.drive(MUTE, True)
    for line in (ACTION, VOLUME_UP, VOLUME_DOWN):
        chip.drive(line, True)
    await device.start({"platform": "sj201_r6"})
    yield device
    await systemctl("stop", UNIT)


async def check_a_slider_on_mute_is_reported_at_the_start(mark2: Device, chip: GpioSim) -> None:
    assert (await mark2.first("mycroft.switch.state")).data == {"name": "mute", "state": "off"}
    await mark2.first("mycroft.mic.mute")
    await chip.press(ACTION)
    assert (await mark2.first("mycroft.mic.error")).data == {"error": "mic_sw_muted"}
    chip.drive(MUTE, False)
    await mark2.first("mycroft.mic.unmute")


async def check_a_press_and_a_hold(mark2: Device, chip: GpioSim) -> None:
    await chip.press(ACTION)
    await mark2.first("mycroft.mic.listen")
    await chip.press(ACTION, 1.2)
    await mark2.first("mycroft.stop")


async def check_contacts_that_bounce_are_one_press(mark2: Device, chip: GpioSim) -> None:
    await chip.bounce(ACTION)
    await asyncio.sleep(0.06)
    chip.drive(ACTION, True)
    await mark2.first("mycroft.mic.listen")
    chip.drive(MUTE, True)
    await mark2.first("mycroft.mic.mute")
    assert not mark2.skipped("mycroft.mic.listen")
    chip.drive(MUTE, False)
    await mark2.first("mycroft.mic.unmute")


async def check_the_amplifier_is_the_volume(mark2: Device, chip: GpioSim) -> None:
    await until(lambda: register(AMPLIFIER, STATE) == PLAYS)
    await until(lambda: LOUDEST < register(AMPLIFIER, VOLUME) < QUIETEST)
    before = register(AMPLIFIER, VOLUME)
    await chip.press(VOLUME_UP)
    await mark2.first("mycroft.volume.increase")
    await until(lambda: register(AMPLIFIER, VOLUME) < before)
    assert await mark2.set_volume(1.0) == 1.0
    assert register(AMPLIFIER, VOLUME) == LOUDEST
    await chip.press(VOLUME_DOWN)
    await mark2.first("mycroft.volume.decrease")
    await until(lambda: register(AMPLIFIER, VOLUME) > LOUDEST)


async def check_the_ring_shows_what_goes_on(mark2: Device) -> None:
    await mark2.send("mycroft.ready")
    await mark2.send("recognizer_loop:record_begin")
    await until(lambda: ring()[:9] == GREEN * 3)
    await mark2.send("recognizer_loop:record_end")
    await until(lambda: ring() == [0] * SHOWN)


async def check_a_chip_that_goes_away_comes_back(mark2: Device, chip: GpioSim) -> None:
    chip.pull_out()
    await mark2.part("controls", "missing")
    await mark2.send("recognizer_loop:record_begin")
    await until(lambda: ring()[:9] == GREEN * 3)  # the rest of the device goes on
    await mark2.send("recognizer_loop:record_end")
    chip.plug_in()
    chip.drive(MUTE, True)
    await mark2.part("controls", "connected")
    await mark2.first("mycroft.mic.mute")
    chip.drive(MUTE, False)
    await mark2.first("mycroft.mic.unmute")


async def check_a_taken_line_names_its_owner(mark2: Device, chip: GpioSim) -> None:
    await systemctl("stop", UNIT)
    assert ring() == [0] * SHOWN, "dark at the end"
    monitor = ("gpiomon", "--chip", chip.name, "--consumer", "ovos-hotkeys", str(VOLUME_UP))
    rival = await asyncio.create_subprocess_exec(*monitor)
    try:
        await until(lambda: "ovos-hotkeys" in said("gpioinfo", "--chip", chip.name, str(VOLUME_UP)))
        await systemctl("start", UNIT)
        taken = await mark2.first("enclosure.board.state", lambda data: data["state"] == "taken")
        assert taken.data["detail"] == "GPIO22 is taken by ovos-hotkeys"
    finally:
        with contextlib.suppress(ProcessLookupError):
            rival.terminate()
        await rival.wait()
    await mark2.part("controls", "connected")
    chip.drive(MUTE, False)  # gpio-sim has one pull for a line: the daemon's pull-up has moved the slider
    await mark2.first("mycroft.mic.unmute")


async def check_the_ring_is_dark_after_the_daemon_was_killed(mark2: Device) -> None:
    await mark2.send("mycroft.ready")
    await mark2.send("recognizer_loop:record_begin")
    await until(lambda: ring()[:9] == GREEN * 3)
    ONCE.parent.mkdir(parents=True, exist_ok=True)
    ONCE.write_text("[Service]\nRestart=no\n")  # or the next daemon would light it again
    try:
        await systemctl("daemon-reload")
        await systemctl("kill", "--signal=KILL", UNIT)
        await until(lambda: ring() == [0] * SHOWN)
    finally:
        ONCE.unlink()
        await systemctl("daemon-reload")
        await systemctl("start", UNIT)


def ring() -> list[int]:
    """Red, green and blue of its first ten LEDs, as they were written last."""
    return [register(RING, number) for number in range(SHOWN)]
