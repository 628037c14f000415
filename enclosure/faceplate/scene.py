"""What eyes and mouth hand to the device: lines to send, and for how long the result is to be seen. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

REFRESH_S = 10.0
"""How often what stands still is sent again. The firmware's menu wipes pictures, lights dark eyes and discards
what is sent for the mouth, and reports neither that it opens nor that it closes (the real firmware v1.4.2,
measured)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Lines to send, and the seconds from the echo of the last one until the next scene."""

    lines: Sequence[str]
    lasts_s: float
    patient: bool = False
    """Whether it waits while knob or button is used: the firmware samples neither while it reads a line."""


Scenes = Iterator[Scene]
"""One scene after the other; where they end, the last one stays."""
