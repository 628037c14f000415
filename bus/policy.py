"""Who may connect. Pure: addresses and headers in, a verdict out."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(address: str) -> bool:
    """Whether an address, or the name localhost, is on this machine and nowhere else."""
    if address == "localhost":
        return True
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def origin_allowed(origin: str | None, host: str | None, listed: Collection[str]) -> bool:
    """Whether a handshake with this Origin header may go on.

    Browsers always send the origin of the page; a page from anywhere could otherwise send
    system.factory.reset. websocket-client, which the Mycroft and OVOS clients use, sends the bus's own address
    instead. No page comes from there, and a rebound DNS name cannot pose as an address.
    """
    if origin is None or origin in listed:
        return True
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    return page.netloc == host and is_loopback(page.hostname or "")
