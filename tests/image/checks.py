"""What is looked at, in this order: each is a function that returns what to print, or raises AssertionError."""

import json
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.docs.pages import UNINSTALL, marked
from tests.image import admin, another_board, beside, examples, faults, home, pages, remote
from tests.image.installed import (
    ANSWER_TIMEOUT_S,
    DAEMONS,
    UNITS,
    VOLUME,
    Installed,
    all_units_are_active,
    ask,
    cpu_ms,
    doctor,
    exposure_of,
    firmware,
    listening,
    main_pid,
    pss_mb,
    ready_s,
    reconfigure,
    set_volume,
    start_face,
    start_sound,
    tell,
    until,
    volume,
)
from tests.image.table import Table
from tests.image.tree import BOOT_FILES, INSIDE, OWNER, SMOKE_TEST, STRANGER

Check = Callable[[Installed], str]

BRIDGES = ("mycroft-hive", "mycroft-mqtt", "mycroft-voice")
MAX_EXPOSURE = 1.5
MAX_BOOT_S = 5.0
MAX_READY_S = 1.5
MAX_PSS_MB = 58.0
"""Of all daemons together."""
IDLE_S = 10.0
MAX_IDLE_CPU_MS = 20.0
BUS = "ws://127.0.0.1:8181/core"
BUS_SOCKET = "unix:/run/mycroft/bus.sock"
QUESTIONS = ("mycroft.enclosure.is_alive", "system.ssh.status")
"""What the enclosure and the admin service answer to every client."""

OTHER_BOARD = "mycroft-picroft"
"""Conflicts with the package for the Mark 1, so it comes last."""

EXPECTED = r"mixer of default|faceplate unplugged|the bus closed the connection \(1001\)"


def is_selected(name: str, only: str | None) -> bool:
    """Whether the name of a check has one of these in it, which `|` separates; without any, each is selected."""
    return only is None or any(part in name for part in only.split("|"))


def selected(only: str | None) -> list[Check]:
    """The checks on the booted tree that are selected."""
    return [check for check in CHECKS if is_selected(name_of(check), only)]


def name_of(check: Check) -> str:
    """The name of a check, as the table has it."""
    return check.__name__.replace("_", " ")


def check_all(checks: Sequence[Check], installed: Installed, table: Table) -> None:
    """Carries out checks, as long as there is a machine."""
    for check in checks:
        table.check(name_of(check), partial(check, installed))
        if not installed.machine.runs:
            table.add("FAIL", "all that follows", "the machine is gone")
            return


# After the first boot.


def all_units_run(installed: Installed) -> str:
    """Socket and services."""
    return all_units_are_active(installed.machine)


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


def bridges_are_off_until_they_are_configured(installed: Installed) -> str:
    """They have ended by themselves, without a failure, and their users may nothing."""
    machine = installed.machine
    exposures = {}
    for bridge in BRIDGES:
        names = ("UnitFileState", "ActiveState", "Result", "NRestarts")
        found = [machine.property(f"{bridge}.service", name) for name in names]
        assert found == ["enabled", "inactive", "success", "0"], (bridge, found)
        assert machine.run("id", "--name", "--groups", bridge) == bridge
        exposures[bridge] = exposure_of(machine, bridge)
    assert max(exposures.values()) <= MAX_EXPOSURE, exposures
    return f"exposure {exposures}"


def the_keys_of_a_bridge_are_its_own(installed: Installed) -> str:
    """Also where root pairs the device: the bridge's user writes them, and here there is no hub."""
    machine = installed.machine
    assert machine.run("stat", "--format=%a %U %G", "/var/lib/mycroft-hive") == "700 mycroft-hive mycroft-hive"
    return ""


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


def no_program_imports_from_elsewhere(installed: Installed) -> str:
    """Neither from the folder that it is started in, nor from one that the environment names."""
    programs = (*DAEMONS, *BRIDGES, "mycroft-portal", "mycroft-sim")
    launchers = [f"/usr/bin/{name}" for name in programs]
    found = {path: installed.machine.run("head", "--lines=1", path) for path in launchers}
    assert set(found.values()) == {"#!/usr/bin/python3 -I"}, found
    return f"{len(found)} launchers"


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
    states = doctor(installed.machine)
    boot_states = {name: states[name] for name in ("serial console", "serial overlay", "sound overlay", "groups")}
    assert set(boot_states.values()) == {"ok"}, states
    return ", ".join(boot_states)


