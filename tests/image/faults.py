"""Each fault that the doctor can find and mend on a running device: break it, read the finding, type the mend."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from tests.image.installed import Installed, examine, firmware, set_volume, start_sound, until
from tests.image.tree import INSIDE, STRANGER

HEALTHY = {"ok", "skip"}

NOT_HERE = {"clock"}
"""A container's clock is its host's."""

FACE_PORT = "/run/faceplate/port"

_PROGRAMS = {
    "web": "/usr/bin/python3 -m http.server --bind 127.0.0.1 8181",
    "ovos-messagebus": f"/usr/bin/python3 {INSIDE}/foreign_bus.py",
    "terminal": f"/bin/sh -c 'exec sleep infinity < {FACE_PORT}'",
    "second-admin": "/usr/bin/mycroft-admin run",
}
"""The command of each service that gets in the way."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a running device."""

    what: str
    broken: tuple[str, ...]
    """Commands."""
    name: str
    """Of the finding."""
    verdict: str
    found: str
    for_user: str | None = None
    """The verdict for an ordinary user, where that cannot see it."""


FAULTS = (
    Fault(
        "a stopped enclosure",
        ("systemctl disable --now mycroft-enclosure.service",),
        "enclosure",
        "fail",
        "not run",
    ),
    Fault("a stopped admin", ("systemctl disable --now mycroft-admin.service",), "admin", "fail", "does not run"),
    Fault(
        "a stopped bus",
        ("systemctl disable --now mycroft-bus.socket mycroft-bus.service",),
        "bus",
        "fail",
        "no bus",
    ),
    Fault(
        "another program on the port of the bus",
        ("systemctl disable --now mycroft-bus.socket mycroft-bus.service", "systemctl start web"),
        *("bus", "fail", "has the port of ws://127.0.0.1:8181/core"),
    ),
    Fault(
        "another bus",
        ("systemctl disable --now mycroft-bus.socket mycroft-bus.service", "systemctl start ovos-messagebus"),
        *("bus", "warn", "mycroft-admin refuses to serve it"),
    ),
    Fault(
        "another program on the serial port",
        ("systemctl start terminal",),
        *("serial port", "fail", "is in use by sleep (process"),
        for_user="ok",
    ),
    Fault(
        "a state folder without rights",
        ("chown root:root /var/lib/mycroft-enclosure",),
        *("state folder", "fail", "mycroft may not write in"),
    ),
    Fault("a second admin", ("systemctl start second-admin",), "admin", "fail", "besides the unit's: process"),
    Fault("a missing group", ("gpasswd --delete mycroft audio",), "groups", "fail", "mycroft is not in audio"),
    Fault("a muted device", ("mycroft-bus send mycroft.volume.mute",), "mixer", "warn", "it is muted"),
    Fault(
        "a device at level 0",
        ("""mycroft-bus send mycroft.volume.set '{"percent": 0}'""",),
        *("mixer", "warn", "its level is 0"),
    ),
)


def the_doctor_finds_nothing_to_mend(installed: Installed) -> str:
    """As root and as an ordinary user, on a device with its face and its sound card."""
    machine = installed.machine
    start_sound(installed)
    until(lambda: firmware(machine) is not None, "the faceplate does not answer")
    until(lambda: set_volume(machine) is not None, "there is no sound")
    for name, command in _PROGRAMS.items():
        unit = installed.tree.root / f"etc/systemd/system/{name}.service"
        user = "mycroft-admin" if name == "second-admin" else "root"
        unit.write_text(f"[Service]\nExecStart={command}\nUser={user}\n")
    machine.run("systemctl", "daemon-reload")
    _is_healthy(installed)
    return ", ".join(examine(machine))


def _is_healthy(installed: Installed) -> None:
    users = ("root", STRANGER)
    with ThreadPoolExecutor() as pool:  # each takes seconds
        examined = list(pool.map(partial(examine, installed.machine), users))
    for user, found in zip(users, examined, strict=True):
        bad = [found[name] for name in found.keys() - NOT_HERE if found[name]["verdict"] not in HEALTHY]
        assert not bad, f"{user}: {bad}"


def _is_found_and_mended(fault: Fault, installed: Installed) -> str:
    machine = installed.machine
    for command in fault.broken:
        machine.run("sh", "-c", command)
    until(lambda: examine(machine)[fault.name]["verdict"] == fault.verdict, f"no finding: {examine(machine)}")
    finding = examine(machine)[fault.name]
    assert fault.found in finding["found"], finding
    seen_by_user = examine(machine, STRANGER)[fault.name]
    assert seen_by_user["verdict"] == (fault.for_user or fault.verdict), seen_by_user
    machine.run("sh", "-c", finding["mend"])
    try:
        until(partial(_becomes_healthy, installed), f"not mended by {finding['mend']}")
    except AssertionError as error:
        journal = machine.run("journalctl", "--quiet", "--lines=20", "--no-hostname", "--unit=mycroft-*")
        raise AssertionError(f"{error}: {examine(machine)}\n{journal}") from error
    return finding["mend"]


def _becomes_healthy(installed: Installed) -> bool:
    try:
        _is_healthy(installed)
    except AssertionError:
        return False
    return True


def _check(fault: Fault) -> Callable[[Installed], str]:
    check = partial(_is_found_and_mended, fault)
    check.__name__ = f"the doctor mends {fault.what}"  # type: ignore[attr-defined]  # shown in the table
    return check


CHECKS = (the_doctor_finds_nothing_to_mend, *map(_check, FAULTS))
