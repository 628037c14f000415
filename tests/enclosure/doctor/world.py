"""A healthy installed Mark 1 to examine, and the ways to break it."""

import grp
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import pytest

from bus.contract import ours as topics
from bus.message import Message
from enclosure.doctor import Finding, check_all, clock, mixer
from enclosure.doctor.answers import PHAL_IS_READY, SOURCE, Answers
from enclosure.doctor.patient import Patient, Setup, User
from enclosure.doctor.units import ADMIN, BUS, ENCLOSURE, SOCKET, UnitState
from enclosure.errors import MixerError
from enclosure.ports import MixerLevel

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


DAEMON_GROUPS = {os.getgid(): "dialout", -1: "audio"}


class NoCard:
    """A mixer that is gone."""

    async def open(self) -> None:
        raise MixerError("mixer of default: none of Master; there are: Speaker")

    def read(self) -> MixerLevel:
        raise AssertionError("not open")

    def write(self, percent: int, muted: bool) -> MixerLevel:
        raise AssertionError("the doctor changes nothing")

    async def changed(self) -> None:
        raise AssertionError("the doctor does not wait")

    def close(self) -> None:
        raise AssertionError("the doctor ends nothing")


class World:
    """The files and the state of a device; each method breaks something."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, *, as_root: bool) -> None:
        self.root = root
        self.as_root = as_root
        self.answers: Answers | None = Answers(ALL)
        self.synchronized = "yes"
        self.uids = {"root": 0, "mycroft": 997, "mycroft-admin": 996, "pi": 1000}
        # Another user than the one of this test, which owns the files, and in its group.
        self.daemon = User("mycroft", os.getuid() + 1, DAEMON_GROUPS)
        self._user = User("root", 0, {0: "root"}) if as_root else User("pi", 1000, {1000: "pi"})
        self.units = {
            SOCKET: UnitState("active"),
            BUS: UnitState("active", 10),
            ADMIN: UnitState("active", ADMIN_PID),
            ENCLOSURE: UnitState("active", ENCLOSURE_PID),
        }
        self.write("boot/firmware/cmdline.txt", CMDLINE)
        self.write("boot/firmware/config.txt", CONFIG)
        self.write("dev/ttyAMA0", "")
        self.write("proc/net/tcp", TCP)
        (root / PORT).chmod(0o660)
        (root / STATE).mkdir(parents=True)
        (root / STATE).chmod(0o775)

        async def ntp_synchronized() -> str:
            return self.synchronized

        there = [grp.struct_group((name, "x", number, [])) for number, name in enumerate(("audio", "dialout"))]
        monkeypatch.setattr(grp, "getgrall", lambda: there)
        monkeypatch.setattr(pwd, "getpwall", self._users)
        monkeypatch.setattr(clock, "ntp_synchronized", ntp_synchronized)
        monkeypatch.setattr(mixer, "card", lambda *_: mixer.read(NoCard()))

    def _users(self) -> list[pwd.struct_passwd]:
        return [pwd.struct_passwd((name, "x", uid, uid, "", "/", "")) for name, uid in self.uids.items()]

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

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

    def runs(self, pid: int, command: str, cgroup: str, target: str) -> None:
        """Another program, which has a file or socket open; only root sees that it does."""
        self.write(f"proc/{pid}/cmdline", command.replace(" ", "\0") + "\0")
        self.write(f"proc/{pid}/cgroup", f"0::{cgroup}\n")
        if self.as_root:
            (self.root / f"proc/{pid}/fd").mkdir()
            (self.root / f"proc/{pid}/fd/3").symlink_to(target)

    def listens(self, pid: int, command: str, cgroup: str) -> None:
        """Another program, which listens on the port of the bus."""
        self.write("proc/net/tcp", TCP + LISTENS)
        self.runs(pid, command, cgroup, "socket:[4242]")

    async def examine(self) -> dict[str, Finding]:
        """The findings by name."""
        setup = Setup("ws://127.0.0.1:8181/core", "/dev/ttyAMA0", 9600, "default", ["Master"])
        patient = Patient(setup, self.root, self._user, self.daemon, self.units, self.answers)
        return {found.name: found for found in await check_all(patient)}
