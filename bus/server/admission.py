"""Which handshake is accepted. Pure: a request and where it comes from in, a role or a refusal out."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from bus.daemon.config import Role, Token

_METHOD = b"GET "


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a connection is not accepted."""

    status: HTTPStatus
    reason: str
    """In words for its user, who reads them in the response or in the log."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of the HTTP response; empty for those of a plain text."""

    @property
    def response(self) -> bytes:
        """The whole HTTP response."""
        body = f"{self.reason}\n"
        headers = self.headers or (
            ("Connection", "close"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body.encode()))),
        )
        lines = (f"HTTP/1.1 {self.status.value} {self.status.phrase}", *map(": ".join, headers), "", body)
        return "\r\n".join(lines).encode()


NOT_HTTP = Refusal(HTTPStatus.BAD_REQUEST, "This is not the request of a WebSocket handshake.")
NOT_ASCII = Refusal(HTTPStatus.BAD_REQUEST, "A request has ASCII characters only.")
TOO_EAGER = Refusal(HTTPStatus.BAD_REQUEST, "A client has to wait for the response to its handshake.")
TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "The request is larger than bus.max_header, or has more than 128 lines or one over 8 KB.",
)
TOO_LATE = Refusal(HTTPStatus.REQUEST_TIMEOUT, "The handshake took longer than bus.handshake_timeout.")
TOO_MANY = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections, see bus.max_clients.")
NOT_SECURE = Refusal(
    HTTPStatus.FORBIDDEN, "Another machine needs bus.remote_port and a token, see docs/how-to/remote-access.md."
)


def is_request(start: bytes) -> bool:
    """Whether this may be how a request begins."""
    return _METHOD.startswith(start[: len(_METHOD)])


def without_empty_body(request: bytes) -> bytes:
    """A request without the header by which Java's client says that it has no body; websockets refuses it."""
    lines = request.split(b"\r\n")
    return b"\r\n".join(line for line in lines if line.lower().replace(b" ", b"") != b"content-length:0")


def admit(
    path: str,
    headers: Iterable[tuple[str, str]],
    *,
    local: bool,
    hostname: str,
    route: str,
    allowed_origins: Collection[str],
    tokens: Mapping[str, Token],
) -> Role | Refusal:
    """What the client may do that sends this request; `local` where it is on this machine, which is `hostname`.

    A valid token outranks the Origin: its bearer was admitted by the owner of the device, whatever the program is.
    """
    fields: dict[str, str] = {}
    for name, value in headers:
        fields[name.lower()] = f"{fields[name.lower()]}, {value}" if name.lower() in fields else value
    target, _, query = path.partition("?")
    if target != route:
        return Refusal(HTTPStatus.NOT_FOUND, f"The bus is at {route}.")
    token = _token(fields.get("authorization", ""), query)
    role = role_of(token, tokens) if token is not None else None
    if local and origin_allowed(fields.get("origin"), fields.get("host"), hostname, allowed_origins):
        return Role.CONTROL
    if role is not None:
        return role
    if local:
        origin = f"{fields['origin']:.200}"
        return Refusal(HTTPStatus.FORBIDDEN, f"Pages of {origin} are not in bus.allowed_origins in mycroft.conf.")
    return Refusal(
        HTTPStatus.UNAUTHORIZED, "Another machine needs a token of bus.tokens, see docs/how-to/remote-access.md."
    )


def is_loopback(address: str) -> bool:
    """Whether an address is on this machine and nowhere else."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


def origin_allowed(origin: str | None, host: str | None, hostname: str, listed: Collection[str]) -> bool:
    """Whether a handshake with this Origin header may come from this machine.

    Browsers always send the origin of the page; a page from anywhere could otherwise send system.factory.reset.
    websocket-client, which the Mycroft and OVOS clients use, sends the address of the bus, as it has it, in both
    Origin and Host. A page cannot pose as that: where the bus listens, no pages are. But a page can have a name of
    its author's choice that leads to this machine later (DNS rebinding), so the address has to be a number or a
    name of this machine.
    """
    if origin is None or origin in listed:
        return True
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    return page.netloc == host and _is_this_machine(page.hostname or "", hostname)


def role_of(token: str, tokens: Mapping[str, Token]) -> Role | None:
    """What the bearer of a token may do; None: no such token. Takes the same time for any wrong one."""
    import hashlib  # noqa: PLC0415  # it loads OpenSSL, which a bus without TLS and tokens does without
    import hmac  # noqa: PLC0415

    digest = hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
    found = None
    for known in tokens.values():
        if hmac.compare_digest(digest, known.sha256):
            found = known.role
    return found


def _is_this_machine(name: str, hostname: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        hostname = hostname.lower()
        # No public DNS has names in .local (RFC 6762, 3), and mDNS gives this one to one machine of the network.
        return name in ("localhost", hostname, f"{hostname.partition('.')[0]}.local")
    return True


def _token(authorization: str, query: str) -> str | None:
    """From the header, or from the URL for clients that can set nothing else."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    parts = (part.partition("=") for part in query.split("&"))
    return next((unquote(value) for name, _, value in parts if name == "token"), None)
