"""Which board this is, by the signs that were seen and those that the profiles ask for. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from enclosure.board import DetectSettings
from enclosure.detect import signs


@dataclass(frozen=True, slots=True)
class Candidate:
    """A board that this may be."""

    platform: str
    """The name of its profile."""
    seen: frozenset[str]
    """Its signs that were seen."""
    alike: tuple[str, ...] = ()
    """Other boards with the same signs, which have no profile."""
    own: bool = False
    """Whether the profile is the owner's."""

    @property
    def is_usb(self) -> bool:
        """Whether it is a USB device, which may be plugged into any other board."""
        return all(sign.startswith(signs.USB) for sign in self.seen)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the signs amount to: no candidate, the board, or several that cannot be told apart."""

    candidates: tuple[Candidate, ...] = ()

    @property
    def platform(self) -> str | None:
        """The board; None without any sign of one, and where another board has the same signs."""
        if len(self.candidates) == 1 and not self.candidates[0].alike:
            return self.candidates[0].platform
        return None


def judge(
    boards: Mapping[str, Sequence[DetectSettings]], seen: Collection[str], own: Collection[str] = ()
) -> Verdict:
    """The boards with a [[detect]] table whose signs were all seen, without those that another one rules out.

    That is one with the same signs and more, or with the same signs in a profile of the owner (`own`). A USB
    device is ruled out by any board on the header.
    """
    found = [
        candidate
        for platform, tables in boards.items()
        if (candidate := _candidate(platform, tables, seen, platform in own)) is not None
    ]
    on_pins = [candidate for candidate in found if not candidate.is_usb]
    found = on_pins or found
    return Verdict(tuple(this for this in found if not any(_rules_out(other, this) for other in found)))


def _candidate(
    platform: str, tables: Sequence[DetectSettings], seen: Collection[str], own: bool
) -> Candidate | None:
    met = [table for table in tables if signs.of(table).issubset(seen)]
    if not met:
        return None
    proven = any(table.alike is None for table in met)
    alike = () if proven else tuple(dict.fromkeys(table.alike for table in met if table.alike is not None))
    return Candidate(platform, frozenset().union(*map(signs.of, met)), alike, own)


def _rules_out(one: Candidate, other: Candidate) -> bool:
    return one.seen > other.seen or (one.seen == other.seen and one.own and not other.own)
