"""The root units that the admin service starts, and its own unit."""

import configparser
import json
import re
import subprocess
from pathlib import Path

import pytest

from admin import polkit
from admin.actions import ACTIONS
from admin.dbus.systemd import Template, Unit
from admin.errors import HostError

DEBIAN = Path(__file__).parents[2] / "debian"

ROOT_PROGRAMS = [path for path in (DEBIAN.parent / "admin/root").iterdir() if path.name != "wiped"]


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


def needed() -> list[Unit | Template]:
    return [need for action in ACTIONS for need in action.needs if isinstance(need, Unit | Template)]


def test_the_units_that_are_started_are_the_units_that_are_installed() -> None:
    paths = (path for kind in ("service", "socket") for path in DEBIAN.glob(f"mycroft-admin.*.{kind}"))
    installed = {path.name.removeprefix("mycroft-admin.") for path in paths}
    by_socket = {"mycroft-portal.service"}
    assert {need.name for need in needed()} | by_socket == installed


def test_the_polkit_rule_is_generated_from_the_actions() -> None:
    """If this fails: python -m admin.polkit > debian/50-mycroft-admin.rules."""
    assert (DEBIAN / "50-mycroft-admin.rules").read_text() == polkit.render()


@pytest.mark.parametrize(
    "unit", ["mycroft-country@DE.service", "mycroft-language@de_DE.service", "mycroft-reset@cache.service"]
)
def test_the_polkit_rule_has_only_the_instances_of_each_template(unit: str) -> None:
    found = re.search(r"var INSTANCES = (\[.*?\]);", polkit.render(), re.DOTALL)
    assert found
    patterns = [re.compile(pattern) for pattern in json.loads(found[1])]

    def is_listed(name: str) -> bool:
        return any(pattern.search(name) for pattern in patterns)

    assert is_listed(unit)
    before, _, _ = unit.partition("@")
    other_names = (f"x{unit}", f"{unit}x", f"ssh.service {unit}", unit.replace(".", "x"), unit.replace("@", "x@"))
    other_instances = ("", "x", "../DE", "de_DE.UTF-8", "DE\nx", "cachedata")
    other_units = (
        f"{before}.service",
        f"{before}@.socket",
        *(f"{before}@{other}.service" for other in other_instances),
    )
    for name in (*other_names, *other_units):
        assert not is_listed(name), name


def test_a_unit_takes_nothing_from_a_message_but_an_instance_of_a_closed_list() -> None:
    templates = {need.name for need in needed() if isinstance(need, Template)}
    for path in DEBIAN.glob("mycroft-admin.*.service"):
        text = path.read_text()
        assert ("@" in path.name) == (path.name.removeprefix("mycroft-admin.") in templates)
        assert set(re.findall("%.", text)) <= ({"%i"} if "@" in path.name else set())
        assert "EnvironmentFile" not in text
        assert "PassEnvironment" not in text


@pytest.mark.parametrize("template", [need for need in needed() if isinstance(need, Template)], ids=str)
def test_no_instance_of_a_template_is_more_than_letters(template: Template) -> None:
    for character in " /.-%$`'\"\\;&|<>*?\n\t0":
        with pytest.raises(HostError):
            template.unit(f"de_D{character}")


@pytest.mark.parametrize("path", sorted(ROOT_PROGRAMS), ids=lambda path: path.name)
def test_a_program_of_root_is_valid_and_is_run_by_a_unit(path: Path) -> None:
    subprocess.run(("sh", "-n", path), check=True)
    run = f"/bin/sh /usr/lib/mycroft-enclosure/admin/root/{path.name}"
    assert any(run in command for unit in DEBIAN.glob("mycroft-admin.*.service") for command in exec_of(unit))


def exec_of(unit: Path) -> list[str]:
    return [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]


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