def users_exposure_memory_and_time(installed: Installed) -> str:
    """The table of the daemons, and whether all of it is within the limits."""
    machine = installed.machine
    rows = [f"{'unit':18} {'user':14} {'exposure':>8} {'PSS MB':>7} {'ready s':>8} {'idle CPU ms':>12}"]
    before = {daemon: cpu_ms(machine, daemon) for daemon in DAEMONS}
    time.sleep(IDLE_S)
    idle = {daemon: cpu_ms(machine, daemon) - before[daemon] for daemon in DAEMONS}
    total = 0.0
    too_much = []
    for daemon in DAEMONS:
        exposure, pss, ready = exposure_of(machine, daemon), pss_mb(machine, daemon), ready_s(machine, daemon)
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
    """From a simulated faceplate, through its serial port, to another program."""
    machine = installed.machine
    start_face(installed)
    until(lambda: firmware(machine) is not None, "the faceplate does not answer")
    with listening(machine, "mycroft.mic.listen") as heard:
        machine.run("systemctl", "kill", "--signal=USR1", "faceplate.service")
        until(lambda: bool(heard()), "nothing is heard of the press")
        return heard()[0]


def the_smoke_test_passes(installed: Installed) -> str:
    """That of debian/tests, which is for autopkgtest."""
    installed.machine.run("sh", f"{SMOKE_TEST}/smoke")
    return ""


def a_setting_is_changed_and_reported(installed: Installed) -> str:
    """By root; the owner sees it, and makes a report of it, without the password."""
    machine, password = installed.machine, "87654321"
    configuration = installed.tree.root / "etc/mycroft/mycroft.conf"
    before = configuration.read_bytes() if configuration.exists() else None
    change = ("mycroft-enclosure", "set", "admin.wifi.password", password)
    refused = machine.run(*change, user=OWNER, check=False)
    assert refused.endswith("Permission denied; as root: sudo mycroft-admin set admin.wifi.password -"), refused
    restart = machine.run(*change).partition("It takes effect at the next start: sudo ")[2]
    machine.run(*restart.split())
    wrong = machine.run("mycroft-enclosure", "set", "enclosure.volume.mx", "80", check=False)
    assert wrong == "mycroft-enclosure: enclosure.volume.mx: unknown key; did you mean max?", wrong
    shown = machine.run("mycroft-bus", "config", user=OWNER)
    found = re.search(r"^admin\.wifi\.password +\"\(hidden\)\" +/etc/mycroft/mycroft.conf: line \d+$", shown, re.M)
    assert found, shown
    for user in ("root", OWNER):
        file = f"/tmp/report-{user}"  # noqa: S108  # of the tree
        machine.run("mycroft-enclosure", "report", file, user=user)
        report = machine.run("cat", file)
        assert password not in report, report
        assert shown in report, report
        assert re.search("^ok +admin +it runs$", report, re.M), report
    assert "mycroft-bus" in machine.run("cat", "/tmp/report-root").rpartition("=== journal")[2]  # noqa: S108
    _restore(configuration, before)
    machine.run(*restart.split())
    return found[0]


