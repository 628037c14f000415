"""Fixtures for the tests of skills: a device in simulation that the test presses, turns, listens to and looks at.

pytest loads this file wherever the package is installed, so it imports the rest only for tests that use a fixture.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hw_sim.testing.board import BoardDevice
    from hw_sim.testing.mark1 import Mark1


@pytest.fixture
def mark1() -> Iterator["Mark1"]:
    """A Mark 1 that has just started."""
    from hw_sim.testing.mark1 import Mark1  # noqa: PLC0415  # see the top

    with Mark1() as device:
        yield device


@pytest.fixture
def picroft() -> Iterator["BoardDevice"]:
    """A Picroft that has just started: a Raspberry Pi with three buttons, and without LEDs."""
    yield from _board("picroft")


@pytest.fixture
def mark2() -> Iterator["BoardDevice"]:
    """A Mark II that has just started: three buttons, a switch that mutes, and a ring of 12 LEDs."""
    yield from _board("sj201_r10")


def _board(name: str) -> Iterator["BoardDevice"]:
    from hw_sim.testing.board import BoardDevice  # noqa: PLC0415  # see the top

    with BoardDevice(name) as device:
        yield device


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Shows where two pictures differ."""
    from hw_sim.face import Picture, difference  # noqa: PLC0415  # see the top

    if op == "==" and any(isinstance(side, Picture) for side in (left, right)):
        shown, expected = (right, left) if isinstance(right, Picture) else (left, right)
        return ["the mouth shows another picture", *difference(str(shown), str(expected))]
    return None
