"""How loud it should be, and who lowers that for a while: arithmetic, without a mixer.

Levels are whole percent of the loudest that the device is meant for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

LOUDEST = 100

FIRST_LEVEL = 60
"""Of a device that starts for the first time: level 6 of 10, as on every Mark 1 (mycroft's volume skill)."""

LISTENER = "dinkum-listener"
"""The skill_id of ovos-dinkum-listener. Right before it says that a recording begins it sets a low volume, and
right before the end, or late, the one from before, also when somebody has chosen another one (its issue 156)."""

RECORDING = "recording"
"""Who lowers the volume while somebody speaks, where that is configured."""

ANNOUNCE_S = 1.0
"""How soon after such a set the recording has to begin that it is for."""

RECORDING_S = 60.0
"""The longest recording there is, in case nobody says that it has ended; OVOS' listener gives up after 10 s."""

MAX_DUCKS = 32
"""Who may lower it at a time; a device has a handful."""


@dataclass(frozen=True, slots=True)
class Volume:
    """The volume at one moment; each method returns the one after it.

    Whoever lowers it for a while never makes it louder, and never changes what it comes back to.
    """

    level: int
    """What somebody has chosen; above LOUDEST only where another program has done so at the mixer."""
    muted: bool = False
    ducks: Mapping[str, int] = field(default_factory=dict)
    """To which level it is lowered, by whom."""
    recording_until_s: float = -math.inf
    announced: int = LOUDEST
    """To which level the listener lowers it if a recording begins before `announced_until_s`."""
    announced_until_s: float = -math.inf

    @property
    def heard(self) -> int:
        """The level as it is now, were it not muted."""
        return min((self.level, *self.ducks.values()))

    def at(self, level: int) -> "Volume":
        """Set to a level, which is clamped; whoever sets it wants to hear it."""
        return replace(self, level=min(max(level, 0), LOUDEST), muted=False)

    def raised(self, by: int) -> "Volume":
        """Turned up from the level before muting; never down, from a level above LOUDEST."""
        return self.with_muted(False) if self.level > LOUDEST else self.at(self.level + by)

    def lowered(self, by: int) -> "Volume":
        """Turned down; whoever turns a muted device down does not want to hear it."""
        return replace(self.at(self.level - by), muted=self.muted)

    def with_muted(self, muted: bool) -> "Volume":
        """Muted or unmuted; the level is remembered."""
        return replace(self, muted=muted)

    def taken_over(self, now_s: float) -> "Volume":
        """At the level that is heard, and lowered by nobody: from here somebody turns it who wants to hear that.

        Whoever lowered it may be gone. Not so in a recording, which would hear it, too.
        """
        return self if now_s < self.recording_until_s else replace(self, level=self.heard, ducks={})

    def ducked(self, who: str, level: int) -> "Volume":
        """Lowered by somebody, until `unducked`; a second time changes only to which level."""
        if who not in self.ducks and len(self.ducks) >= MAX_DUCKS:
            return self
        return replace(self, ducks={**self.ducks, who: level})

    def unducked(self, who: str) -> "Volume":
        """No longer lowered by him."""
        return replace(self, ducks={other: level for other, level in self.ducks.items() if other != who})

    def set_by_listener(self, level: int, now_s: float) -> "Volume":
        """Lowered by the listener while a recording goes on, or begins soon; no longer by a higher level.

        Any other time it only restores what has never changed.
        """
        if now_s >= self.recording_until_s:
            return replace(self, announced=level, announced_until_s=now_s + ANNOUNCE_S)
        lowered_to = self.ducks.get(LISTENER, LOUDEST)
        return self.ducked(LISTENER, level) if level <= lowered_to else self.unducked(LISTENER)

    def recording(self, now_s: float) -> "Volume":
        """While a recording goes on, lowered as the listener has announced."""
        volume = replace(self, recording_until_s=now_s + RECORDING_S, announced_until_s=-math.inf)
        return volume.ducked(LISTENER, self.announced) if now_s < self.announced_until_s else volume

    def recorded(self) -> "Volume":
        """No longer lowered for a recording."""
        return replace(self.unducked(LISTENER).unducked(RECORDING), recording_until_s=-math.inf)

    def found(self, level: int) -> "Volume":
        """Set at the mixer by another program: heard as it is, so nobody lowers it any more."""
        return replace(self, level=level, ducks={})

    def with_ducks_of(self, other: "Volume") -> "Volume":
        """This level, lowered by whoever lowers the other one."""
        return replace(other, level=self.level, muted=self.muted)


def start_level(saved: int | None, limit: int | None) -> int:
    """The level to start with: that from before the restart, or a first one; never above the limit."""
    if saved is None:
        return FIRST_LEVEL if limit is None else limit
    return saved if limit is None else min(saved, limit)


def whole_percent(value: float) -> int:
    """What clients mean by a `percent`: 0..1 as it should be, or a percentage from 2 to 100."""
    return round(min(value * 100 if value < 2 else value, LOUDEST))
