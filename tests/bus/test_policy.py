import pytest

from bus.policy import is_loopback, origin_allowed


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
