"""The Mark 1 for the page: eyes on its face, hands on its knob."""

import asyncio

from hw_sim.face import EYES_FULL, Picture
from hw_sim.faceplate import Faceplate
from hw_sim.firmware.board import EYE_PIXELS
from hw_sim.inputs import Hand, Push, Release, Turn

KNOB = "knob"


class FaceViewer:
    """A faceplate for the page. `changed` is set whenever it looks different."""

    def __init__(self, faceplate: Faceplate) -> None:
        self.changed: asyncio.Event = faceplate.changed
        self.board = {
            "name": "mycroft_mark_1",
            "face": True,
            "lights": EYE_PIXELS,
            "full": EYES_FULL,
            "buttons": [KNOB],
            "encoders": [KNOB],
            "switches": [],
            "amplifier": False,
        }
        self._faceplate = faceplate

    def state(self) -> dict[str, object]:
        """What is to be seen."""
        firmware = self._faceplate.firmware
        return {
            "eyes": [f"{pixel:06x}" for pixel in firmware.eyes],
            "mouth": str(Picture(firmware.mouth)).splitlines(),
            "plugged": self._faceplate.plugged,
        }

    def do(self, hand: Hand) -> None:
        """Moves the knob. Raises ValueError for a control that the Mark 1 has not."""
        match hand:
            case Push(name) if name == KNOB:
                self._faceplate.press()
            case Release(name) if name == KNOB:
                self._faceplate.release()
            case Turn(name, detents) if name == KNOB:
                self._faceplate.turn(detents)
            case _:
                raise ValueError(f"the Mark 1 has no {hand.name} for this")
