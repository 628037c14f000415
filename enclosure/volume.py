"""The volume, and what lowers it for a while: arithmetic, without a mixer. Pure.

Levels are whole percent of the loudest that the device is meant for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

LOUDEST = 100

FIRST_LEVEL = 60
"""Level of a first start: 6 of 10, as on every Mark 1 (mycroft's volume skill)."""

LISTENER = "dinkum-listener"
"""`context.skill_id` of ovos-dinkum-listener. Right before it reports a recording it sets a low volume, and right
before its end, or late, the one from before, even if the user has chosen another one meanwhile (its issue 156)."""

RECORDING = "recording"
"""What lowers the volume during a recording, if that is configured."""

ANNOUNCE_S = 1.0
"""How soon after the listener's set its recording has to begin."""

RECORDING_S = 60.0
"""How long a recording lasts whose end is never reported; OVOS' listener gives up after 10 s."""

MAX_DUCKS = 32
"""Clients that may lower the volume at a time; a device has a handful."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume at one moment; each method returns the one after it.

    Lowering it for a while never makes it louder, and never changes the level that it comes back to.
    """

    level: int
    """The chosen level; above LOUDEST only if another program has set the mixer so."""
    muted: bool = False
    ducks: Mapping[str, int] = field(default_factory=dict)
    """The levels to which it is lowered, by client."""
    recording_until_s: float = -math.inf
    announced: int = LOUDEST
    """The level to which the listener lowers it if a recording begins before `announced_until_s`."""
    announced_until_s: float = -math.inf

    @property
    def heard(self) -> int:
        """The level that is heard, unless it is muted."""
        return min((self.level, *self.ducks.values()))

    def at(self, level: int) -> "Volume":
        """Set to a level, which is clamped, and unmuted."""
        return replace(self, level=min(max(level, 0), LOUDEST), muted=False)

    def raised(self, by: int) -> "Volume":
        """Turned up, from the level before muting; from a level above LOUDEST it does not go down."""
        return self.with_muted(False) if self.level > LOUDEST else self.at(self.level + by)

    def lowered(self, by: int) -> "Volume":
        """Turned down; a muted device stays muted."""
        return replace(self.at(self.level - by), muted=self.muted)

    def with_muted(self, muted: bool) -> "Volume":
        """Muted or unmuted; the level is kept."""
        return replace(self, muted=muted)

    def taken_over(self, now_s: float) -> "Volume":
        """At the level that is heard, and no longer lowered: the user turns it from there, and wants to hear that.

        The client that lowered it may be gone. In a recording it stays lowered: that would contain the sound.
        """
        return self if now_s < self.recording_until_s else replace(self, level=self.heard, ducks={})

    def ducked(self, client: str, level: int) -> "Volume":
        """Lowered by a client until `unducked`; a second time only changes the level."""
        if client not in self.ducks and len(self.ducks) >= MAX_DUCKS:
            return self
        return replace(self, ducks={**self.ducks, client: level})

    def unducked(self, client: str) -> "Volume":
        """No longer lowered by this client."""
        return replace(self, ducks={other: level for other, level in self.ducks.items() if other != client})

    def set_by_listener(self, level: int, now_s: float) -> "Volume":
        """Lowered by the listener in a recording, or for one that begins soon; a higher level ends that.

        At any other time the listener restores what has not changed, and nothing happens.
        """
        if now_s >= self.recording_until_s:
            return replace(self, announced=level, announced_until_s=now_s + ANNOUNCE_S)
        lowered_to = self.ducks.get(LISTENER, LOUDEST)
        return self.ducked(LISTENER, level) if level <= lowered_to else self.unducked(LISTENER)

    def recording(self, now_s: float) -> "Volume":
        """In a recording, lowered as the listener has announced."""
        volume = replace(self, recording_until_s=now_s + RECORDING_S, announced_until_s=-math.inf)
        return volume.ducked(LISTENER, self.announced) if now_s < self.announced_until_s else volume

    def recorded(self) -> "Volume":
        """No longer lowered for a recording."""
        return replace(self.unducked(LISTENER).unducked(RECORDING), recording_until_s=-math.inf)

    def found(self, level: int) -> "Volume":
        """Set at the mixer by another program: heard as it is, so no longer lowered."""
        return replace(self, level=level, ducks={})

    def with_ducks_of(self, other: "Volume") -> "Volume":
        """This level, lowered as the other one is."""
        return replace(other, level=self.level, muted=self.muted)


def start_level(saved: int | None, limit: int | None) -> int:
    """The level to start with: the saved one, or a first one; never above the limit."""
    if saved is None:
        return FIRST_LEVEL if limit is None else limit
    return saved if limit is None else min(saved, limit)


def whole_percent(value: float) -> int:
    """The meaning of a `percent`: 0..1 as documented, or a percentage from 2 to 100, as some clients send."""
    return round(min(value * 100 if value < 2 else value, LOUDEST))
