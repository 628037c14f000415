"""The units of the daemons, as systemd reads them."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from admin.wifi.radio import ADDRESS, PREFIX

DEBIAN = Path(__file__).parents[2] / "debian"
DAEMONS = ("mycroft-bus", "mycroft-enclosure", "mycroft-admin", "mycroft-hive", "mycroft-mqtt", "mycroft-voice")
GUESTS = str(ip_network(f"{ADDRESS}/{PREFIX}", strict=False))
PORTAL = "mycroft-admin.mycroft-portal"


def settings(daemon: str, kind: str = "service") -> Iterator[tuple[str, str]]:
    for line in (DEBIAN / f"{daemon}.{kind}").read_text().splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not name.startswith("#"):
            yield name, value


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_configuration_error_is_not_tried_again(daemon: str) -> None:
    [codes] = [value for name, value in settings(daemon) if name == "RestartPreventExitStatus"]
    assert "2" in codes.split()


@pytest.mark.parametrize("daemon", [*DAEMONS, PORTAL])
@pytest.mark.parametrize("name", ["MemoryMax", "WatchdogSec", "NoNewPrivileges", "ProtectSystem"])
def test_every_daemon_is_bounded_and_shut(daemon: str, name: str) -> None:
    assert name in dict(settings(daemon))


def test_the_number_of_starts_of_a_bus_that_cannot_run_is_limited() -> None:
    found = dict(settings("mycroft-bus", "socket"))
    assert (found["TriggerLimitIntervalSec"], found["TriggerLimitBurst"]) == ("30s", "20")


def test_the_portal_has_a_listening_socket_for_guests_and_no_other_network() -> None:
    service, socket = dict(settings(PORTAL)), dict(settings(PORTAL, "socket"))
    assert socket["ListenStream"] == f"{ADDRESS}:80"
    assert (service["PrivateNetwork"], service["RestrictAddressFamilies"]) == ("yes", "AF_UNIX")
    assert (socket["IPAddressAllow"], socket["IPAddressDeny"]) == (GUESTS, "any")
    assert (service["IPAddressDeny"], service.get("IPAddressAllow")) == ("any", None)
    assert "Install" not in (DEBIAN / f"{PORTAL}.socket").read_text()


def test_the_name_server_of_the_access_point_answers_by_itself_and_to_guests_alone() -> None:
    service = dict(settings(f"{PORTAL}-dns"))
    command = (DEBIAN / f"{PORTAL}-dns.service").read_text()
    for option in (f"--address=/#/{ADDRESS} ", "--local=/#/ ", "--no-resolv ", f"--listen-address={ADDRESS} "):
        assert option in command
    assert "dhcp-option=114" not in command  # phones want it to be https, with a certificate that we cannot have
    assert service["IPAddressAllow"] == f"{GUESTS} 0.0.0.0/32 255.255.255.255/32"
    assert service["IPAddressDeny"] == "any"
    assert service["DynamicUser"] == "yes"
