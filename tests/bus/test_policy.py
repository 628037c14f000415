import hashlib

import pytest

from bus.daemon.config import Role, Token
from bus.server.policy import denial, is_loopback, origin_allowed, role_of


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        *[(address, True) for address in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1")],
        *[(address, False) for address in ("0.0.0.0", "192.168.1.2", "::", "fe80::1", "mark1.local", "")],
    ],
)
def test_what_is_on_this_machine(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "127.0.0.1:8181", True),
        ("http://127.0.0.1:8181", "127.0.0.1:8181", True),  # what websocket-client sends
        ("http://localhost:8181", "localhost:8181", True),
        ("http://[::1]:8181", "[::1]:8181", True),
        ("https://listed.example", "127.0.0.1:8181", True),
        ("https://evil.example", "127.0.0.1:8181", False),
        ("http://evil.example:8181", "evil.example:8181", False),  # a DNS name rebound to 127.0.0.1
        ("http://127.0.0.1:8080", "127.0.0.1:8181", False),  # a page of another local server
        ("http://192.168.1.2:8181", "192.168.1.2:8181", False),
        ("null", "127.0.0.1:8181", False),
        ("", "", False),
        ("http://[bad", "127.0.0.1:8181", False),
    ],
)
def test_which_pages_may_connect(origin: str | None, host: str, allowed: bool) -> None:
    assert origin_allowed(origin, host, {"https://listed.example"}) is allowed


TOKENS = {
    name: Token(hashlib.sha256(name.encode()).hexdigest(), role)
    for name, role in (("a", Role.OBSERVE), ("b", Role.CONTROL))
}


@pytest.mark.parametrize(
    ("token", "role"), [("a", Role.OBSERVE), ("b", Role.CONTROL), ("c", None), ("", None), (None, None)]
)
def test_what_a_token_allows(token: str | None, role: Role | None) -> None:
    assert role_of(token, TOKENS) is role


@pytest.mark.parametrize(
    ("msg_type", "role", "admin", "allowed"),
    [
        ("speak", Role.CONTROL, False, True),
        ("system.ssh.status", Role.CONTROL, False, True),
        *[
            (name, Role.CONTROL, False, False)
            for name in ("system.reboot", "mycroft.wifi.start", "system.factory.reset")
        ],
        ("system.reboot", Role.CONTROL, True, True),
        ("speak", Role.OBSERVE, False, False),
        ("system.reboot", Role.OBSERVE, True, False),
        ("System.reboot", Role.CONTROL, False, True),  # another type, which nobody handles
        *[(name, Role.CONTROL, True, False) for name in ("connected", "bus.message.denied", "bus.anything")],
    ],
)
def test_who_may_send_what(msg_type: str, role: Role, admin: bool, allowed: bool) -> None:
    assert (denial(msg_type, role, lambda: admin) is None) is allowed
