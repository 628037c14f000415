"""URLs in the settings of the bridges. Pure."""

from urllib.parse import SplitResult, urlsplit

from bus.errors import ConfigError


def parts_of(url: str, place: str) -> tuple[SplitResult, int | None]:
    """A URL and its port, if it has one; `place` is where it stands. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from error
