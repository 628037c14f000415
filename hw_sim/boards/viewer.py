"""A board for the page: eyes on its LEDs, lines and registers, hands on its controls."""

import asyncio
from collections.abc import Coroutine

from enclosure.board import pins
from hw_sim.boards.board import Board
from hw_sim.boards.gpiod import Direction
from hw_sim.faults import Fault
from hw_sim.inputs import Hand, Push, Release, Slide, Turn

FRAME_S = 1 / 20
"""Between two looks at the board; none of our frames is shorter."""


class BoardViewer:
    """A board for the page. While `run` runs, `changed` is set whenever it looks different."""

    def __init__(self, name: str, board: Board) -> None:
        self.changed = asyncio.Event()
        profile = board.profile
        self.board = {
            "name": name,
            "face": False,
            "lights": len(board.colours),
            "full": board.full,
            "buttons": list(profile.buttons),
            "encoders": list(profile.encoders),
            "switches": list(profile.switches),
            "amplifier": board.amplifier is not None,
        }
        self._board = board
        self._lines = list(pins(profile))
        self._moves: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Looks at the board until cancelled."""
        seen: object = None
        while True:
            if (state := self.state()) != seen:
                seen = state
                self.changed.set()
            await asyncio.sleep(FRAME_S)

    def state(self) -> dict[str, object]:
        """What is to be seen."""
        board = self._board
        return {
            **self._level(),
            "lights": ["{:02x}{:02x}{:02x}".format(*colour) for colour in board.colours],
            "muted": dict(board.muted),
            "lines": [self._line(pin, place) for pin, place in self._lines],
            "chips": {
                f"bus {bus}, 0x{address:02x}": chip.registers.hex()
                for (bus, address), chip in board.i2c.chips.items()
            },
        }

    def do(self, hand: Hand) -> None:
        """Moves a control. Raises ValueError for one that the board has not."""
        board, profile = self._board, self._board.profile
        match hand:
            case Push(name) if name in profile.buttons:
                self._begin(board.push(name))
            case Release(name) if name in profile.buttons:
                self._begin(board.release(name))
            case Slide(name, muted) if name in profile.switches:
                self._begin(board.slide(name, muted))
            case Turn(name, detents) if name in profile.encoders:
                self._begin(board.turn(name, detents))
            case _:
                raise ValueError(f"this board has no {hand.name} for this")

    def _level(self) -> dict[str, object]:
        """The level of the amplifier in the place of a sound card's, where the board has one."""
        if self._board.amplifier is None:
            return {}
        level = self._board.level
        return {"mixer": None if level is None else level._asdict()}

    def _line(self, pin: int, place: str) -> dict[str, object]:
        line = self._board.gpio.lines[pin]
        direction = "free" if not line.consumer else "out" if line.settings.direction is Direction.OUTPUT else "in"
        return {
            "pin": pin,
            "place": place,
            "direction": direction,
            "consumer": line.consumer,
            "level": int(line.level),
            "bias": line.settings.bias.name.lower().replace("_", " ") if direction == "in" else "",
        }

    def _begin(self, move: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(move)
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)


def board_faults_of(board: Board) -> list[Fault]:
    """The faults that the chips and contacts of a board can have."""
    profile, gpio, i2c = board.profile, board.gpio, board.i2c

    def bounce(on: bool) -> None:
        board.bounces = on

    gpio_gone = Fault("gpio-gone", "GPIO chip gone", lambda on: board.plug_gpio(not on), lambda: not gpio.present)
    bounces = Fault("bounce", "Contacts bounce", bounce, lambda: board.bounces)
    i2c_gone = Fault("i2c-gone", "I2C chips gone", lambda on: board.plug_chips(not on), lambda: not i2c.chips)
    amplifier_gone = Fault(
        "card-gone", "Amplifier gone", lambda on: board.plug_amplifier(not on), lambda: board.level is None
    )
    possible = (
        (gpio_gone, list(pins(profile))),
        (bounces, profile.buttons or profile.encoders or profile.switches),
        (i2c_gone, i2c.chips),
        (amplifier_gone, board.amplifier is not None),
    )
    return [fault for fault, there in possible if there]
