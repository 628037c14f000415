"""What a misspelt name was meant to be."""

from collections.abc import Collection


def nearest(name: str, known: Collection[str], likeness: float = 0.6) -> str | None:
    """The known name most like this one; None if none has at least this likeness, from 0 to 1."""
    from difflib import get_close_matches  # noqa: PLC0415  # seldom needed

    return next(iter(get_close_matches(name, known, 1, likeness)), None)
