"""The installed packages on the booted tree, and how to talk to them."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.image.machine import Machine
from tests.image.tree import INSIDE, OWNER, STRANGER, Repository, Tree

DAEMONS = ("mycroft-bus", "mycroft-enclosure", "mycroft-admin")
UNITS = ("mycroft-bus.socket", *(f"{daemon}.service" for daemon in DAEMONS))

ANSWER_TIMEOUT_S = 20.0

FACE_PORT = "/run/faceplate/port"
SOUND_FOLDER = "/run/sound"
VOLUME = 0.37


@dataclass(frozen=True)
class Installed:
    """What there is to look at."""

    machine: Machine
    tree: Tree
    repository: Repository
    packages: list[str]
    first: list[Path]
    """The packages that were installed."""
    upgrade: list[Path]
    """The next version of them."""


def doctor(machine: Machine, user: str = "root") -> dict[str, str]:
    """The verdict of each finding."""
    return {name: finding["verdict"] for name, finding in examine(machine, user).items()}


def examine(machine: Machine, user: str = "root") -> dict[str, dict[str, str]]:
    """The findings of the doctor by name."""
    findings = json.loads(machine.run("mycroft-enclosure", "doctor", "--json", user=user, check=False))
    return {finding["name"]: finding for finding in findings}


def ask(machine: Machine, request: str, answer: str) -> str:
    timeout = f"{ANSWER_TIMEOUT_S}"
    return machine.run("mycroft-bus", "send", request, "--wait", answer, "--timeout", timeout, user=OWNER)


def start_face(installed: Installed) -> None:
    """A simulated faceplate for the enclosure."""
    configuration = installed.tree.root / "etc/mycroft/mycroft.conf"
    configuration.parent.mkdir(exist_ok=True)
    configuration.write_text(json.dumps({"enclosure": {"port": FACE_PORT, "mixer": "default"}}))
    _start(installed, "faceplate", FACE_PORT)


def start_sound(installed: Installed) -> None:
    """A card for the enclosure. PulseAudio lets no other user in."""
    configuration = installed.tree.root / "etc/asound.conf"
    configuration.unlink(missing_ok=True)
    configuration.symlink_to(f"{SOUND_FOLDER}/asound.conf")
    _start(installed, "sound", SOUND_FOLDER)


def _start(installed: Installed, name: str, argument: str) -> None:
    """Starts a program for a part of the device as a service; the enclosure then finds that part."""
    machine = installed.machine
    if machine.succeeds("systemctl", "is-active", f"{name}.service"):
        return
    unit = f"""\
[Service]
ExecStart=/usr/bin/python3 {INSIDE}/{name}.py {argument}
User=mycroft
RuntimeDirectory={name}
"""
    (installed.tree.root / f"etc/systemd/system/{name}.service").write_text(unit)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", f"{name}.service")
    # libasound looks for a new asound.conf only when a program starts.
    machine.run("systemctl", "restart", "mycroft-enclosure.service")


def set_volume(machine: Machine) -> float | None:
    return volume(machine, "mycroft.volume.set", json.dumps({"percent": VOLUME}))


def volume(machine: Machine, *request: str) -> float | None:
    """What the enclosure says of it; None where it says nothing, as without a card."""
    wait = ("--wait", "mycroft.volume.get.response", "--timeout", "1")
    answer = machine.run("mycroft-bus", "send", *request, *wait, check=False)
    return json.loads(answer).get("percent") if answer.startswith("{") else None


def tell(machine: Machine, what: str, heard: Callable[[], list[str]]) -> bool:
    """Whether a message is heard."""
    machine.run("mycroft-bus", "send", what)
    return bool(heard())


def firmware(machine: Machine) -> str | None:
    send = ("mycroft-bus", "send", "enclosure.firmware.version.get", "--timeout", "1")
    answer = machine.run(*send, "--wait", "enclosure.firmware.version", check=False)
    return json.loads(answer).get("version") if answer.startswith("{") else None


@contextmanager
def listening(machine: Machine, pattern: str) -> Iterator[Callable[[], list[str]]]:
    """What a client hears meanwhile."""
    log = "/run/heard"
    machine.run("rm", "-f", log)
    machine.run(
        "systemd-run",
        "--quiet",
        "--unit=heard",
        f"--property=StandardOutput=file:{log}",
        "--uid",
        STRANGER,
        "mycroft-bus",
        "listen",
        "connected",
        pattern,
    )
    until(lambda: "connected" in machine.run("cat", log, check=False), "the client is not let in")
    try:
        yield lambda: [line for line in machine.run("cat", log).splitlines() if line.split()[1] != "connected"]
    finally:
        machine.run("systemctl", "stop", "heard.service")


def until(
    true: Callable[[], bool],
    otherwise: str,
    found: Callable[[], object] = str,
    timeout_s: float = ANSWER_TIMEOUT_S,
) -> None:
    """Waits until this is true; if that takes too long, it is an error, which tells what is found instead."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"{otherwise}: {found()}"
        time.sleep(0.2)


def until_it_answers(machine: Machine, daemon: str) -> None:
    """Waits until a daemon, such as admin, answers on the bus."""
    ask = ("mycroft-bus", "send", f"mycroft.{daemon}.is_alive", "--wait")
    until(lambda: machine.succeeds(*ask), f"{daemon} does not come back to the bus")


def main_pid(machine: Machine, daemon: str) -> str:
    return machine.property(f"{daemon}.service", "MainPID")


def exposure_of(machine: Machine, daemon: str) -> float:
    said = machine.run("systemd-analyze", "security", f"{daemon}.service")
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)
    assert found, said
    return float(found[1])


def pss_mb(machine: Machine, daemon: str) -> float:
    """Proportional set size: what it shares with others counts in part."""
    rollup = machine.run("cat", f"/proc/{main_pid(machine, daemon)}/smaps_rollup")
    found = re.search(r"^Pss: +([0-9]+) kB", rollup, re.MULTILINE)
    assert found, rollup
    return int(found[1]) * 1024 / 1e6


def cpu_ms(machine: Machine, daemon: str) -> float:
    """Of all its threads."""
    return int(machine.property(f"{daemon}.service", "CPUUsageNSec")) / 1e6


def ready_s(machine: Machine, daemon: str) -> float:
    started, ready = (
        int(machine.property(f"{daemon}.service", name))
        for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    return (ready - started) / 1e6


def all_units_are_active(machine: Machine) -> str:
    """Socket and services."""
    states = {unit: machine.run("systemctl", "is-active", unit, check=False) for unit in UNITS}
    assert set(states.values()) == {"active"}, states
    return ", ".join(states)


def reconfigure(machine: Machine, package: str, answer: str) -> str:
    """Has debconf ask the question of a package again, on a terminal; returns what the owner reads."""
    ask_again = f"DEBIAN_FRONTEND=teletype dpkg-reconfigure {package}"
    return machine.run("sh", "-c", f"echo {answer} | script -qec '{ask_again}' /dev/null")
