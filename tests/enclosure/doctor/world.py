"""A healthy installed Mark 1 to examine, and the ways to break it."""

import errno
import grp
import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, Self

import pytest

from bus.contract import ours as topics
from bus.message import Message
from enclosure.config import load_profile, profile_names
from enclosure.detect import evidence
from enclosure.doctor import Finding, bus, check_all, clock, mixer, phal
from enclosure.doctor.answers import PHAL_IS_READY, SOURCE, Answers
from enclosure.doctor.patient import Patient, Setup, User
from enclosure.doctor.units import ADMIN, BUS, ENCLOSURE, SOCKET, UnitState
from enclosure.errors import MixerError
from enclosure.ports import Mixer, MixerLevel
from hw_sim.boards.gpiod import Gpio
from hw_sim.boards.i2c import Buses, RegisterChip

ADMIN_PID, ENCLOSURE_PID = 11, 12

PORT, STATE = "dev/ttyAMA0", "var/lib/mycroft-enclosure"
CMDLINE = "console=tty1 root=PARTUUID=1234-02 rootfstype=ext4 rootwait\n"
CONFIG = "dtparam=audio=off\n[all]\ndtoverlay=miniuart-bt\ndtoverlay=proto-codec\n"


def answer(msg_type: str, **data: object) -> Message:
    return Message(msg_type, data, {"destination": SOURCE})


def status(*more: Mapping[str, object]) -> Message:
    """What our bus answers; `more` are further clients."""
    clients = [
        {"process": "mycroft-admin", "uid": 7, "pid": ADMIN_PID},
        {"process": "mycroft-enclosu", "uid": 8, "pid": ENCLOSURE_PID},
        *more,
    ]
    return answer(topics.STATUS_RESPONSE.name, clients=clients, counters={}, memory=1)


VERSION = answer(topics.FIRMWARE_VERSION.name, version="1.4.2")
VOLUME = answer(topics.VOLUME_RESPONSE.name, percent=0.5, muted=False)
ADMIN_ALIVE = answer(topics.ADMIN_ALIVE.name, status=True)
SSH = answer(topics.SSH_STATUS_RESPONSE.name, enabled=False)
RESETS = answer(topics.FACTORY_RESET_REGISTER.name, skill_id="mycroft-enclosure")
MK1 = answer(topics.FACTORY_RESET_REGISTER.name, skill_id="ovos-phal-plugin-mk1")
PHAL = answer(f"{PHAL_IS_READY}.response", status=True)
ALL = (status(), VERSION, VOLUME, ADMIN_ALIVE, SSH, RESETS)

TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LISTENS = "   0: 0100007F:1FF5 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0\n"


BOARDS = {name: load_profile(name) for name in profile_names()}

OURS = os.getgid()
"""Group of the files that a test makes."""

GROUPS = {OURS: "dialout", -1: "audio", -2: "gpio", -3: "i2c", -4: "spi", -5: "pi"}
"""Groups of the system, by number; the daemon is in all but the last one."""

OVOS = "home/owner/.venvs/ovos"
PLUGIN_ANSWERS = {
    "ovos_PHAL_plugin_mk1": MK1,
    "ovos_PHAL_plugin_alsa": VOLUME,
    "ovos_PHAL_plugin_system": SSH,
}
"""What OVOS' plugins answer to the doctor."""


class Card:
    """A mixer at half of its level."""

    async def open(self) -> None:
        pass

    def read(self) -> MixerLevel:
        return MixerLevel(50, muted=False)

    def write(self, percent: int, muted: bool) -> MixerLevel:
        raise AssertionError("the doctor changes nothing")

    async def changed(self) -> None:
        raise AssertionError("the doctor does not wait")

    def close(self) -> None:
        raise AssertionError("the doctor ends nothing")


class NoCard(Card):
    """A mixer that is gone."""

    async def open(self) -> None:
        raise MixerError("mixer of default: none of Master; there are: Speaker")


