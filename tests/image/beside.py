"""Beside another bus, which has the port when our packages come. It stays so until the owner decides otherwise."""

import json
import re

from tests.image.installed import DAEMONS, Installed, all_units_are_active, doctor, reconfigure, until
from tests.image.tree import INSIDE, OWNER, STRANGER

OTHER_BUS = "ovos-messagebus.service"

# Late in the boot, as OVOS' own: a bus of ours that systemd listens for would be first.
_UNIT = f"""\
[Service]
ExecStart=/usr/bin/python3 {INSIDE}/foreign_bus.py
[Install]
WantedBy=multi-user.target
"""

_REQUESTS = "mycroft-ssh-enable.service", "mycroft-ssh-disable.service"


def another_bus_keeps_the_port(installed: Installed) -> str:
    """The installation finds it and says so; ours stays off, then and after a restart."""
    machine = installed.machine
    (installed.tree.root / "etc/systemd/system" / OTHER_BUS).write_text(_UNIT)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "--quiet", "enable", "--now", OTHER_BUS)
    knock = "import socket; socket.create_connection(('127.0.0.1', 8181))"
    until(lambda: machine.succeeds("python3", "-c", knock), "the other bus does not listen")
    said = machine.run("apt-get", "-qq", "--yes", "--no-install-recommends", "install", *installed.packages)
    found = re.search(r"^mycroft-bus: .*", said, re.MULTILINE)
    assert found, said
    _ours_is_off(installed)
    assert OWNER not in machine.run("getent", "group", "mycroft-admin")  # the default answer
    machine.run("systemctl", "reboot", check=False)
    machine.restarts()
    _ours_is_off(installed)
    return found[0]


def nothing_privileged_happens_on_it(installed: Installed) -> str:
    """Any user may send everything there. The host stays as it is; journal and doctor say why."""
    machine = installed.machine
    before = _host(installed)
    sent = machine.run("python3", f"{INSIDE}/send_privileged.py", user=STRANGER)
    # Sent after them, on the same bus, and answered.
    machine.run("mycroft-bus", "send", "mycroft.enclosure.is_alive", "--wait", user=STRANGER)
    assert _host(installed) == before
    journal = machine.run("journalctl", "--boot", "--quiet", "--output=cat", "--unit=mycroft-admin.service")
    why = [line for line in journal.splitlines() if "bus" in line]
    assert len(why) == 1, journal
    assert "no other bus is used" in why[0]
    for user in ("root", STRANGER):
        assert doctor(machine, user)["bus"] == "warn"
    return f"{sent} messages; {why[0]}"


def the_machine_is_switched_over(installed: Installed) -> str:
    """By dpkg-reconfigure, and back, and for good."""
    machine = installed.machine
    for answer in ("yes", "no", "yes"):
        if answer == "yes":
            machine.run("systemctl", "--quiet", "disable", "--now", OTHER_BUS)
        reconfigure(machine, "mycroft-bus", answer)
        if answer == "no":
            machine.run("systemctl", "--quiet", "enable", "--now", OTHER_BUS)
            _ours_is_off(installed)
        else:
            all_units_are_active(machine)
    (installed.tree.root / "etc/systemd/system" / OTHER_BUS).unlink()
    until(lambda: machine.succeeds("mycroft-bus", "send", "system.ssh.status", "--wait"), "admin does not answer")
    return json.loads(machine.run("mycroft-bus", "status", "--json"))["clients"][0]["process"] or ""


CHECKS = (another_bus_keeps_the_port, nothing_privileged_happens_on_it, the_machine_is_switched_over)


def _ours_is_off(installed: Installed) -> None:
    machine = installed.machine
    states = {
        unit: (
            machine.run("systemctl", "is-enabled", unit, check=False),
            machine.run("systemctl", "is-active", unit, check=False),
        )
        for unit in ("mycroft-bus.socket", "mycroft-bus.service", OTHER_BUS)
    }
    assert states == {
        "mycroft-bus.socket": ("disabled", "inactive"),
        "mycroft-bus.service": ("disabled", "inactive"),
        OTHER_BUS: ("enabled", "active"),
    }, states
    for daemon in DAEMONS[1:]:
        machine.run("systemctl", "is-active", f"{daemon}.service")


def _host(installed: Installed) -> list[str]:
    """What the messages would change."""
    machine = installed.machine
    return [
        machine.run("cat", "/proc/sys/kernel/random/boot_id"),
        machine.run("systemctl", "list-jobs", "--no-legend"),
        *(machine.property(unit, "ExecMainStartTimestamp") for unit in _REQUESTS),
        *(machine.run("systemctl", "is-enabled", unit, check=False) for unit in ("ssh.service", "ssh.socket")),
    ]