def a_variable_of_a_unit_takes_precedence_and_is_kept_secret(installed: Installed) -> str:
    """The daemon's own variables and user are those that count, and the report has no password of them."""
    machine, root, password = installed.machine, installed.tree.root, "pa`ss` of the unit"
    dropin = root / "etc/systemd/system/mycroft-admin.service.d/test.conf"
    dropin.parent.mkdir(parents=True)
    dropin.write_text(f"""[Service]\nEnvironment='MYCROFT_ADMIN_WIFI={{"password": "{password}"}}'\n""")
    configuration = root / "etc/mycroft/mycroft.conf"
    before = configuration.read_bytes() if configuration.exists() else None
    restart = ("systemctl", "restart", "mycroft-admin")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemd-run", "--quiet", "--wait", "--unit=mycroft-test", "echo", f"it is {password}.")
    for command in (("true",), restart):  # configured, and in force
        machine.run(*command)
        for user in ("root", OWNER):
            shown = machine.run("mycroft-admin", "config", user=user)
            if command == restart or user == OWNER:  # root sees what the process was started with
                assert re.search(r"^admin\.wifi\.password +\S+ +MYCROFT_ADMIN_WIFI$", shown, re.M), shown
            assert re.search(r"^admin\.wifi\.ssid +\S+ +default$", shown, re.M), shown
    said = machine.run("mycroft-admin", "set", "admin.wifi.password", "another-one")
    stays = 'admin.wifi.password stays "(hidden)": MYCROFT_ADMIN_WIFI takes precedence over'
    assert said.splitlines() == [
        f"{stays} /etc/mycroft/mycroft.conf",
        "To see what the unit is started with: systemctl cat mycroft-admin",
    ]
    for user in ("root", OWNER):
        file = f"/tmp/secret-{user}"  # noqa: S108  # of the tree
        machine.run("mycroft-enclosure", "report", file, user=user)
        report = machine.run("cat", file)
        assert password not in report, report
        assert "another-one" not in report, report
    assert "it is (hidden)." in machine.run("cat", "/tmp/secret-root")  # noqa: S108
    configuration.chmod(0o600)
    shown = machine.run("mycroft-admin", "config")
    assert "the user mycroft-admin of the unit may not read it: sudo chmod a+r /etc/mycroft/mycroft.conf" in shown
    configuration.chmod(0o644)
    _restore(configuration, before)
    dropin.unlink()
    dropin.parent.rmdir()
    machine.run("systemctl", "daemon-reload")
    machine.run(*restart)
    return said.splitlines()[0]


def _restore(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)


def the_simulator_runs(installed: Installed) -> str:
    """The whole simulated device, as an ordinary user, beside the installed daemons."""
    machine, log = installed.machine, "/run/simulator"
    options = ("--unit=simulator", f"--uid={STRANGER}", f"--property=StandardOutput=file:{log}")
    machine.run("systemd-run", "--quiet", *options, "mycroft-sim", "run", "--bus-port=0", "--face-port=0")
    until(lambda: "\nready " in machine.run("cat", log, check=False), "the simulator is not ready")
    machine.run("systemctl", "stop", "simulator.service")
    return machine.run("grep", "^ready ", log)


# Who may what.


def a_stranger_is_refused(installed: Installed) -> str:
    """On both ways to the bus; the owner is not."""
    for url in (BUS, BUS_SOCKET):
        wait = ("--wait", "system.ssh.enabled", "--timeout", f"{ANSWER_TIMEOUT_S}")
        send = ("mycroft-bus", "send", "--bus", url, "system.ssh.enable", *wait)
        refused = installed.machine.run(*send, user=STRANGER, check=False)
        assert "mycroft-admin may send this" in refused, refused
        installed.machine.run(*send, user=OWNER)
    return refused


def the_journal_names_who_asked(installed: Installed) -> str:
    """User and process of what the check before has asked for, and how it ended."""
    journal = installed.machine.run("journalctl", "--boot", "--unit=mycroft-admin.service", "--output=cat")
    done = rf"system\.ssh\.enable by uid \d+ \({OWNER}\), pid \d+ \(mycroft-bus\): done"
    found = re.search(done, journal)
    assert found, journal
    return found[0]


def the_owner_changes_the_answer(installed: Installed) -> str:
    """To the question of the installation, which was preseeded with yes; both ways."""
    machine = installed.machine
    for answer, member in (("no", False), ("yes", True)):
        said = reconfigure(machine, "mycroft-admin", answer)
        assert (OWNER in machine.run("getent", "group", "mycroft-admin")) is member, said
    return next(line for line in said.splitlines() if line.startswith(f"May {OWNER}"))


def ssh_is_switched_off_and_on(installed: Installed) -> str:
    """The real one."""
    machine = installed.machine
    for what, state in (("disable", "inactive"), ("enable", "active")):
        ask(machine, f"system.ssh.{what}", f"system.ssh.{what}d")
        assert machine.run("systemctl", "is-active", "ssh.service", check=False) == state, what
        assert machine.run("systemctl", "is-enabled", "ssh.service", check=False) == f"{what}d"
        status = ask(machine, "system.ssh.status", "system.ssh.status.response")
        assert (json.loads(status)["enabled"] is True) == (what == "enable"), status
    return status


