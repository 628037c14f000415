"""Patterns of message types: what a client subscribes to. Pure, and linear in the length of a type."""

from collections.abc import Iterable

from bus.errors import PayloadError

MAX_PATTERNS = 64
"""Maximum number of patterns in one subscription."""

MAX_LENGTH = 100
"""Maximum number of characters in one pattern."""

MAX_LOOSE = 8
"""Maximum number of patterns with a * that is not at the end; each is searched for on its own."""

MAX_STARS = 4
"""Maximum number of * in one of those."""


class Patterns:
    """Patterns, compiled once. A * stands for any number of characters, every other character for itself."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises PayloadError for more than the limits of this module, and for what is no pattern."""
        self._exact: set[str] = set()
        self._loose: list[list[str]] = []
        prefixes = []
        for number, pattern in enumerate(patterns, start=1):
            parts = _parts(pattern)
            if number > MAX_PATTERNS:
                raise PayloadError(f"more than {MAX_PATTERNS} patterns")
            if len(parts) == 1:
                self._exact.add(pattern)
            elif len(parts) == 2 and not parts[1]:
                prefixes.append(parts[0])
            else:
                self._loose.append(parts)
        if len(self._loose) > MAX_LOOSE:
            raise PayloadError(f"more than {MAX_LOOSE} patterns have a * that is not at the end")
        self._prefixes = tuple(prefixes)

    def name(self, msg_type: str) -> bool:
        """Whether one of the patterns is this type itself, without a *."""
        return msg_type in self._exact

    def match(self, msg_type: str) -> bool:
        """Whether a type matches one of the patterns."""
        return (
            msg_type in self._exact
            or msg_type.startswith(self._prefixes)
            or any(_has_parts(msg_type, parts) for parts in self._loose)
        )


def _parts(pattern: object) -> list[str]:
    """The texts between the * of a pattern. Raises PayloadError."""
    if not isinstance(pattern, str) or len(pattern) > MAX_LENGTH:
        raise PayloadError(f"a pattern is not a text of up to {MAX_LENGTH} characters")
    if "?" in pattern or "[" in pattern:
        raise PayloadError(f"{pattern}: the only wildcard is *")
    parts = pattern.split("*")
    if len(parts) > MAX_STARS + 1:
        raise PayloadError(f"{pattern}: more than {MAX_STARS} *")
    return parts


def _has_parts(text: str, parts: list[str]) -> bool:
    """Whether a text begins with the first part, ends with the last, and has the others between, in this order."""
    first, *inner, last = parts
    position, end = len(first), len(text) - len(last)
    if position > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for part in inner:  # the first place that fits leaves the most for the parts that follow
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True
