"""Each fault that the doctor can find and mend on a running device: break it, read the finding, type the mend."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.enclosure.doctor.faults import FAULTS, Fault, Seen
from tests.image.installed import (
    FACE_PORT,
    Installed,
    examine,
    firmware,
    set_volume,
    start_face,
    start_sound,
    until,
)
from tests.image.installed import UNITS as DAEMON_UNITS
from tests.image.machine import Machine
from tests.image.tree import BOOT_FILES, INSIDE, OWNER, STRANGER

HEALTHY = {"ok", "skip"}

NOT_HERE = {"clock"}
"""A container's clock is its host's."""

UNITS = {
    "web.service": "ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 8181",
    "ovos-messagebus.service": f"ExecStart=/usr/bin/python3 {INSIDE}/foreign_bus.py",
    "terminal.service": f"ExecStart=/bin/sh -c 'exec sleep infinity < {FACE_PORT}'",
    "second-admin.service": "ExecStart=/usr/bin/mycroft-admin run\nUser=mycroft-admin",
    "second-enclosure.service": "ExecStart=/usr/bin/mycroft-enclosure run\nUser=mycroft",
    "other@.service": "ExecStart=/bin/cat\nStandardInput=socket",
}
"""The services that get in the way."""

OTHER_SOCKET = "[Socket]\nListenStream=127.0.0.1:8181\nAccept=yes\n"

NO_HANGUP = "[Service]\nTTYVHangup=no\nTTYReset=no\n"
"""A serial port comes back from a hang-up by a login prompt, and a pseudo terminal does not."""

OVOS = f"/home/{OWNER}/.venvs/ovos"
USER_UNITS = {
    "ovos-messagebus.service": UNITS["ovos-messagebus.service"],
    "ovos-phal.service": f"ExecStart={OVOS}/bin/python3 {INSIDE}/ovos_PHAL.py",
}
"""Those of the owner, who has OVOS."""

AS_OWNER = ("--user", f"--machine={OWNER}@.host")

SUDOERS = "etc/sudoers.d/owner"
MAY_ALL = f"{OWNER} ALL=(ALL) NOPASSWD: ALL\n"
"""As Raspberry Pi OS has it for its first user, who types the mends."""


def the_doctor_finds_nothing_to_mend(installed: Installed) -> str:
    """As root and as an ordinary user, on a device with its face, its sound card and OVOS without rivals."""
    machine, root = installed.machine, installed.tree.root
    for name, service in UNITS.items():
        (root / "etc/systemd/system" / name).write_text(f"[Service]\n{service}\n")
    for name, service in USER_UNITS.items():
        (root / "etc/systemd/user" / name).write_text(f"[Service]\n{service}\n")
    (root / "etc/systemd/system/other.socket").write_text(OTHER_SOCKET)
    getty = root / "etc/systemd/system/container-getty@.service.d"
    getty.mkdir(exist_ok=True)
    (getty / "hangup.conf").write_text(NO_HANGUP)
    (root / SUDOERS).write_text(MAY_ALL)
    machine.run("systemctl", "daemon-reload")
    if not (root / OVOS.removeprefix("/")).exists():
        machine.run("python3", "-m", "venv", "--system-site-packages", OVOS, user=OWNER)
    machine.run("loginctl", "enable-linger", OWNER)
    start_parts(installed)
    until(lambda: not _ill(installed), "not healthy", lambda: _ill(installed))
    return ", ".join(examine(machine))


def start_parts(installed: Installed) -> None:
    """The parts of the device that a restart of the machine has ended."""
    machine = installed.machine
    start_face(installed)
    start_sound(installed)
    until(lambda: firmware(machine) is not None, "the faceplate does not answer")
    until(lambda: set_volume(machine) is not None, "there is no sound")
    start_ovos = ("systemctl", *AS_OWNER, "start", "ovos-phal.service")
    until(lambda: machine.succeeds(*start_ovos), "no services of the owner")


def _ill(installed: Installed) -> list[str]:
    """What there is to mend, as root and as an ordinary user."""
    users = ("root", STRANGER)
    with ThreadPoolExecutor() as pool:  # each takes seconds
        examined = list(pool.map(partial(examine, installed.machine), users))
    return [
        f"{user}: {finding}"
        for user, findings in zip(users, examined, strict=True)
        for name, finding in findings.items()
        if name not in NOT_HERE and finding["verdict"] not in HEALTHY
    ]


def _is_found_and_mended(fault: Fault, installed: Installed) -> str:
    if not (installed.tree.root / SUDOERS).exists():
        the_doctor_finds_nothing_to_mend(installed)  # which prepares the device
    boot = installed.tree.root / "boot/firmware"
    boot_files = {name: (boot / name).read_text() for name in BOOT_FILES}
    try:
        return _break_and_mend(fault, installed)
    except AssertionError:
        _mend_all(installed)
        raise
    finally:
        for name, text in boot_files.items():
            (boot / name).write_text(text)


def _break_and_mend(fault: Fault, installed: Installed) -> str:
    machine = installed.machine
    for command in fault.broken:
        machine.run("sh", "-c", command.replace("{port}", FACE_PORT))
    seen = Seen(fault.verdict, fault.found, fault.mend)
    for user, wanted in (("root", seen), (STRANGER, fault.by_user or seen)):
        found = partial(_finding, fault.name, machine, user)
        until(partial(_is_seen, wanted, found), f"not found by {user}", found)
    finding = _finding(fault.name, machine, "root")
    assert bool(finding["by_hand"]) == bool(fault.hands), finding
    mend = finding["mend"]
    _type(fault.hands or mend, "root" if fault.hands else OWNER, installed)
    until(lambda: not _ill(installed), f"not mended by {mend}", lambda: (_ill(installed), _journal(machine)))
    return mend


def _finding(name: str, machine: Machine, user: str) -> dict[str, str]:
    return examine(machine, user).get(name, {"verdict": "", "found": "", "mend": ""})


def _journal(machine: Machine) -> str:
    return machine.run("journalctl", "--quiet", "--lines=20", "--no-hostname", "--unit=mycroft-*")


def _mend_all(installed: Installed) -> None:
    """What a check that failed has left broken does not break the next one."""
    machine = installed.machine
    for command in (
        ("systemctl", "stop", "other.socket", *(name for name in UNITS if "@" not in name)),
        ("systemctl", *AS_OWNER, "stop", *USER_UNITS),
        ("systemctl", "enable", "--now", *DAEMON_UNITS),
        ("systemctl", "restart", *DAEMON_UNITS),
    ):
        machine.run(*command, check=False)
    start_parts(installed)


def _type(command: str, user: str, installed: Installed) -> None:
    """Types a command, and waits where it restarts the machine."""
    machine = installed.machine
    if command.endswith("sudo reboot"):
        machine.run("sh", "-c", command, user=user, check=False)  # which it ends, too
        machine.restarts()
        start_parts(installed)
    else:
        machine.run("sh", "-c", command, user=user)


def _is_seen(wanted: Seen, look: Callable[[], dict[str, str]]) -> bool:
    finding = look()
    verdict, found, mend = (text.replace("{root}", "").replace("{port}", FACE_PORT) for text in wanted)
    return finding["verdict"] == verdict and found in finding["found"] and mend in (finding["mend"] or "")


def _check(fault: Fault) -> Callable[[Installed], str]:
    check = partial(_is_found_and_mended, fault)
    check.__name__ = f"the doctor mends {fault.what}"  # type: ignore[attr-defined]  # shown in the table
    return check


CHECKS = (the_doctor_finds_nothing_to_mend, *(_check(fault) for fault in FAULTS if fault.broken))
