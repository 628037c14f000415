"""Access points become networks; odd names stay what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.wifi.networks import MAX_NETWORKS, AccessPoint, Network, Security, name_of, networks_of, ssid_of


def point(ssid: bytes = b"home", strength: int = 50, bits: tuple[int, int, int] = (0, 0, 0)) -> AccessPoint:
    return AccessPoint(f"/{strength}", ssid, strength, *bits)


@pytest.mark.parametrize(
    ("bits", "security"),
    [
        ((0, 0, 0), Security.OPEN),
        ((1, 0, 0), Security.WEP),
        ((1, 0x100, 0), Security.WPA1),
        ((1, 0, 0x188), Security.WPA2),
        ((1, 0x100, 0x188), Security.WPA2),
        ((1, 0, 0x488), Security.WPA3),
        ((1, 0, 0x588), Security.WPA2_WPA3),
        ((1, 0, 0x888), Security.OWE),
        ((0, 0, 0x1000), Security.OPEN),
        ((1, 0, 0x200), Security.ENTERPRISE),
        ((1, 0, 0x2000), Security.ENTERPRISE),
    ],
)
def test_the_security_follows_from_the_flags_that_networkmanager_reports(
    bits: tuple[int, int, int], security: Security
) -> None:
    assert point(bits=bits).security is security


def test_of_one_name_the_strongest_access_point_counts_and_the_strongest_network_is_first() -> None:
    points = [point(b"a", 20), point(b"b", 60), point(b"a", 70, (1, 0, 0x188)), point(b"", 99), point(b"\0\0", 98)]
    assert networks_of(points) == [
        Network(b"a", Security.WPA2, 70, "/70"),
        Network(b"b", Security.OPEN, 60, "/60"),
    ]


def test_the_list_is_bounded() -> None:
    points = [point(str(number).encode(), number % 100) for number in range(1000)]
    assert len(networks_of(points)) == MAX_NETWORKS


@pytest.mark.parametrize(
    ("ssid", "name"),
    [
        (b"Caf\xc3\xa9 5:00 'x' \"$(id)\"", "Café 5:00 'x' \"$(id)\""),
        (b"\xff\xfehome", "��home"),
        (b"a\nb\x1b[2J", "a\\u000ab\\u001b[2J"),
    ],
)
def test_an_odd_name_is_shown_without_control_characters(ssid: bytes, name: str) -> None:
    assert name_of(ssid) == name


@given(st.binary(min_size=1, max_size=32), st.lists(st.binary(min_size=1, max_size=32)))
def test_the_name_of_a_known_network_leads_back_to_one_of_that_name(ssid: bytes, others: list[bytes]) -> None:
    known = [*others, ssid]
    assert name_of(ssid_of(name_of(ssid), known)) == name_of(ssid)
    assert ssid_of(name_of(ssid), known) in known


def test_a_name_that_is_not_known_is_its_utf_8() -> None:
    assert ssid_of("Café", [b"other"]) == "Café".encode()
    assert ssid_of("\ud800", []) == b"?"


@pytest.mark.parametrize(
    ("security", "password", "allowed"),
    [
        (Security.WPA2, "1234567", False),
        (Security.WPA2, "12345678", True),
        (Security.WPA2, "x" * 63, True),
        (Security.WPA2, "0" * 64, False),
        (Security.WPA2, "ü" * 31, True),
        (Security.WPA2, "ü" * 32, False),
        (Security.WPA2_WPA3, "", False),
        (Security.WPA3, "x", True),
        (Security.WPA3, "", False),
        (Security.OPEN, "", True),
        (Security.OPEN, "secret", False),
        (Security.OWE, "", True),
    ],
)
def test_a_password_that_cannot_be_right_is_known_by_its_length(
    security: Security, password: str, allowed: bool
) -> None:
    assert security.allows(password) is allowed
