"""What is looked at, in this order: each is a function that returns what to print, or raises AssertionError."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.image.machine import Machine
from tests.image.tree import BOOT_FILES, INSIDE, OWNER, SMOKE_TEST, STRANGER, Repository, Tree

DAEMONS = ("mycroft-bus", "mycroft-enclosure", "mycroft-admin")
UNITS = ("mycroft-bus.socket", *(f"{daemon}.service" for daemon in DAEMONS))

MAX_EXPOSURE = 1.5
MAX_BOOT_S = 5.0
MAX_READY_S = 1.5
MAX_PSS_MB = 60.0
"""Of all daemons together."""
IDLE_S = 10.0
MAX_IDLE_CPU_MS = 20.0
ANSWER_TIMEOUT_S = 20.0

BUS = "ws://127.0.0.1:8181/core"
BUS_SOCKET = "unix:/run/mycroft/bus.sock"
QUESTIONS = ("mycroft.enclosure.is_alive", "system.ssh.status")
"""What the enclosure and the admin service answer to everybody."""

FACE_PORT = "/run/faceplate/port"
CONFIGURATION = {"enclosure": {"port": FACE_PORT, "mixer": "default"}}

OTHER_BOARD = "mycroft-picroft"
"""Conflicts with the package for the Mark 1, so it comes last."""

EXPECTED = r"mixer of default|faceplate unplugged|the bus closed the connection \(1001\)"

SOUND_FOLDER = "/run/sound"
VOLUME = 0.37


@dataclass(frozen=True)
class Installed:
    """What there is to look at."""

    machine: Machine
    tree: Tree
    repository: Repository
    packages: list[str]
    upgrade: list[Path]
    """The next version of them."""


@dataclass
class Table:
    """What has been found."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether anything was wrong."""
        return any(state == "FAIL" for state, _, _ in self.rows)

    def add(self, state: str, what: str, found: str) -> None:
        """One more row, shown at once as well."""
        self.rows.append((state, what, found))
        print(f"... {state:4} {what}", flush=True)
        if state == "FAIL":
            print(found, flush=True)

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """What fails in it becomes a row, and does not keep the rest from being tried."""
        try:
            yield
        except AssertionError as error:
            self.add("FAIL", what, str(error))
        except Exception as error:  # noqa: BLE001  # a check that breaks off has not passed
            self.add("FAIL", what, f"{type(error).__name__}: {error}")

    def check(self, what: str, look: Callable[[], str]) -> None:
        """Adds what `look` finds."""
        with self.part(what):
            self.add("ok", what, look())

    def print(self) -> None:
        """All rows, and how many there are of each kind."""
        width = max(len(what) for _, what, _ in self.rows)
        for state, what, found in self.rows:
            first, *others = found.splitlines() or [""]
            print(f"{state:4}  {what:{width}}  {first}")
            for other in others if state != "FAIL" else ():  # they are above
                print(f"{'':4}  {'':{width}}  {other}")
        passed, failed, skipped = (
            sum(state == wanted for state, _, _ in self.rows) for wanted in ("ok", "FAIL", "skip")
        )
        print(f"image: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))


def check_all(installed: Installed, table: Table) -> None:
    """Carries out all checks, as long as there is a machine."""
    for check in CHECKS:
        table.check(check.__name__.replace("_", " "), partial(check, installed))
        if not installed.machine.runs:
            table.add("FAIL", "all that follows", "the machine is gone")
            return


# After the first boot.


def all_units_are_active(installed: Installed) -> str:
    """Socket and services."""
    machine = installed.machine
    states = {unit: machine.run("systemctl", "is-active", unit, check=False) for unit in UNITS}
    assert set(states.values()) == {"active"}, states
    return ", ".join(states)


def they_are_active_soon_after_boot(installed: Installed) -> str:
    """Counted from the start of the tree's systemd: the kernel runs already."""
    machine = installed.machine
    booted = int(machine.run("systemctl", "show", "--value", "--property=UserspaceTimestampMonotonic"))
    active = {unit: int(machine.property(unit, "ActiveEnterTimestampMonotonic")) for unit in UNITS}
    after_s = {unit: (when - booted) / 1e6 for unit, when in active.items()}
    found = ", ".join(f"{unit} {seconds:.2f} s" for unit, seconds in after_s.items())
    assert all(0 < seconds <= MAX_BOOT_S for seconds in after_s.values()), f"not within {MAX_BOOT_S:g} s: {found}"
    return found


def no_unit_has_failed(installed: Installed) -> str:
    """In the whole tree."""
    failed = installed.machine.run("systemctl", "--failed", "--plain", "--no-legend")
    assert not failed, failed
    return ""


def users_and_groups(installed: Installed) -> str:
    """Those of sysusers, and the owner's."""
    groups = {
        user: set(installed.machine.run("id", "--name", "--groups", user).split())
        for user in ("mycroft", "mycroft-admin", OWNER, STRANGER)
    }
    assert groups["mycroft"] == {"mycroft", "audio", "dialout"}, groups
    assert groups["mycroft-admin"] == {"mycroft-admin"}, groups
    assert "mycroft-admin" in groups[OWNER], groups
    assert "mycroft-admin" not in groups[STRANGER], groups
    return "; ".join(f"{user}: {' '.join(sorted(found))}" for user, found in groups.items())


def modes_of_files(installed: Installed) -> str:
    """Of the files that are made when the daemons run."""
    wanted = {
        "/run/mycroft": "755 root root",
        "/run/mycroft/bus.sock": "666 root root",
        "/var/lib/mycroft-enclosure": "755 mycroft mycroft",
    }
    found = {path: installed.machine.run("stat", "--format=%a %U %G", path) for path in wanted}
    assert found == wanted, found
    return ""


def code_is_compiled(installed: Installed) -> str:
    """As root, once; the daemons could not."""
    code = installed.tree.root / "usr/lib/mycroft-enclosure"
    sources = list(code.rglob("*.py"))
    compiled = {path.name.partition(".")[0] for path in code.rglob("__pycache__/*.pyc")}
    missing = [str(path) for path in sources if path.stem not in compiled]
    assert not missing, missing
    return f"{len(sources)} files"


def the_board_is_prepared(installed: Installed) -> str:
    """config.txt and cmdline.txt, as the doctor wants them."""
    boot = installed.tree.root / "boot/firmware"
    config, command_line = ((boot / name).read_text() for name in BOOT_FILES)
    added = "[all]\ndtoverlay=miniuart-bt\ndtoverlay=proto-codec\n"
    marked = f"# mycroft-mark-1: begin\n{added}# mycroft-mark-1: end\n"
    assert config == BOOT_FILES["config.txt"] + marked, config
    assert command_line == BOOT_FILES["cmdline.txt"].replace("console=serial0,115200 ", ""), command_line
    cards = (installed.tree.root / "etc/modprobe.d/mycroft-mark-1.conf").read_text()
    assert "\noptions snd slots=snd_soc_rpi_proto\n" in cards, cards
    states = _doctor(installed.machine)
    boot_states = {name: states[name] for name in ("serial console", "serial overlay", "sound overlay", "groups")}
    assert set(boot_states.values()) == {"ok"}, states
    return ", ".join(boot_states)


def users_exposure_memory_and_time(installed: Installed) -> str:
    """The table of the daemons, and whether all of it is within the limits."""
    machine = installed.machine
    rows = [f"{'unit':18} {'user':14} {'exposure':>8} {'PSS MB':>7} {'ready s':>8} {'idle CPU ms':>12}"]
    before = {daemon: _cpu_ms(machine, daemon) for daemon in DAEMONS}
    time.sleep(IDLE_S)
    idle = {daemon: _cpu_ms(machine, daemon) - before[daemon] for daemon in DAEMONS}
    total = 0.0
    too_much = []
    for daemon in DAEMONS:
        exposure, pss, ready = _exposure(machine, daemon), _pss_mb(machine, daemon), _ready_s(machine, daemon)
        user = machine.property(f"{daemon}.service", "User")
        rows.append(f"{daemon:18} {user:14} {exposure:8} {pss:7.1f} {ready:8.2f} {idle[daemon]:12.0f}")
        total += pss
        if exposure > MAX_EXPOSURE or ready > MAX_READY_S or idle[daemon] > MAX_IDLE_CPU_MS:
            too_much.append(daemon)
    rows.append(f"{'together':18} {'':14} {'':8} {total:7.1f}")
    rows.append(
        f"{'at most':18} {'':14} {MAX_EXPOSURE:8} {MAX_PSS_MB:7.1f} {MAX_READY_S:8.2f} {MAX_IDLE_CPU_MS:12.0f}"
    )
    if total > MAX_PSS_MB:
        too_much.append("together")
    found = "\n".join(rows)
    assert not too_much, f"over the limit: {', '.join(too_much)}\n{found}"
    return found


def bus_answers_on_loopback_and_socket(installed: Installed) -> str:
    """And the enclosure and the admin service answer on it."""
    for url in (BUS, BUS_SOCKET):
        installed.machine.run("mycroft-bus", "status", "--bus", url, user=STRANGER)
        for question in QUESTIONS:
            installed.machine.run("mycroft-bus", "send", question, "--wait", "--bus", url, user=STRANGER)
    return installed.machine.run("mycroft-bus", "status")


def a_press_of_the_button_reaches_a_client(installed: Installed) -> str:
    """From a simulated faceplate, through its serial port, to somebody else's program."""
    machine = installed.machine
    options = ("--unit=faceplate", "--property=User=mycroft", "--property=RuntimeDirectory=faceplate")
    machine.run("systemd-run", "--quiet", *options, "python3", f"{INSIDE}/faceplate.py", FACE_PORT)
    configuration = installed.tree.root / "etc/mycroft/mycroft.conf"
    configuration.parent.mkdir(exist_ok=True)
    configuration.write_text(json.dumps(CONFIGURATION))
    machine.run("systemctl", "restart", "mycroft-enclosure.service")
    _until(lambda: _firmware(machine) is not None, "the faceplate does not answer")
    with _listening(machine, "mycroft.mic.listen") as heard:
        machine.run("systemctl", "kill", "--signal=USR1", "faceplate.service")
        _until(lambda: bool(heard()), "nothing is heard of the press")
        return heard()[0]


def the_smoke_test_passes(installed: Installed) -> str:
    """That of debian/tests, which is for autopkgtest."""
    installed.machine.run("sh", f"{SMOKE_TEST}/smoke")
    return ""


def the_simulator_runs(installed: Installed) -> str:
    """The whole simulated device, as anybody, beside the installed daemons."""
    machine, log = installed.machine, "/run/simulator"
    options = ("--unit=simulator", f"--uid={STRANGER}", f"--property=StandardOutput=file:{log}")
    machine.run("systemd-run", "--quiet", *options, "mycroft-sim", "run", "--bus-port=0", "--face-port=0")
    _until(lambda: "\nready " in machine.run("cat", log, check=False), "the simulator is not ready")
    machine.run("systemctl", "stop", "simulator.service")
    return machine.run("grep", "^ready ", log)


# Who may what.


def a_stranger_is_refused(installed: Installed) -> str:
    """On both ways to the bus; the owner is not."""
    for url in (BUS, BUS_SOCKET):
        send = ("mycroft-bus", "send", "--bus", url, "system.ssh.enable", "--wait", "system.ssh.enabled")
        refused = installed.machine.run(*send, user=STRANGER, check=False)
        assert "mycroft-admin may send this" in refused, refused
        installed.machine.run(*send, user=OWNER)
    return refused


def ssh_is_switched_off_and_on(installed: Installed) -> str:
    """The real one."""
    machine = installed.machine
    for what, state in (("disable", "inactive"), ("enable", "active")):
        _ask(machine, f"system.ssh.{what}", f"system.ssh.{what}d")
        assert machine.run("systemctl", "is-active", "ssh.service", check=False) == state, what
        assert machine.run("systemctl", "is-enabled", "ssh.service", check=False) == f"{what}d"
        status = _ask(machine, "system.ssh.status", "system.ssh.status.response")
        assert (json.loads(status)["enabled"] is True) == (what == "enable"), status
    return status


def the_clock_is_asked_for(installed: Installed) -> str:
    """timedated switches synchronisation on. A container's clock is its host's, so it gets no further."""
    machine, unit = installed.machine, "systemd-timesyncd.service"
    machine.run("timedatectl", "set-ntp", "no")
    assert machine.run("systemctl", "is-enabled", unit, check=False) == "disabled"
    machine.run("mycroft-bus", "send", "system.ntp.sync", user=OWNER)
    _until(lambda: machine.run("systemctl", "is-enabled", unit, check=False) == "enabled", "nothing has changed")
    return f"{unit} is enabled"


def the_admin_user_may_do_nothing_else(installed: Installed) -> str:
    """Neither with systemd nor with its friends."""
    machine = installed.machine
    forbidden = [
        *(f"systemctl start {unit}" for unit in ("ssh.service", "apt-daily.service", "rescue.target")),
        *(
            f"systemctl {verb} mycroft-ssh-enable.service"
            for verb in ("stop", "restart", "enable", "mask", "kill")
        ),
        *(f"systemctl {verb} mycroft-bus.service" for verb in ("stop", "restart", "disable")),
        "systemctl daemon-reload",
        "systemctl set-property ssh.service CPUWeight=1",
        "systemd-run true",
        "systemd-run --unit=mycroft-ssh-enable true",
        "timedatectl set-timezone Europe/Berlin",
        "timedatectl set-time 2030-01-01",
        "hostnamectl set-hostname other",
        "loginctl enable-linger mycroft-admin",
    ]
    allowed = [command for command in forbidden if machine.succeeds(*command.split(), user="mycroft-admin")]
    assert not allowed, allowed
    machine.run("systemctl", "--no-ask-password", "start", "mycroft-ssh-enable.service", user="mycroft-admin")
    login1 = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
    for method in ("CanReboot", "CanPowerOff"):
        answer = machine.run("busctl", "call", *login1, method, user="mycroft-admin")
        assert answer == 's "yes"', f"{method}: {answer}"
    return f"{len(forbidden)} other commands refused"


# What changes the tree.


def an_upgrade_refuses_nobody(installed: Installed) -> str:
    """By apt, to packages that a build of the next version has made; no version has been released so far.

    All the while one client connects many times in a second, and another one stays. What the owner has configured
    and set stays as well, and who has left the group stays out.
    """
    machine = installed.machine
    configuration = installed.tree.root / "etc/mycroft/mycroft.conf"
    state = installed.tree.root / "var/lib/mycroft-enclosure/state.json"
    _start_sound(installed)
    _until(lambda: _set_volume(machine) == VOLUME, "the volume cannot be set")
    machine.run("gpasswd", "--delete", OWNER, "mycroft-admin")
    before = {daemon: _main_pid(machine, daemon) for daemon in DAEMONS}
    listening = machine.property("mycroft-bus.socket", "InvocationID")
    configured = configuration.read_text()
    installed.repository.add(installed.upgrade)
    machine.run("apt-get", "-qq", "update", "-o", "Dir::Etc::sourcelist=/dev/null")
    inside = ("python3", f"{INSIDE}/knock.py")
    with _listening(machine, "upgraded") as heard, machine.start(*inside, user=STRANGER) as knock:
        machine.run("apt-get", "-qq", "--yes", "install", *installed.packages)
        said, _ = knock.communicate("")
        _until(lambda: _tell(machine, "upgraded", heard), "the client that stayed hears nothing")
    _, version, _ = installed.upgrade[0].name.split("_")
    versions = machine.run("dpkg-query", "--show", "--showformat=${Version} ", *installed.packages)
    assert set(versions.split()) == {version}, versions
    for daemon, pid in before.items():
        assert _main_pid(machine, daemon) != pid, f"{daemon} was not restarted"
    tries, refused, dropped = map(int, said.split())
    assert tries > 0, said
    assert not refused, f"{refused} of {tries} refused"
    assert configuration.read_text() == configured, "mycroft.conf has changed"
    assert json.loads(state.read_text())["volume"]["level"] == round(VOLUME * 100), state.read_text()
    _until(lambda: _volume(machine, "mycroft.volume.get") == VOLUME, "the volume is not as it was")
    assert "mycroft-admin" not in machine.run("id", "--name", "--groups", OWNER).split()
    all_units_are_active(installed)
    assert machine.property("mycroft-bus.socket", "InvocationID") == listening, "the port was closed for a moment"
    return f"to {version}: {tries} connections, none refused, {dropped} dropped"


def a_message_restarts_the_machine(installed: Installed) -> str:
    """The whole of it; everything is back by itself."""
    machine = installed.machine
    asked_at = time.monotonic()
    _ask(machine, "system.reboot", "system.reboot.start")
    machine.restarts()
    all_units_are_active(installed)
    they_are_active_soon_after_boot(installed)
    return f"after {time.monotonic() - asked_at:.1f} s"


def no_warning_in_the_journal(installed: Installed) -> str:
    """Of our units, since the restart. A tree has no sound card and no faceplate: of these there may be a word.

    And of a bus that goes away, which it does in the upgrade.
    """
    units = [option for unit in UNITS for option in ("--unit", unit)]
    journal = installed.machine.run("journalctl", "--boot", "--quiet", "--no-pager", "--output=cat", *units)
    bad = [
        line for line in journal.splitlines() if re.search(r"warning|error|fail|traceback", line, re.IGNORECASE)
    ]
    unexpected = [line for line in bad if not re.search(EXPECTED, line)]
    assert not unexpected, "\n".join(unexpected)
    return f"{len(bad)} expected ones"


def purge_leaves_nothing(installed: Installed) -> str:
    """But users, whose numbers are not to be given to others (Debian policy), and the owner's configuration."""
    machine = installed.machine
    machine.run("apt-get", "-qq", "--yes", "purge", *installed.packages)
    found = machine.run(
        *("find", "/etc", "/usr", "/var", "/run", "-xdev", "-iname", "*mycroft*"),
        *("-not", "-path", "/var/lib/apt/*", "-not", "-path", "/var/cache/apt/*"),
        *("-not", "-path", "/etc/apt/sources.list.d/mycroft.list", "-not", "-path", "/etc/mycroft*"),
    )
    assert not found, found
    for name, text in BOOT_FILES.items():
        assert (installed.tree.root / "boot/firmware" / name).read_text() == text, f"{name} is not as it was"
    no_unit_has_failed(installed)
    return ""


def another_bus_is_left_alone(installed: Installed) -> str:
    """Ours says that it does not run, and the installation goes on. Later, it takes the port over."""
    machine = installed.machine
    other = "import socket, time; s = socket.create_server(('127.0.0.1', 8181)); time.sleep(600)"
    knock = "import socket; socket.create_connection(('127.0.0.1', 8181))"
    machine.run("systemd-run", "--quiet", "--unit=other-bus", "python3", "-c", other)
    _until(lambda: machine.succeeds("python3", "-c", knock), "the other bus does not listen")
    said = machine.run("apt-get", "-qq", "--yes", "install", *installed.packages)
    found = re.search(r"^mycroft-bus: .*", said, re.MULTILINE)
    assert found, said
    for daemon in ("mycroft-enclosure", "mycroft-admin"):
        machine.run("systemctl", "is-active", f"{daemon}.service")
    machine.run("systemctl", "stop", "other-bus.service")
    machine.run("systemctl", "start", "mycroft-bus.socket", "mycroft-bus.service")
    all_units_are_active(installed)
    return found[0]


def another_board_takes_its_place(installed: Installed) -> str:
    """One without a face, which the daemon then does not look for. Purged, both leave the board as it was."""
    machine, root = installed.machine, installed.tree.root
    (root / "etc/mycroft/mycroft.conf").unlink()
    said = machine.run("apt-get", "-qq", "--yes", "install", OTHER_BOARD)
    config = (root / "boot/firmware/config.txt").read_text()
    assert config.endswith("[all]\ndtparam=i2c_arm=on\ndtparam=spi=on\n# mycroft-picroft: end\n"), config
    assert "\ni2c-dev\n" in (root / "etc/modules-load.d/mycroft-picroft.conf").read_text()
    all_units_are_active(installed)
    pixels = ("mycroft-bus", "send", "enclosure.eyes.rgb.get", "--wait", "enclosure.eyes.rgb", "--timeout", "1")
    _until(lambda: machine.run(*pixels, check=False) == '{"pixels":[]}', "the daemon still has a face")
    states = _doctor(machine)
    assert states["faceplate"] == "skip", states
    assert "serial port" not in states, states
    machine.run("apt-get", "-qq", "--yes", "purge", OTHER_BOARD, "mycroft-mark-1")
    for name, text in BOOT_FILES.items():
        assert (root / "boot/firmware" / name).read_text() == text, f"{name} is not as it was"
    found = machine.run("find", "/etc/modprobe.d", "/etc/modules-load.d", "-name", "*mycroft*")
    assert not found, found
    restart = re.search(r"^mycroft-picroft: .*", said, re.MULTILINE)
    assert restart, said
    return restart[0]


CHECKS: tuple[Callable[[Installed], str], ...] = (
    all_units_are_active,
    they_are_active_soon_after_boot,
    no_unit_has_failed,
    users_and_groups,
    modes_of_files,
    code_is_compiled,
    the_board_is_prepared,
    users_exposure_memory_and_time,
    bus_answers_on_loopback_and_socket,
    a_press_of_the_button_reaches_a_client,
    the_smoke_test_passes,
    the_simulator_runs,
    a_stranger_is_refused,
    ssh_is_switched_off_and_on,
    the_clock_is_asked_for,
    the_admin_user_may_do_nothing_else,
    a_message_restarts_the_machine,
    an_upgrade_refuses_nobody,
    no_warning_in_the_journal,
    purge_leaves_nothing,
    another_bus_is_left_alone,
    another_board_takes_its_place,
)


def _doctor(machine: Machine) -> dict[str, str]:
    """The state of each of its findings."""
    findings = json.loads(machine.run("mycroft-enclosure", "doctor", "--json", check=False))
    return {finding["name"]: finding["state"] for finding in findings}


def _ask(machine: Machine, request: str, answer: str) -> str:
    timeout = f"{ANSWER_TIMEOUT_S}"
    return machine.run("mycroft-bus", "send", request, "--wait", answer, "--timeout", timeout, user=OWNER)


def _start_sound(installed: Installed) -> None:
    """A card for the enclosure. PulseAudio lets no other user in."""
    options = ("--unit=sound", "--uid=mycroft", "--property=RuntimeDirectory=sound")
    installed.machine.run("systemd-run", "--quiet", *options, "python3", f"{INSIDE}/sound.py", SOUND_FOLDER)
    (installed.tree.root / "etc/asound.conf").symlink_to(f"{SOUND_FOLDER}/asound.conf")
    # libasound looks for a new asound.conf only when a program starts.
    installed.machine.run("systemctl", "restart", "mycroft-enclosure.service")


def _set_volume(machine: Machine) -> float | None:
    return _volume(machine, "mycroft.volume.set", json.dumps({"percent": VOLUME}))


def _volume(machine: Machine, *request: str) -> float | None:
    """What the enclosure says of it; None where it says nothing, as without a card."""
    wait = ("--wait", "mycroft.volume.get.response", "--timeout", "1")
    answer = machine.run("mycroft-bus", "send", *request, *wait, check=False)
    return json.loads(answer).get("percent") if answer.startswith("{") else None


def _tell(machine: Machine, what: str, heard: Callable[[], list[str]]) -> bool:
    """Whether a message is heard."""
    machine.run("mycroft-bus", "send", what)
    return bool(heard())


def _firmware(machine: Machine) -> str | None:
    send = ("mycroft-bus", "send", "enclosure.firmware.version.get", "--timeout", "1")
    answer = machine.run(*send, "--wait", "enclosure.firmware.version", check=False)
    return json.loads(answer).get("version") if answer.startswith("{") else None


@contextmanager
def _listening(machine: Machine, pattern: str) -> Iterator[Callable[[], list[str]]]:
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
    _until(lambda: "connected" in machine.run("cat", log, check=False), "the client is not let in")
    try:
        yield lambda: [line for line in machine.run("cat", log).splitlines() if line.split()[1] != "connected"]
    finally:
        machine.run("systemctl", "stop", "heard.service")


def _until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)


def _main_pid(machine: Machine, daemon: str) -> str:
    return machine.property(f"{daemon}.service", "MainPID")


def _exposure(machine: Machine, daemon: str) -> float:
    said = machine.run("systemd-analyze", "security", f"{daemon}.service")
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)
    assert found, said
    return float(found[1])


def _pss_mb(machine: Machine, daemon: str) -> float:
    """Proportional set size: what it shares with others counts in part."""
    rollup = machine.run("cat", f"/proc/{_main_pid(machine, daemon)}/smaps_rollup")
    found = re.search(r"^Pss: +([0-9]+) kB", rollup, re.MULTILINE)
    assert found, rollup
    return int(found[1]) * 1024 / 1e6


def _cpu_ms(machine: Machine, daemon: str) -> float:
    """Of all its threads."""
    return int(machine.property(f"{daemon}.service", "CPUUsageNSec")) / 1e6


def _ready_s(machine: Machine, daemon: str) -> float:
    started, ready = (
        int(machine.property(f"{daemon}.service", name))
        for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    return (ready - started) / 1e6
