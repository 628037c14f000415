import hashlib
from http import HTTPStatus

import pytest

from bus.daemon.config import Role, Token
from bus.server.admission import (
    Refusal,
    admit,
    is_loopback,
    is_request,
    origin_allowed,
    role_of,
    without_empty_body,
)

TOKENS = {
    name: Token(hashlib.sha256(name.encode()).hexdigest(), role)
    for name, role in (("a", Role.OBSERVE), ("b", Role.CONTROL))
}


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        *[(address, True) for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")],
        *[(address, False) for address in ("0.0.0.0", "192.168.1.2", "::", "fe80::1", "mark1.local", "")],
    ],
)
def test_loopback_addresses_are_on_this_machine(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "127.0.0.1:8181", True),
        # What websocket-client sends, by the address that its program has of the bus:
        ("http://127.0.0.1:8181", "127.0.0.1:8181", True),
        ("http://0.0.0.0:8181", "0.0.0.0:8181", True),
        ("http://192.168.1.2:8181", "192.168.1.2:8181", True),
        ("http://localhost:8181", "localhost:8181", True),
        ("http://Mark1:8181", "Mark1:8181", True),
        ("http://mark1.local:8181", "mark1.local:8181", True),
        ("http://mark2.local:8181", "mark2.local:8181", False),
        ("http://mark1.local.example:8181", "mark1.local.example:8181", False),
        ("http://[::1]:8181", "[::1]:8181", True),
        ("http://[::]:8181", "[::]:8181", True),
        ("https://listed.example", "127.0.0.1:8181", True),
        ("https://evil.example", "127.0.0.1:8181", False),
        ("http://evil.example:8181", "evil.example:8181", False),  # a DNS name rebound to 127.0.0.1
        ("http://127.0.0.1:8080", "127.0.0.1:8181", False),  # a page of another local server
        ("null", "127.0.0.1:8181", False),
        ("", "", False),
        ("http://[bad", "127.0.0.1:8181", False),
    ],
)
def test_an_origin_is_listed_or_the_bus_itself(origin: str | None, host: str, allowed: bool) -> None:
    assert origin_allowed(origin, host, "Mark1", {"https://listed.example"}) is allowed


@pytest.mark.parametrize(("token", "role"), [("a", Role.OBSERVE), ("b", Role.CONTROL), ("c", None), ("", None)])
def test_a_token_has_a_role(token: str, role: Role | None) -> None:
    assert role_of(token, TOKENS) is role


@pytest.mark.parametrize(
    ("path", "headers", "local", "verdict"),
    [
        ("/core", [], True, Role.CONTROL),
        ("/core?token=a", [], True, Role.CONTROL),
        ("/gui", [], True, HTTPStatus.NOT_FOUND),
        ("/core", [("Origin", "https://evil.example")], True, HTTPStatus.FORBIDDEN),
        ("/core", [("Origin", "https://a.example"), ("origin", "https://b.example")], True, HTTPStatus.FORBIDDEN),
        ("/core?token=a", [("Origin", "https://evil.example")], True, Role.OBSERVE),
        ("/core", [], False, HTTPStatus.UNAUTHORIZED),
        ("/core", [("Authorization", "Bearer c")], False, HTTPStatus.UNAUTHORIZED),
        ("/core", [("authorization", "Bearer b")], False, Role.CONTROL),
        ("/core", [("Authorization", "bearer  b")], False, Role.CONTROL),
        # What websocket-client sends to another machine:
        ("/core?token=b", [("Host", "mark1:8182"), ("Origin", "https://mark1:8182")], False, Role.CONTROL),
        ("/core", [("Host", "mark1:8182"), ("Origin", "https://mark1:8182")], False, HTTPStatus.UNAUTHORIZED),
        ("/core", [("Origin", "https://listed.example")], False, HTTPStatus.UNAUTHORIZED),
    ],
)
def test_a_token_outranks_an_origin(
    path: str, headers: list[tuple[str, str]], local: bool, verdict: Role | HTTPStatus
) -> None:
    found = admit(
        path,
        headers,
        local=local,
        hostname="mark1",
        route="/core",
        allowed_origins={"https://listed.example"},
        tokens=TOKENS,
    )
    assert (found.status if isinstance(found, Refusal) else found) is verdict


def test_a_refusal_is_a_whole_http_response() -> None:
    response = Refusal(HTTPStatus.NOT_FOUND, "The bus is at /core.").response
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert body == b"The bus is at /core.\n"


@pytest.mark.parametrize("length", [b"Content-Length: 0", b"content-length:0"])
def test_an_empty_body_is_no_body(length: bytes) -> None:
    request = b"GET /core HTTP/1.1\r\n%sHost: x\r\n\r\n"
    assert without_empty_body(request % (length + b"\r\n")) == request % b""
    other = request % b"Content-Length: 10\r\n"
    assert without_empty_body(other) == other


@pytest.mark.parametrize(("start", "whole"), [(b"", True), (b"GE", True), (b"GET /", True), (b"POST ", False)])
def test_only_get_begins_a_request(start: bytes, whole: bool) -> None:
    assert is_request(start) is whole
