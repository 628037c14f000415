"""Each fault of a device: how it is broken, what the doctor finds, and what mends it."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from bus.contract import ours as topics
from enclosure.doctor import Finding, Verdict, boot_files, healthy, report
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import ADMIN, BUS, ENCLOSURE, SOCKET
from tests.enclosure.doctor.world import (
    ADMIN_ALIVE,
    DAEMON_GROUPS,
    MK1,
    PHAL,
    PORT,
    SSH,
    STATE,
    VERSION,
    VOLUME,
    World,
    answer,
    status,
)

ONLY_DIALOUT = {gid: name for gid, name in DAEMON_GROUPS.items() if name == "dialout"}

START_BUS = "sudo systemctl enable --now mycroft-bus.socket mycroft-bus.service"
ADD_OVERLAY = "printf '\\n[all]\\ndtoverlay=proto-codec\\n' | sudo tee -a {root}/boot/firmware/config.txt"


def taken(world: World) -> None:
    world.down(SOCKET, BUS, bus=False)
    world.listens(812, "/usr/bin/python3 -m http.server 8181", "/system.slice/web.service")


def foreign(cgroup: str) -> Callable[[World], None]:
    def break_it(world: World) -> None:
        world.without(status(), ADMIN_ALIVE, SSH).down(SOCKET, BUS)
        world.listens(812, "/usr/bin/python3 /opt/ovos/bin/ovos-messagebus", cgroup)

    return break_it


def two_admins(world: World) -> None:
    world.without(status()).with_(status({"process": "mycroft-admin", "uid": 0, "pid": 4711}), ADMIN_ALIVE, SSH)


class Fault(NamedTuple):
    """One row: what is broken and how, and the finding as root and as an ordinary user."""

    what: str
    broken: Callable[[World], object]
    name: str
    verdict: str
    found: str
    mend: str
    found_by_user: str | None = None
    """Where only root sees the whole of it."""
    mend_for_user: str | None = None


FAULTS = (
    Fault(
        "port not there",
        lambda world: (world.root / PORT).unlink(),
        *("serial port", "fail", "ttyAMA0 is not there", "mend the overlays below"),
    ),
    Fault(
        "port without rights",
        lambda world: (world.root / PORT).chmod(0o600),
        *("serial port", "fail", "mycroft may not use", "sudo udevadm trigger --settle {root}/dev/ttyAMA0"),
    ),
    Fault(
        "login prompt on the port",
        lambda world: world.runs(
            77, "/sbin/agetty -o -p ttyAMA0", "/system.slice/serial-getty@ttyAMA0.service", f"{world.root}/{PORT}"
        ),
        *("serial port", "fail", "is in use by agetty (process 77)"),
        "sudo systemctl disable --now serial-getty@ttyAMA0.service",
        *("ttyAMA0 is there", ""),
    ),
    Fault(
        "terminal program on the port",
        lambda world: world.runs(78, "minicom -D x", "/user.slice/session-1.scope", f"{world.root}/{PORT}"),
        *("serial port", "fail", "is in use by minicom (process 78)", "sudo kill 78"),
        *("ttyAMA0 is there", ""),
    ),
    Fault(
        "console on the port",
        lambda world: world.write("boot/firmware/cmdline.txt", "console=serial0,115200 console=tty1 quiet"),
        *("serial console", "fail", "a login prompt talks to the face"),
        "sudo sed -i 's/console=serial0,115200 *//' {root}/boot/firmware/cmdline.txt && sudo reboot",
    ),
    Fault(
        "overlays missing",
        lambda world: world.write("boot/firmware/config.txt", ""),
        *("sound overlay", "fail", "has no dtoverlay=proto-codec"),
        f"{ADD_OVERLAY} && sudo reboot",
    ),
    Fault(
        "old firmware",
        lambda world: world.without(VERSION).with_(answer(topics.FIRMWARE_VERSION.name, version="1.3.8")),
        *("faceplate", "warn", "firmware 1.3.8 answers", "see the section on the firmware"),
    ),
    Fault(
        "muted",
        lambda world: world.without(VOLUME).with_(answer(VOLUME.msg_type, percent=0.5, muted=True)),
        *("mixer", "warn", "it is muted", "mycroft-bus send mycroft.volume.unmute"),
    ),
    Fault(
        "no sound card",
        lambda world: world.without(VOLUME),
        *("mixer", "fail", "none of Master; there are: Speaker", "aplay -l lists the cards"),
    ),
    Fault(
        "volume without an owner",
        lambda world: world.without(VOLUME),
        *(
            "volume",
            "fail",
            "does not answer mycroft.volume.get",
            "sudo systemctl restart mycroft-enclosure.service",
        ),
    ),
    Fault(
        "two owners of the volume",
        lambda world: world.with_(VOLUME, PHAL),
        *("volume", "fail", "a turn of the knob counts 2 times", '"ovos-PHAL-plugin-alsa": {{"enabled": false}}'),
    ),
    Fault(
        "OVOS' plugin for the Mark 1",
        lambda world: world.with_(MK1, PHAL),
        *(
            "OVOS plugins",
            "fail",
            "OVOS' plugin for the Mark 1 runs, too",
            '"ovos-phal-mk1": {{"enabled": false}}',
        ),
    ),
    Fault(
        "login user with the name of a service user",
        lambda world: world.uids.update(mycroft=1000),
        *("service users", "fail", "mycroft (uid 1000) is a login user"),
        "sudo usermod --login mycroft-login mycroft",
    ),
    Fault(
        "group missing",
        lambda world: setattr(world, "daemon", replace(world.daemon, groups=ONLY_DIALOUT)),
        *("groups", "fail", "mycroft is not in audio"),
        "sudo usermod -aG audio mycroft && sudo systemctl restart mycroft-enclosure.service",
    ),
    Fault(
        "state folder not writable",
        lambda world: (world.root / STATE).chmod(0o755),
        *("state folder", "fail", "mycroft may not write in"),
        "sudo systemctl restart mycroft-enclosure.service",
    ),
    Fault(
        "bus stopped",
        lambda world: world.down(SOCKET, BUS, bus=False),
        *("bus", "fail", "there is no bus at ws://127.0.0.1:8181/core", START_BUS),
    ),
    Fault(
        "bus does not answer",
        lambda world: world.down(bus=False),
        *("bus", "fail", "mycroft-bus.service does not answer", "sudo systemctl restart mycroft-bus.service"),
    ),
    Fault(
        "port of the bus taken",
        taken,
        *("bus", "fail", "http.server (process 812) has the port of ws://127.0.0.1:8181/core, and is no bus"),
        f"sudo systemctl disable --now web.service && {START_BUS}",
        *("only root can see which", "sudo mycroft-enclosure doctor"),
    ),
    Fault(
        "bus of the system's OVOS",
        foreign("/system.slice/ovos-messagebus.service"),
        *("bus", "warn", "the bus of ovos-messagebus (process 812)"),
        f"sudo systemctl disable --now ovos-messagebus.service && {START_BUS}",
        *("the bus of another program", "see 'Beside OVOS, or another bus'"),
    ),
    Fault(
        "bus of a user's OVOS",
        foreign("/user.slice/user-1000.slice/user@1000.service/app.slice/ovos-messagebus.service"),
        *("bus", "warn", "mycroft-admin refuses to serve it", "see 'Beside OVOS, or another bus'"),
    ),
    Fault(
        "enclosure stopped",
        lambda world: world.without(VERSION, VOLUME).down(ENCLOSURE),
        *("enclosure", "fail", "it does not run", "sudo systemctl enable --now mycroft-enclosure.service"),
    ),
    Fault(
        "two enclosures",
        lambda world: world.with_(VERSION),
        *("enclosure", "fail", "2 programs do its work", "stop all but one"),
    ),
    Fault(
        "admin stopped",
        lambda world: world.without(ADMIN_ALIVE, SSH).down(ADMIN),
        *("admin", "fail", "it does not run", "sudo systemctl enable --now mycroft-admin.service"),
    ),
    Fault(
        "two admins",
        two_admins,
        *("admin", "fail", "2 programs do its work; besides the unit's: process 4711", "sudo kill 4711"),
    ),
    Fault(
        "OVOS' admin plugin",
        lambda world: world.with_(SSH),
        *("admin", "fail", "2 programs do its work", "stop all but one"),
    ),
    Fault(
        "clock not set",
        lambda world: setattr(world, "synchronized", "no"),
        *("clock", "warn", "not been set from the network", "sudo timedatectl set-ntp true"),
    ),
)


@pytest.fixture(params=[True, False], ids=["root", "user"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch, as_root=request.param)


async def test_a_healthy_device_has_nothing_to_mend(world: World) -> None:
    found = await world.examine()
    assert {finding.verdict for finding in found.values()} == {Verdict.OK}, report([*found.values()], colour=False)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.what for fault in FAULTS])
async def test_a_fault_is_found_and_its_mend_is_named(fault: Fault, world: World) -> None:
    fault.broken(world)
    finding = (await world.examine())[fault.name]
    found, mend = fault.found, fault.mend
    if not world.as_root and fault.found_by_user is not None:
        found, mend = fault.found_by_user, fault.mend_for_user or ""
    assert found in finding.found
    assert mend.format(root=world.root) in (finding.mend or "")
    assert finding.verdict == (fault.verdict if mend else "ok")


async def test_a_checkout_is_mended_by_its_own_commands(world: World) -> None:
    world.units.clear()
    world.without(VERSION, VOLUME, ADMIN_ALIVE, SSH)
    found = await world.examine()
    assert (found["enclosure"].mend or "").endswith("python -m enclosure run")
    assert (found["admin"].mend or "").endswith("python -m admin run")
    assert "groups" not in found
    world.answers = None
    assert ((await world.examine())["bus"].mend or "").endswith("python -m bus serve")


async def test_the_check_of_what_a_user_may_not_look_at_is_skipped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: Patient) -> list[Finding]:
        raise PermissionError(errno.EACCES, "Permission denied", "/boot/firmware/config.txt")

    monkeypatch.setattr(boot_files, "check", refuse)
    found = await world.examine()
    assert found["boot files"].verdict is Verdict.SKIP
    assert "may not look at /boot/firmware/config.txt" in found["boot files"].found
    assert found["boot files"].mend == "sudo mycroft-enclosure doctor"
    assert found["clock"].verdict is Verdict.OK


async def test_admin_is_not_missed_where_it_is_not_installed(world: World) -> None:
    del world.units[ADMIN]
    world.without(ADMIN_ALIVE, SSH)
    assert (await world.examine())["admin"].verdict is Verdict.SKIP


FINDINGS = [Finding("clock", Verdict.OK, "right"), Finding("mixer", Verdict.WARN, "muted", "unmute it")]


def test_report() -> None:
    assert report(FINDINGS, colour=False).splitlines() == [
        "ok    clock  right",
        "warn  mixer  muted",
        "             -> unmute it",
    ]
    assert "\033[33mwarn\033[0m  mixer" in report(FINDINGS, colour=True)


def test_healthy() -> None:
    assert healthy([Finding("a", Verdict.OK, ""), Finding("b", Verdict.SKIP, "")])
    assert not healthy(FINDINGS)
