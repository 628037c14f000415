"""Tests of the skill on simulated devices; docs/simulator.md describes the fixtures mark1, picroft and mark2."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dice import DiceSkill

from bus import MessageBusClient
from hw_sim.testing.board import BoardDevice
from hw_sim.testing.device import SimulatedDevice
from hw_sim.testing.mark1 import Mark1

FOUR = """
    ..#.
    .##.
    #.#.
    ####
    ..#.
"""


class LoadedDice(random.Random):
    """Dice that always show a 4."""

    def randint(self, _: int, __: int) -> int:
        return 4


@contextmanager
def dice_on(device: SimulatedDevice) -> Iterator[None]:
    """Runs the skill on the bus of a device."""
    bus = MessageBusClient(port=device.bus_port)
    DiceSkill(bus, LoadedDice())
    bus.run_in_thread()
    bus.connected_event.wait(10)
    yield
    bus.close()


def test_the_number_is_said_and_shown(mark1: Mark1) -> None:
    with dice_on(mark1):
        mark1.send("dice.roll")
        assert mark1.wait_for("speak").data["utterance"] == "You rolled a 4."
        mark1.face.wait_for(text="4")
        assert mark1.face.mouth == FOUR
        assert mark1.face.eyes == "#0000ff"


def test_a_double_colours_the_eyes(mark1: Mark1) -> None:
    with dice_on(mark1):
        mark1.send("dice.roll")
        mark1.send("dice.roll")
        mark1.face.wait_for(eyes="#ffa000")


def test_the_number_appears_once_the_face_is_plugged_in(mark1: Mark1) -> None:
    with dice_on(mark1):
        mark1.unplug()
        mark1.send("dice.roll")
        mark1.wait_for("speak")
        mark1.plug()
        mark1.face.wait_for(text="4")


@pytest.mark.parametrize("device", ["mark1", "picroft", "mark2"])
def test_a_press_rolls_on_every_device(device: str, request: pytest.FixtureRequest) -> None:
    pressed: Mark1 | BoardDevice = request.getfixturevalue(device)
    with dice_on(pressed):
        pressed.press()
        pressed.wait_for("speak")
