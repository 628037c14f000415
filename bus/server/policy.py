"""Who may connect, and who may send what. Pure: addresses, headers, tokens and types in, a verdict out."""

from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from bus.contract.ours import CONNECTED, PRIVILEGED
from bus.daemon.authority import ADMIN_GROUP
from bus.daemon.config import Role, Token


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


def role_of(token: str | None, tokens: Mapping[str, Token]) -> Role | None:
    """What the bearer of a token may do; None: no such token. Takes the same time for any wrong one."""
    import hashlib  # noqa: PLC0415  # it loads OpenSSL, which a bus without TLS and tokens does without
    import hmac  # noqa: PLC0415

    digest = hashlib.sha256((token or "").encode(errors="surrogatepass")).hexdigest()
    found = None
    for known in tokens.values():
        if hmac.compare_digest(digest, known.sha256):
            found = known.role
    return found


def denial(msg_type: str, role: Role, may_administer: Callable[[], bool]) -> str | None:
    """Why a client may not send this type; None: it may. `may_administer` is asked for privileged types only."""
    if role is Role.OBSERVE:
        return "this client may only listen"
    if msg_type.startswith("bus.") or msg_type == CONNECTED.name:  # OVOS clients take their session from that
        return "only the bus itself says this"
    if msg_type in PRIVILEGED and not may_administer():
        return f"only root, the device's own services and members of {ADMIN_GROUP} may send this"
    return None