def the_clock_is_asked_for(installed: Installed) -> str:
    """timedated switches synchronisation on. A container's clock is its host's, so it gets no further."""
    machine, unit = installed.machine, "systemd-timesyncd.service"
    machine.run("timedatectl", "set-ntp", "no")
    assert machine.run("systemctl", "is-enabled", unit, check=False) == "disabled"
    wait = ("--wait", "system.ntp.sync.complete", "--timeout", f"{ANSWER_TIMEOUT_S}")
    machine.run(
        "mycroft-bus", "send", "system.ntp.sync", *wait, user=OWNER, check=False
    )  # one action on the clock at a time
    until(lambda: machine.run("systemctl", "is-enabled", unit, check=False) == "enabled", "nothing has changed")
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
        "localectl set-locale LANG=C.UTF-8",
        "timedatectl set-time 2030-01-01",
        "timedatectl set-local-rtc 1",
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


def an_upgrade_refuses_no_client(installed: Installed) -> str:
    """By apt, to packages that a build of the next version has made; no version has been released so far.

    All the while one client connects many times in a second, and another one stays. What the owner has configured
    and set stays as well, and so do the members of the group, also those that an earlier version added unasked.
    """
    machine = installed.machine
    configuration = installed.tree.root / "etc/mycroft/mycroft.conf"
    state = installed.tree.root / "var/lib/mycroft-enclosure/state.json"
    start_sound(installed)
    until(lambda: set_volume(machine) == VOLUME, "the volume cannot be set")
    members = machine.run("getent", "group", "mycroft-admin")
    before = {daemon: main_pid(machine, daemon) for daemon in DAEMONS}
    socket = machine.property("mycroft-bus.socket", "InvocationID")
    configured = configuration.read_text()
    installed.repository.add(installed.upgrade)
    machine.run("apt-get", "-qq", "update", "-o", "Dir::Etc::sourcelist=/dev/null")
    inside = ("python3", f"{INSIDE}/knock.py")
    with listening(machine, "upgraded") as heard, machine.start(*inside, user=STRANGER) as knock:
        machine.run("apt-get", "-qq", "--yes", "install", *installed.packages)
        said, _ = knock.communicate("")
        until(lambda: tell(machine, "upgraded", heard), "the client that stayed hears nothing")
    _, version, _ = installed.upgrade[0].name.split("_")
    versions = machine.run("dpkg-query", "--show", "--showformat=${Version} ", *installed.packages)
    assert set(versions.split()) == {version}, versions
    for daemon, pid in before.items():
        assert main_pid(machine, daemon) != pid, f"{daemon} was not restarted"
    tries, refused, dropped = map(int, said.split())
    assert tries > 0, said
    assert not refused, f"{refused} of {tries} refused"
    assert configuration.read_text() == configured, "mycroft.conf has changed"
    assert json.loads(state.read_text())["volume"]["level"] == round(VOLUME * 100), state.read_text()
    until(lambda: volume(machine, "mycroft.volume.get") == VOLUME, "the volume is not as it was")
    assert machine.run("getent", "group", "mycroft-admin") == members
    all_units_are_active(machine)
    assert machine.property("mycroft-bus.socket", "InvocationID") == socket, "the port was closed for a moment"
    return f"to {version}: {tries} connections, none refused, {dropped} dropped"


def a_message_restarts_the_machine(installed: Installed) -> str:
    """The whole of it; everything is back by itself."""
    machine = installed.machine
    asked_at = time.monotonic()
    ask(machine, "system.reboot", "system.reboot.start")
    machine.restarts()
    all_units_are_active(machine)
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
    """But users, whose numbers are not to be given to others (Debian policy), and settings, until these go too."""
    machine = installed.machine
    pages.prepare_owner(installed, ())
    source = installed.tree.root / "etc/apt/sources.list.d/mycroft.list"
    repository = source.read_text()
    source.write_text("")  # as on a device that has built its packages: apt knows no others
    machine.run("apt-get", "-qq", "--yes", "purge", "mycroft-hw-sim")
    purge, settings = marked("how-to/uninstall.md", UNINSTALL)
    with pages.login(installed) as owner:
        owner.type(purge)
    found = machine.run(
        *("find", "/etc", "/usr", "/var", "/run", "-xdev", "-iname", "*mycroft*"),
        *("-not", "-path", "/var/lib/apt/*", "-not", "-path", "/var/cache/apt/*"),
        *("-not", "-path", "/etc/apt/sources.list.d/mycroft.list", "-not", "-path", "/etc/mycroft*"),
    )
    assert not found, found
    for name, text in BOOT_FILES.items():
        assert (installed.tree.root / "boot/firmware" / name).read_text() == text, f"{name} is not as it was"
    no_unit_has_failed(installed)
    source.write_text(repository)
    with pages.login(installed) as owner:
        owner.type(settings)
    assert not (installed.tree.root / "etc/mycroft").exists()
    return ""


