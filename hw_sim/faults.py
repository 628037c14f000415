"""Faults that the page switches on and off in the running simulation."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from hw_sim.faceplate import Faceplate
from hw_sim.links import Cable
from hw_sim.process import Program

NOISE = 0.01
"""Probability that a bit of a byte is inverted: so that a person sees damaged lines soon."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its switch, and whether it is on. A momentary one is over at once, and is never on."""

    name: str
    text: str
    """What it does, for the button of the page."""
    switch: Callable[[bool], None]
    is_on: Callable[[], bool] | None = None
    """None for a momentary one."""

    def state(self) -> dict[str, object]:
        """What the page shows of it."""
        on = self.is_on is not None and self.is_on()
        return {"name": self.name, "text": self.text, "on": on, "momentary": self.is_on is None}


def face_faults(faceplate: Faceplate) -> list[Fault]:
    """The faults of a faceplate and its serial line."""
    cable, usual = faceplate.cable, Cable()

    def unplug(on: bool) -> None:
        (faceplate.unplug if on else faceplate.plug)()

    def garble(on: bool) -> None:
        cable.noise = NOISE if on else usual.noise

    def dribble(on: bool) -> None:
        cable.burst = 1 if on else usual.burst

    return [
        Fault("unplugged", "Faceplate unplugged", unplug, lambda: not faceplate.plugged),
        Fault("garbled", "Garbled serial line", garble, lambda: cable.noise > 0),
        Fault("one-byte", "One byte at a time", dribble, lambda: cable.burst == 1),
        Fault("reset", "Faceplate reset", lambda _: faceplate.power_cycle()),
    ]


class Switching:
    """Makes the faults that stop or hang a program; only one program stops or starts at a time."""

    def __init__(self, group: asyncio.TaskGroup, changed: Callable[[], None]) -> None:
        self._group = group
        self._changed = changed
        self._lock = asyncio.Lock()

    def program(self, name: str, text: str, program: Program) -> Fault:
        """A program that is away while the fault is on."""

        async def switch(on: bool) -> None:
            if on == program.running:
                await (program.stop() if on else self._start(program))

        return Fault(name, text, lambda on: self._begin(switch(on)), lambda: not program.running)

    def restart(self, name: str, text: str, program: Program) -> Fault:
        """A program that ends, and starts again."""

        async def restart() -> None:
            await program.stop()
            await self._start(program)

        return Fault(name, text, lambda _: self._begin(restart()))

    def hang(self, name: str, text: str, program: Program, changed: Callable[[], None]) -> Fault:
        """A program that hangs while the fault is on; `changed` is called when that changes."""

        def switch(on: bool) -> None:
            program.pause(on)
            changed()

        return Fault(name, text, switch, lambda: program.paused)

    async def _start(self, program: Program) -> None:
        await program.start()
        self._group.create_task(program.watch())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._group.create_task(self._do(work))

    async def _do(self, work: Coroutine[Any, Any, None]) -> None:
        async with self._lock:
            await work
        self._changed()
