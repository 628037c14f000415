"""What a person sees and does: the face as data for a viewer, and the commands that a viewer may send.

Both are JSON. A state is ``{"eyes": [24 x "rrggbb"], "mouth": [8 x 32 characters, "#" lit], "plugged": bool}``; a
command is ``{"do": "turn", "detents": 1}``, or "press", "release", "plug", "unplug", "power-cycle".
"""

import msgspec

from hw_sim.faceplate import Faceplate


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a user does on the page."""

    do: str
    detents: int = 1


_decode = msgspec.json.Decoder(Input).decode

MAX_DETENTS = 100
"""Of one command, either way: five turns of the knob."""


class FaceViewer:
    """A faceplate for a page."""

    page = "index.html"

    def __init__(self, faceplate: Faceplate) -> None:
        self.changed = faceplate.changed
        self._faceplate = faceplate

    def state(self) -> str:
        """What is to be seen."""
        firmware = self._faceplate.firmware
        seen = {
            "eyes": [f"{pixel:06x}" for pixel in firmware.eyes],
            "mouth": [f"{row:032b}".replace("0", ".").replace("1", "#") for row in firmware.mouth],
            "plugged": self._faceplate.plugged,
        }
        return msgspec.json.encode(seen).decode()

    def do(self, command: str | bytes) -> None:
        """Carries out a command. Raises ValueError for what is none."""
        wanted = _decode(command)
        faceplate = self._faceplate
        actions = {
            "press": faceplate.press,
            "release": faceplate.release,
            "plug": faceplate.plug,
            "unplug": faceplate.unplug,
            "power-cycle": faceplate.power_cycle,
        }
        if wanted.do == "turn":
            faceplate.turn(max(-MAX_DETENTS, min(MAX_DETENTS, wanted.detents)))
        elif wanted.do in actions:
            actions[wanted.do]()
        else:
            raise ValueError(f"cannot {wanted.do!r}")