class World:
    """The files and the state of a device; each method breaks something."""

    def __init__(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, gpio: Gpio, i2c: Buses, *, as_root: bool, board: str
    ) -> None:
        self.root = root
        self.gpio, self.i2c = gpio, i2c
        self.as_root = as_root
        self.board, self.profile = board, BOARDS[board]
        self.serial_port = self.profile.serial_port
        self.port, self.state = root / PORT, root / STATE
        self.answers: Answers | None = Answers(ALL)
        self.synchronized = "yes"
        self.uids = {"root": 0, "mycroft": 997, "mycroft-admin": 996, "owner": 1000}
        self.groups = dict(GROUPS)
        # Another user than the one of this test, which owns the files, and in its group.
        mine = {gid: name for gid, name in GROUPS.items() if name != "pi"}
        self.daemon = User("mycroft", os.getuid() + 1, mine)
        self._user = User("root", 0, {0: "root"}) if as_root else User("pi", 1000, {1000: "pi"})
        self._monkeypatch = monkeypatch
        self.units = {
            SOCKET: UnitState("active"),
            BUS: UnitState("active", 10),
            ADMIN: UnitState("active", ADMIN_PID),
            ENCLOSURE: UnitState("active", ENCLOSURE_PID),
        }
        self.write("boot/firmware/cmdline.txt", CMDLINE)
        self.write("boot/firmware/config.txt", CONFIG)
        self.write("proc/net/tcp", TCP)
        for device in (PORT, "dev/i2c-1", "dev/spidev0.0", "gpiochip0"):
            self.write(device, "")
            (root / device).chmod(0o660)
        for address in (0x04, 0x2F):
            i2c.chips[1, address] = RegisterChip()
        self.state.mkdir(parents=True)
        self.state.chmod(0o775)

        async def ntp_synchronized() -> str:
            return self.synchronized

        async def socket_unit(_: int) -> str:
            return "other.socket"

        monkeypatch.setattr(grp, "getgrall", self._groups)
        monkeypatch.setattr(pwd, "getpwall", self._users)
        monkeypatch.setattr(pwd, "getpwuid", lambda _: self._users()[-1])
        monkeypatch.setattr(clock, "ntp_synchronized", ntp_synchronized)
        monkeypatch.setattr(bus, "socket_unit", socket_unit)
        monkeypatch.setattr(evidence, "AsyncSerial", _locked)
        self.plays(Card())

    def _groups(self) -> list[grp.struct_group]:
        return [grp.struct_group((name, "x", gid, [])) for gid, name in self.groups.items()]

    def _users(self) -> list[pwd.struct_passwd]:
        return [pwd.struct_passwd((name, "x", uid, uid, "", "/", "")) for name, uid in self.uids.items()]

    def plays(self, card: Mixer) -> None:
        """The sound card, which is looked at where the enclosure does not answer."""
        self._monkeypatch.setattr(mixer, "card", lambda *_: mixer.read(card))

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    # The serial port.

    def unplug(self) -> None:
        """The port goes away."""
        self.port.unlink()

    def configure_port(self, name: str) -> None:
        """The owner has named another port."""
        self.serial_port = name

    def give_files_to(self, group: str) -> None:
        """The files belong to another group, in which the daemon is not."""
        self.groups |= {OURS: group, -6: "dialout"}
        rest = {gid: name for gid, name in self.daemon.groups.items() if gid != OURS}
        self.daemon = replace(self.daemon, groups={**rest, -6: "dialout"})

    def takes_port(self, command: str, cgroup: str, mode: int = 0o660) -> None:
        """Another program has opened the port."""
        self.port.chmod(mode)
        self.runs(78, command, cgroup, str(self.port))

    # Answers on the bus.

    def without(self, *messages: Message) -> Self:
        assert self.answers
        self.answers = Answers([message for message in self.answers.messages if message not in messages])
        return self

    def with_(self, *messages: Message) -> Self:
        assert self.answers
        self.answers = Answers([*self.answers.messages, *messages])
        return self

    def down(self, *units: str, bus: bool = True) -> Self:
        """These units do not run; without `bus`, there is no bus either."""
        self.units |= dict.fromkeys(units, UnitState("inactive"))
        if not bus:
            self.answers = None
        return self

    def answers_version(self, version: str | None) -> None:
        """The face has another firmware, or does not answer."""
        self.without(VERSION).with_(answer(VERSION.msg_type, **({"version": version} if version else {})))

    def answers_volume(self, percent: float, *, muted: bool) -> None:
        """The device has another sound level."""
        self.without(VOLUME).with_(answer(VOLUME.msg_type, percent=percent, muted=muted))

    def answers_no_volume(self, *, card: bool) -> None:
        """The enclosure has found no mixer; perhaps there is none."""
        self.without(VOLUME)
        if not card:
            self.plays(NoCard())

    def no_enclosure(self) -> None:
        """The enclosure does not run."""
        self.without(VERSION, VOLUME).down(ENCLOSURE)

    def no_admin(self) -> None:
        """The admin service does not run."""
        self.without(ADMIN_ALIVE, SSH).down(ADMIN)

    def second(self, daemon: str, cgroup: str) -> None:
        """A daemon runs a second time."""
        pid = 4711
        self.runs(pid, f"/usr/bin/python3 /usr/bin/mycroft-{daemon} run", cgroup, "/dev/null")
        said = (ADMIN_ALIVE, SSH) if daemon == "admin" else (VERSION, VOLUME)
        self.without(status()).with_(status({"process": f"mycroft-{daemon}"[:15], "uid": 0, "pid": pid}), *said)

    # Processes and files.

    def runs(self, pid: int, command: str, cgroup: str, target: str) -> None:
        """Another program, which has a file or socket open; only root sees that it does."""
        self.write(f"proc/{pid}/cmdline", command.replace(" ", "\0") + "\0")
        self.write(f"proc/{pid}/cgroup", f"0::{cgroup}\n")
        if self.as_root:
            (self.root / f"proc/{pid}/fd").mkdir()
            (self.root / f"proc/{pid}/fd/3").symlink_to(target)

    def takes_bus_port(self, command: str, cgroup: str, pid: int = 812) -> None:
        """A program that is no bus listens on the port of the bus."""
        self.down(SOCKET, BUS, bus=False)
        self.write("proc/net/tcp", TCP + LISTENS)
        self.runs(pid, command, cgroup, "socket:[4242]")

    def other_bus(self, cgroup: str) -> None:
        """OVOS' bus runs in place of ours."""
        self.takes_bus_port("/usr/bin/python3 /opt/ovos/bin/ovos-messagebus", cgroup)
        self.answers = Answers([message for message in ALL if message not in (status(), ADMIN_ALIVE, SSH)])

    def leave_group(self, group: str) -> None:
        """The daemon's user is not in a group any more."""
        rest = {gid: name for gid, name in self.daemon.groups.items() if name != group}
        self.daemon = replace(self.daemon, groups=rest)

    def close_configuration(self, name: str) -> None:
        """Root alone may read a path of the configuration's folder."""
        self.write("etc/mycroft/mycroft.conf", "{}")
        (self.root / "etc/mycroft" / name).chmod(0o700)

    def state_is_dead_link(self) -> None:
        """The state folder leads nowhere."""
        self.state.rmdir()
        self.state.symlink_to("/nowhere")

    def fill_disk(self) -> None:
        """Nothing can be saved."""
        self._monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((0,) * 10))

    def installs(self, *distributions: str) -> None:
        """OVOS runs, with these plugins; only root sees which."""
        python = f"/{OVOS}/bin/python3"
        unit = "/user.slice/user-1000.slice/user@1000.service/app.slice/ovos-phal.service"
        self.runs(900, f"{python} /{OVOS}/bin/ovos_PHAL", unit, "/dev/null")
        self.with_(PHAL, *(PLUGIN_ANSWERS[name] for name in distributions if name in PLUGIN_ANSWERS))
        packages = self.root / OVOS / "lib/python3.11/site-packages"
        for name in ("pip", *(f"{name}-0.1.3.dist-info" for name in distributions)):
            (packages / name).mkdir(parents=True)
        if not self.as_root:
            self._monkeypatch.setattr(phal, "_packages", _refuse)

    # The board.

    def takes_line(self, line: int, consumer: str) -> None:
        """Another program has a GPIO line."""
        self.gpio.take(line, consumer)
        command = "/usr/bin/python3 /opt/buttons.py"
        self.runs(79, command, "/system.slice/buttons.service", "anon_inode:gpio-line")
        self.write("proc/79/fdinfo/3", f"pos:\t0\ngpio-chip:\tgpiochip0\ngpio-line:\t{line}\n")

    def kernel_has_chip(self, number: int, address: int, driver: str) -> None:
        """A driver of the kernel has a chip on an I2C bus."""
        chip = f"sys/bus/i2c/devices/{number}-{address:04x}"
        self.write(f"{chip}/name", f"{driver}\n")
        (self.root / chip / "driver").mkdir()

    def enable_i2c_at_next_start(self) -> None:
        """The bus is missing, and config.txt has it."""
        (self.root / "dev/i2c-1").unlink()
        self.write("boot/firmware/config.txt", "dtparam=i2c_arm=on\n")

    async def examine(self) -> dict[str, Finding]:
        """The findings by name."""
        url = "ws://127.0.0.1:8181/core"
        setup = Setup(url, self.serial_port, 9600, "default", ["Master"], self.profile, self.board, BOARDS)
        patient = Patient(setup, self.root, self._user, self.daemon, self.units, self.answers)
        return {found.name: found for found in await check_all(patient)}


def _refuse(environment: Path) -> Iterator[Path]:
    raise PermissionError(errno.EACCES, "Permission denied", str(environment))


def _locked(path: str, _: int) -> NoReturn:
    """The serial port, which the enclosure has."""
    if not Path(path).exists():
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
