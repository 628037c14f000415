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


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: `localhost`, or an address that never leaves it."""
    from ipaddress import ip_address  # noqa: PLC0415  # the bridge to a broker elsewhere does without it

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
