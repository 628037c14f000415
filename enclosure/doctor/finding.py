"""What a check finds."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """What a finding amounts to."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """It could not be checked here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    name: str
    verdict: Verdict
    found: str
    mend: str | None = None
    """The command that mends it, or, of what was skipped, that checks it."""
    by_hand: bool = False
    """Whether no command mends it, and `mend` says what the owner has to do."""


def ok(name: str, found: str) -> Finding:
    """Nothing to mend."""
    return Finding(name, Verdict.OK, found)


def warn(name: str, found: str, mend: str) -> Finding:
    """It works, with less than it could do."""
    return Finding(name, Verdict.WARN, found, mend)


def fail(name: str, found: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(name, Verdict.FAIL, found, mend)


def skip(name: str, found: str, mend: str | None = None) -> Finding:
    """It could not be checked; `mend` says how it can."""
    return Finding(name, Verdict.SKIP, found, mend)


def by_hand(finding: Finding) -> Finding:
    """The same finding, whose mend is no command."""
    return replace(finding, by_hand=True)
