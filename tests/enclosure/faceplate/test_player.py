"""When scenes go out, on a link that only notes what it gets."""

import asyncio
from collections.abc import Callable
from typing import cast

from enclosure.faceplate.link import Link
from enclosure.faceplate.player import Player
from enclosure.faceplate.scene import Scene


class Wire:
    """Takes lines, and has them echoed when the test wants it."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._echoed: list[Callable[[], object]] = []
        self.busy_s = 0.0
        self.scenes = 0
        self.player = Player(cast("Link", self), lambda: self.busy_s, self._on_scene)

    def send(self, line: str, echoed: Callable[[], object] | None = None) -> None:
        self.sent.append(line)
        if echoed is not None:
            self._echoed.append(echoed)

    def echo(self) -> None:
        """Has all that was sent so far echoed."""
        echoed, self._echoed = self._echoed, []
        for act in echoed:
            act()

    def _on_scene(self) -> None:
        self.scenes += 1


async def test_a_scene_lasts_from_the_echo_of_its_last_line() -> None:
    wire = Wire()
    wire.player.play(iter([Scene(("a", "b"), 2.0), Scene((), 1.0), Scene(("c",), 1.0)]))
    assert wire.sent == ["a", "b"]
    await asyncio.sleep(5)
    assert wire.sent == ["a", "b"]
    wire.echo()
    await asyncio.sleep(2.9)
    assert wire.sent == ["a", "b"]
    await asyncio.sleep(0.2)
    assert wire.sent == ["a", "b", "c"]
    wire.echo()
    await asyncio.sleep(5)
    assert wire.sent == ["a", "b", "c"]


async def test_the_late_echo_of_an_old_scene_does_not_hurry_the_new_one() -> None:
    wire = Wire()
    wire.player.play(iter([Scene(("old",), 0.5)]))
    wire.player.play(iter([Scene(("new",), 5.0), Scene(("next",), 5.0)]))
    wire.echo()
    await asyncio.sleep(4.9)
    assert wire.sent == ["old", "new"]
    await asyncio.sleep(0.2)
    assert wire.sent == ["old", "new", "next"]


async def test_a_patient_scene_waits_while_knob_or_button_is_used() -> None:
    wire = Wire()
    wire.busy_s = 1.0
    wire.player.play(iter([Scene(("a",), 1.0), Scene(("b",), 1.0, patient=True)]))
    wire.echo()
    await asyncio.sleep(5)
    assert wire.sent == ["a"]
    wire.busy_s = 0.0
    await asyncio.sleep(1.1)
    assert wire.sent == ["a", "b"]


async def test_hurry_goes_on_at_once() -> None:
    wire = Wire()
    wire.player.play(iter([Scene(("a",), 10.0), Scene(("b",), 10.0), Scene(("c",), 10.0)]))
    wire.echo()
    wire.player.hurry()
    assert wire.sent == ["a", "b"]
    wire.echo()
    await asyncio.sleep(9)
    assert wire.sent == ["a", "b"]
    assert wire.scenes == 2
