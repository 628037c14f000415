"""The root units that the admin service starts, and its own unit."""

import configparser
from pathlib import Path

from admin import polkit
from admin.actions import ACTIONS
from admin.dbus.systemd import Unit

DEBIAN = Path(__file__).parents[2] / "debian"


def commands(unit: str) -> list[str]:
    lines = (DEBIAN / f"mycroft-admin.{unit}").read_text().splitlines()
    return [line.removeprefix("ExecStart=") for line in lines if line.startswith("Exec")]


def test_enabling_ssh_makes_the_host_keys_that_are_missing_first() -> None:
    assert commands("mycroft-ssh-enable.service") == [
        "/usr/bin/ssh-keygen -A",
        "/usr/bin/systemctl enable --now ssh.service",
    ]


def test_disabling_ssh_disables_its_service_and_its_socket() -> None:
    assert commands("mycroft-ssh-disable.service") == ["/usr/bin/systemctl disable --now ssh.service ssh.socket"]


def test_the_units_that_are_started_are_the_units_that_are_installed() -> None:
    paths = (path for kind in ("service", "socket") for path in DEBIAN.glob(f"mycroft-admin.*.{kind}"))
    installed = {path.name.removeprefix("mycroft-admin.") for path in paths}
    needed = {need.name for action in ACTIONS for need in action.needs if isinstance(need, Unit)}
    by_socket = {"mycroft-portal.service"}
    assert needed | by_socket == installed


def test_the_polkit_rule_is_generated_from_the_actions() -> None:
    """If this fails: python -m admin.polkit > debian/50-mycroft-admin.rules."""
    assert (DEBIAN / "50-mycroft-admin.rules").read_text() == polkit.render()


def test_a_unit_takes_nothing_from_a_message() -> None:
    for path in DEBIAN.glob("mycroft-admin.*.service"):
        assert "%" not in path.read_text()
        assert "@" not in path.name
        assert "EnvironmentFile" not in path.read_text()
        assert "PassEnvironment" not in path.read_text()


def test_the_service_reaches_no_network_and_keeps_its_records_over_a_restart() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    unit.read(DEBIAN / "mycroft-admin.service")
    service = unit["Service"]
    assert service["RestrictAddressFamilies"] == "AF_UNIX AF_NETLINK"
    assert service["IPAddressDeny"] == "any"
    assert "IPAddressAllow" not in service
    assert service["ExecStart"] == "/usr/bin/mycroft-admin run"
    assert service["RuntimeDirectoryPreserve"] == "restart"
