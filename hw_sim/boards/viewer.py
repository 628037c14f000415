"""What a person sees of a board and does with it, as JSON for a page.

A state is ``{"board": name, "buttons": [name], "switches": {name: muted}, "encoders": [name],
"leds": ["rrggbb"]}``.
A command is ``{"do": "push", "name": "talk"}``, or "release";
``{"do": "slide", "name": "mute", "muted": true}``; or ``{"do": "turn", "name": "knob", "detents": 1}``.
"""

import asyncio

import msgspec

from hw_sim.boards.board import Board

FRAME_S = 1 / 20
"""Between two looks at the LEDs; none of our frames is shorter."""

MAX_DETENTS = 100
"""Of one command, either way."""


class BoardInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a user does on the page."""

    do: str
    name: str
    muted: bool = False
    detents: int = 1


_decode = msgspec.json.Decoder(BoardInput).decode


class BoardViewer:
    """A board for a page. `run` finds out when it looks different."""

    page = "board.html"

    def __init__(self, name: str, board: Board) -> None:
        self.changed = asyncio.Event()
        self._name = name
        self._board = board
        self._moves: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Sets `changed` whenever the LEDs look different, until cancelled."""
        shown: object = None
        while True:
            if (colours := self._board.colours) != shown:
                shown = colours
                self.changed.set()
            await asyncio.sleep(FRAME_S)

    def state(self) -> str:
        """What is to be seen."""
        profile = self._board.profile
        seen = {
            "board": self._name,
            "buttons": list(profile.buttons),
            "switches": dict(self._board.muted),
            "encoders": list(profile.encoders),
            "leds": ["{:02x}{:02x}{:02x}".format(*colour) for colour in self._board.colours],
        }
        return msgspec.json.encode(seen).decode()

    def do(self, command: str | bytes) -> None:
        """Carries out a command. Raises ValueError for what is none."""
        wanted = _decode(command)
        board, profile = self._board, self._board.profile
        match wanted.do:
            case "push" if wanted.name in profile.buttons:
                move = board.push(wanted.name)
            case "release" if wanted.name in profile.buttons:
                move = board.release(wanted.name)
            case "slide" if wanted.name in profile.switches:
                move = board.slide(wanted.name, wanted.muted)
                self.changed.set()
            case "turn" if wanted.name in profile.encoders:
                move = board.turn(wanted.name, max(-MAX_DETENTS, min(MAX_DETENTS, wanted.detents)))
            case _:
                raise ValueError(f"cannot {wanted.do!r} {wanted.name!r}")
        task = asyncio.create_task(move)
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)