def another_board_takes_its_place(installed: Installed) -> str:
    """One without a face, then another one by choice. Purged, both packages leave the machine as it was."""
    machine, root = installed.machine, installed.tree.root
    (root / "etc/mycroft/mycroft.conf").unlink(missing_ok=True)
    said = machine.run("apt-get", "-qq", "--yes", "--no-install-recommends", "install", OTHER_BOARD)
    config = (root / "boot/firmware/config.txt").read_text()
    assert config.endswith("[all]\ndtparam=i2c_arm=on\ndtparam=spi=on\n# mycroft-picroft: end\n"), config
    assert "\ni2c-dev\n" in (root / "etc/modules-load.d/mycroft-picroft.conf").read_text()
    all_units_are_active(machine)
    pixels = ("mycroft-bus", "send", "enclosure.eyes.rgb.get", "--wait", "enclosure.eyes.rgb", "--timeout", "1")
    until(lambda: machine.run(*pixels, check=False) == '{"pixels":[]}', "the daemon still has a face")
    detected = machine.run("journalctl", "--quiet", "--output=cat", "--unit=mycroft-enclosure")
    assert "platform auto: no sign of a board with a profile; it is used as picroft" in detected, detected
    states = doctor(machine)
    assert states["faceplate"] == "skip", states
    assert "serial port" not in states, states
    reconfigure(machine, OTHER_BOARD, "usb_respeaker_4mic")
    assert "mycroft-picroft" not in (root / "boot/firmware/config.txt").read_text()
    assert '"usb_respeaker_4mic"' in (root / "usr/share/mycroft-enclosure/mycroft.conf").read_text()
    allowed = machine.property("mycroft-enclosure.service", "DeviceAllow")
    assert "char-usb_device rw" in allowed, allowed
    assert not re.search("char-(gpiochip|i2c|spi|input)", allowed), allowed
    all_units_are_active(machine)
    machine.run("apt-get", "-qq", "--yes", "purge", OTHER_BOARD, "mycroft-mark-1")
    for name, text in BOOT_FILES.items():
        assert (root / "boot/firmware" / name).read_text() == text, f"{name} is not as it was"
    places = ("/etc/modprobe.d", "/etc/modules-load.d", "/etc/systemd/system")
    found = machine.run("find", *places, "-name", "*mycroft-mark-1*", "-o", "-name", "*mycroft-picroft*")
    assert not (root / "usr/share/mycroft-enclosure/mycroft.conf").exists()
    assert not found, found
    restart = re.search(r"^mycroft-picroft: .*", said, re.MULTILINE)
    assert restart, said
    return restart[0]


CHECKS: tuple[Check, ...] = (
    all_units_run,
    they_are_active_soon_after_boot,
    no_unit_has_failed,
    users_and_groups,
    bridges_are_off_until_they_are_configured,
    the_keys_of_a_bridge_are_its_own,
    modes_of_files,
    no_program_imports_from_elsewhere,
    code_is_compiled,
    the_board_is_prepared,
    users_exposure_memory_and_time,
    bus_answers_on_loopback_and_socket,
    a_press_of_the_button_reaches_a_client,
    the_smoke_test_passes,
    a_setting_is_changed_and_reported,
    a_variable_of_a_unit_takes_precedence_and_is_kept_secret,
    the_simulator_runs,
    *faults.CHECKS,
    *remote.CHECKS,
    *home.CHECKS,
    a_stranger_is_refused,
    the_journal_names_who_asked,
    the_owner_changes_the_answer,
    ssh_is_switched_off_and_on,
    the_clock_is_asked_for,
    the_admin_user_may_do_nothing_else,
    *admin.CHECKS,
    *pages.CHECKS,
    *examples.CHECKS,
    a_message_restarts_the_machine,
    an_upgrade_refuses_no_client,
    no_warning_in_the_journal,
    *admin.UPGRADE_CHECKS,
    purge_leaves_nothing,
    *beside.CHECKS,
    another_board_takes_its_place,
    *another_board.CHECKS,
)
