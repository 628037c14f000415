"""The actions of the admin service on the real host."""

import json
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.image.installed import (
    ANSWER_TIMEOUT_S,
    Installed,
    all_units_are_active,
    firmware,
    listening,
    start_face,
    until,
    until_it_answers,
)
from tests.image.machine import Machine
from tests.image.tree import INSIDE, OWNER, STRANGER

LONG_TIMEOUT_S = 120.0
"""For apt and for locales, on a machine that does other things too."""

LOCK_S = 8.0
"""How long the check holds the lock of apt; a second attempt comes after 5 s."""

READ_S = 2.0
"""How long a user reads a question of the face, which takes no answer in its first 1.5 s."""

UPDATE = "mycroft-update.service"


def request(
    machine: Machine,
    msg_type: str,
    answer: str,
    data: Mapping[str, object] | None = None,
    *,
    user: str = OWNER,
    timeout_s: float = ANSWER_TIMEOUT_S,
) -> str:
    """Sends a request; returns the answer, or what has come instead."""
    send = ("mycroft-bus", "send", msg_type, json.dumps(data or {}))
    wait = ("--wait", answer, "--timeout", f"{timeout_s}")
    return machine.run(*send, *wait, user=user, check=False)


def versions(installed: Installed) -> set[str]:
    shown = installed.machine.run(
        "dpkg-query", "--show", "--showformat=${db:Status-Abbrev}${Version}\n", *installed.packages
    )
    return {line.strip() for line in shown.splitlines()}


# Clock, language, name, ssh.


def the_time_zone_is_set(installed: Installed) -> str:
    """By timedated, which refuses what is none."""
    machine = installed.machine
    zone = {"timezone": "Europe/Berlin"}
    answer = request(machine, "system.configure.timezone", "system.configure.timezone.complete", zone)
    assert json.loads(answer) == zone, answer
    assert machine.run("readlink", "/etc/localtime").endswith("/Europe/Berlin")
    for wrong in ("Europe/Nowhere", "../../etc/passwd", "a\0b"):
        refused = request(
            machine, "system.configure.timezone", "system.configure.timezone.failed", {"timezone": wrong}
        )
        assert "error" in refused, refused
    assert machine.run("readlink", "/etc/localtime").endswith("/Europe/Berlin")
    return answer


def the_name_is_set(installed: Installed) -> str:
    """And resolves, or sudo would complain."""
    machine = installed.machine
    name = {"hostname": "kitchen-1"}
    answer = request(machine, "system.configure.hostname", "system.configure.hostname.complete", name)
    assert json.loads(answer) == name, answer
    assert machine.run("hostname") == "kitchen-1"
    assert machine.run("cat", "/etc/hostname") == "kitchen-1"
    assert machine.run("getent", "hosts", "kitchen-1").startswith("127.0.1.1"), machine.run("cat", "/etc/hosts")
    return answer


def the_language_is_set(installed: Installed) -> str:
    """A locale of the list, which is generated; nothing else gets through to root."""
    machine = installed.machine
    wait = "system.configure.language.complete"
    code = {"language_code": "de-de"}
    answer = request(machine, "system.configure.language", wait, code, timeout_s=LONG_TIMEOUT_S)
    assert json.loads(answer) == {"lang": "de-de"}, answer
    assert "LANG=de_DE.UTF-8" in machine.run("cat", "/etc/default/locale")
    assert "de_DE.utf8" in machine.run("locale", "-a").split()
    before = machine.run("cat", "/etc/default/locale", "/etc/locale.gen")
    for wrong in ("xx_XX", "de_DE.UTF-8", "$(touch /run/evil)", "../de_DE", "de_DE\nLANG=x"):
        refused = request(
            machine, "system.configure.language", "system.configure.language.failed", {"language_code": wrong}
        )
        assert "error" in refused, refused
    assert machine.run("cat", "/etc/default/locale", "/etc/locale.gen") == before
    assert not machine.succeeds("test", "-e", "/run/evil")
    return answer


def the_clock_has_an_answer_in_every_case(installed: Installed) -> str:
    """Without a program that sets it the answer names what to install."""
    machine, unit = installed.machine, "systemd-timesyncd.service"
    disable = "/run/systemd/ntp-units.d"
    machine.run("mkdir", "-p", disable, "/etc/systemd/ntp-units.d")
    machine.run("sh", "-c", "for file in /usr/lib/systemd/ntp-units.d/*; do mv $file /srv/; done")
    machine.run("systemctl", "restart", "systemd-timedated.service")
    answer = request(machine, "system.ntp.sync", "system.ntp.sync.complete", timeout_s=2 * ANSWER_TIMEOUT_S)
    machine.run("sh", "-c", "mv /srv/*.list /usr/lib/systemd/ntp-units.d/")
    machine.run("systemctl", "restart", "systemd-timedated.service")
    synchronised = machine.run("timedatectl", "show", "--property=NTPSynchronized", "--value") == "yes"
    assert ("install systemd-timesyncd" in answer) != synchronised, answer
    assert machine.succeeds("systemctl", "cat", unit)
    return answer


def ssh_is_off_when_its_socket_is_off(installed: Installed) -> str:
    """The socket is a second way in, of which the status and the switch know."""
    machine = installed.machine
    machine.run("systemctl", "disable", "--now", "ssh.service")
    machine.run("systemctl", "enable", "--now", "ssh.socket")
    status = request(machine, "system.ssh.status", "system.ssh.status.response")
    assert json.loads(status)["enabled"] is True, status
    request(machine, "mycroft.disable.ssh", "system.ssh.disabled")
    assert machine.run("systemctl", "is-active", "ssh.socket", check=False) == "inactive"
    machine.run("sh", "-c", "rm -f /etc/ssh/ssh_host_*")
    request(machine, "mycroft.enable.ssh", "system.ssh.enabled", timeout_s=LONG_TIMEOUT_S)
    assert machine.run("sh", "-c", "ls /etc/ssh/ssh_host_*_key").split()
    assert machine.run("systemctl", "is-active", "ssh.service") == "active"
    return status


def the_assistant_is_restarted(installed: Installed) -> str:
    """One of the system; without any the request fails."""
    machine = installed.machine
    complete, failed = (f"system.mycroft.service.restart.{what}" for what in ("complete", "failed"))
    refused = request(machine, "system.mycroft.service.restart", failed)
    assert "no voice assistant" in refused, refused
    unit = Path("/run/systemd/system/ovos.service")
    machine.run("sh", "-c", f"printf '[Service]\\nExecStart=/bin/sleep 9999\\n' > {unit}")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "ovos.service")
    before = machine.property("ovos.service", "MainPID")
    answer = request(machine, "system.mycroft.service.restart", complete)
    assert machine.property("ovos.service", "MainPID") != before, answer
    machine.run("systemctl", "stop", "ovos.service")
    machine.run("rm", str(unit))
    machine.run("systemctl", "daemon-reload")
    return refused


# Rights.


def hostile_requests_get_an_error_and_change_nothing(installed: Installed) -> str:
    """Of a user who may administer the machine, with wrong data, and of one who may not."""
    machine = installed.machine
    machine.run("systemctl", "restart", "mycroft-admin.service")  # it counts requests, of earlier checks too
    until_it_answers(machine, "admin")
    since = machine.run("date", "+%s")
    before, sent = _state(machine), 0
    for role, user in (("member", OWNER), ("stranger", STRANGER)):
        result = json.loads(machine.run("python3", f"{INSIDE}/hostile.py", role, user=user))
        assert result["odd"] == [], result["odd"]
        sent += result["sent"]
    assert sent > 200, sent
    after = _state(machine)
    assert after == before, "\n".join(sorted(set(before.splitlines()) ^ set(after.splitlines())))
    journal = machine.run("journalctl", f"--since=@{since}", "--output=cat", "--all")
    for secret in ("correct horse", "Traceback", "internal error"):
        assert secret not in journal, journal
    return f"{sent} requests"


def _state(machine: Machine) -> str:
    """What requests could change: files, units, and whether a daemon was restarted."""
    script = r"""
find /etc /boot /home /srv/own /var/lib/mycroft-enclosure /var/lib/NetworkManager /run/mycroft-admin /run/evil \
    \( -type f -o -type l \) ! -path '*/.config/pulse/*' \
    -printf '%p %l ' -exec sha256sum '{}' ';' 2>/dev/null | sort
systemctl list-unit-files --no-legend --plain
systemctl list-units --all --no-legend --plain 'mycroft-*' 'ssh*'
systemctl show --property=MainPID,NRestarts mycroft-bus mycroft-admin mycroft-enclosure
hostname; locale -a; dpkg-query --show --showformat='${Package} ${Version} ${Status}\n'; ls /run
"""
    return machine.run("sh", "-c", script)


def polkit_allows_exactly_the_list(installed: Installed) -> str:
    """Each id that polkit knows here is tried as the user of the daemon; units are tried in tests.image.checks."""
    machine = installed.machine
    rule = machine.run("cat", "/usr/share/polkit-1/rules.d/50-mycroft-admin.rules")
    listed = set(json.loads(re.search(r"var ACTIONS = (\[.*?\]);", rule, re.DOTALL)[1]))  # type: ignore[index]
    known = machine.run("pkaction").split()
    allowed = _allowed(machine, "mycroft-admin", known)
    anyone = _allowed(machine, STRANGER, known)  # such as reading the state of the machine
    implied = _implied(machine, listed.intersection(known))
    assert allowed <= listed | anyone | implied, allowed - listed - anyone - implied
    assert listed.intersection(known) <= allowed, listed.intersection(known) - allowed
    return f"{len(allowed)} of {len(known)} actions; a stranger {len(anyone)}"


def _implied(machine: Machine, actions: Collection[str]) -> set[str]:
    """What polkit's own policies add to these actions, such as setting the name of the machine until a restart."""
    details = (machine.run("pkaction", "--verbose", "--action-id", action) for action in actions)
    return {other for text in details for found in re.findall(r"imply -> (.*)", text) for other in found.split()}


def _allowed(machine: Machine, user: str, actions: Sequence[str]) -> set[str]:
    """Those of the actions that polkit lets a process of a user do without a password."""
    options = ("--quiet", "--unit=asks-polkit", "--service-type=exec", f"--uid={user}")  # its user from the start
    machine.run("systemd-run", *options, "sleep", "600")
    process = machine.property("asks-polkit.service", "MainPID")
    try:
        return {
            action
            for action in actions
            if machine.succeeds("pkcheck", "--action-id", action, "--process", process)
        }
    finally:
        machine.run("systemctl", "stop", "asks-polkit.service")


# Update.


def an_update_waits_for_another_installation(installed: Installed) -> str:
    """With nothing new it changes nothing, and says so; meanwhile another one holds both locks."""
    machine = installed.machine
    before = versions(installed)
    hold = (
        "import fcntl,time\n"
        "files = [open(f, 'w') for f in ('/var/lib/dpkg/lock-frontend', '/var/lib/apt/lists/lock')]\n"
        f"[fcntl.lockf(f, fcntl.LOCK_EX) for f in files]\nprint('held', flush=True)\ntime.sleep({LOCK_S})\n"
    )
    with machine.start("python3", "-c", hold) as holder, listening(machine, "system.update.*") as heard:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        answer = request(machine, "system.update", "system.update.complete", timeout_s=LONG_TIMEOUT_S)
        steps = "\n".join(heard())
    assert answer == '{"has_updated":false}', f"{answer}\n{steps}"
    assert '"wait"' in steps, steps
    assert versions(installed) == before
    return answer


def an_update_without_a_source_names_the_file(installed: Installed) -> str:
    """And lets mycroft-core go on."""
    machine, source = installed.machine, "/etc/apt/sources.list.d/mycroft.list"
    machine.run("mv", source, f"{source}.off")
    with listening(machine, "system.update.*") as heard:
        answer = request(machine, "system.update", "system.update.failed", timeout_s=LONG_TIMEOUT_S)
        until(lambda: any("system.update.complete" in line for line in heard()), "no end is reported")
    machine.run("mv", f"{source}.off", source)
    assert "no mycroft.sources" in answer, answer
    return answer


def a_killed_update_is_healed_and_finished_by_the_next(installed: Installed) -> str:
    """Killed where a package is half-configured; the next update replaces all daemons, this one included.

    The client that asked is gone with the bus; the daemon that follows reports and logs the end all the same.
    """
    machine, compiler = installed.machine, "/usr/bin/py3compile"
    installed.repository.add(installed.upgrade)
    machine.run("apt-get", "-qq", "update")
    old = [f"{package}={_version(installed.first)}" for package in installed.packages]
    machine.run("apt-get", "-qq", "--yes", "--allow-downgrades", "install", *old)
    automatic = machine.run("apt-mark", "showauto")
    machine.run("mv", compiler, f"{compiler}.off")
    machine.run("sh", "-c", f"printf '#!/bin/sh\nexec sleep 600\n' > {compiler} && chmod +x {compiler}")
    machine.run("mycroft-bus", "send", "system.update", user=OWNER)
    until(lambda: bool(machine.run("dpkg", "--audit")), "no package is half-configured", timeout_s=LONG_TIMEOUT_S)
    until(
        lambda: machine.succeeds("pgrep", "--full", "^sleep 600"),
        "the package is configured",
        timeout_s=LONG_TIMEOUT_S,
    )
    machine.run("systemctl", "kill", "--signal=KILL", UPDATE)
    until(lambda: machine.property(UPDATE, "ActiveState") == "failed", "the update goes on")
    machine.run("mv", f"{compiler}.off", compiler)
    assert machine.run("dpkg", "--audit"), "the package is configured"
    until(lambda: f"{UPDATE}: failed" in _journal(machine), "the failure is not reported")
    machine.run("mycroft-bus", "send", "system.update", user=OWNER)
    done = "system.update by a sender before the restart: done"
    until(lambda: done in _journal(machine), "the update does not end", timeout_s=LONG_TIMEOUT_S)
    version = _version(installed.upgrade)
    assert versions(installed) == {f"ii {version}"}, versions(installed)
    assert machine.run("apt-mark", "showauto") == automatic
    all_units_are_active(machine)
    result = json.loads(machine.run("cat", "/run/mycroft-update/result"))
    assert (result["to"], result["rc"]) == (version, 0), result
    return f"from {result['from']} to {version}"


def _version(debs: Sequence[Path]) -> str:
    return debs[0].name.split("_")[1]


def _journal(machine: Machine) -> str:
    return machine.run("journalctl", "--boot", "--unit=mycroft-admin.service", "--output=cat")


# Factory reset.


def a_reset_of_a_member_needs_a_face(installed: Installed) -> str:
    """There is none on this machine, and the owner's programs alone do not wipe it."""
    machine = installed.machine
    machine.run("systemctl", "stop", "faceplate.service", check=False)  # of an earlier check
    machine.run(
        "sh", "-c", f"mkdir -p /home/{OWNER}/.cache/mycroft && touch /home/{OWNER}/.cache/mycroft/a", user=OWNER
    )
    refused = request(
        machine, "system.factory.reset", "system.factory.reset.failed", timeout_s=2 * ANSWER_TIMEOUT_S
    )
    assert "only root may reset" in refused, refused
    assert machine.succeeds("test", "-e", f"/home/{OWNER}/.cache/mycroft/a")
    return refused


def a_reset_of_a_member_is_confirmed_or_declined_on_the_face(installed: Installed) -> str:
    """By two presses, or by a turn of the knob, or by no answer; a declined one is no failure on the mouth."""
    machine, wiped = installed.machine, f"/home/{OWNER}/.cache/mycroft/a"
    start_face(installed)
    until(lambda: firmware(machine) is not None, "the faceplate does not answer")
    machine.run("sh", "-c", f"mkdir -p $(dirname {wiped}) && touch {wiped}", user=OWNER)
    for answer, expected in (("turn", "failed"), ("nothing", "failed"), ("press", "complete")):
        assert machine.succeeds("test", "-e", wiped)
        since = machine.run("date", "+%s")
        with listening(machine, "system.factory.reset.*") as heard:
            data = {"wipe_data": False, "wipe_logs": False, "wipe_configs": False, "reboot": False}
            machine.run("mycroft-bus", "send", "system.factory.reset", json.dumps(data), user=OWNER)
            _until_shown(machine, "WIPE?", since)
            assert "factory.reset.start" not in "".join(heard()), "it has begun before the answer"
            _answer_on_face(machine, answer, since)
            ended = partial(_is_heard, heard, f"factory.reset.{expected}")
            until(ended, f"the reset has not {expected}", heard)
        if expected == "failed":
            _until_shown(machine, "NOT WIPED", since)
            time.sleep(READ_S)  # within this time a failure would be shown, too
            assert "RESET FAILED" not in _shown(machine, since), _shown(machine, since)
    assert not machine.succeeds("test", "-e", wiped)
    return "turned: no; no answer: no; pressed twice: wiped"


def _answer_on_face(machine: Machine, answer: str, since: str) -> None:
    time.sleep(READ_S)
    if answer == "turn":
        machine.run("systemctl", "kill", "--signal=USR2", "faceplate.service")
    if answer == "press":
        machine.run("systemctl", "kill", "--signal=USR1", "faceplate.service")
        _until_shown(machine, "SURE?", since)
        time.sleep(READ_S)
        machine.run("systemctl", "kill", "--signal=USR1", "faceplate.service")


def _is_heard(heard: Callable[[], list[str]], msg_type: str) -> bool:
    return any(msg_type in line for line in heard())


def _shown(machine: Machine, since: str) -> str:
    """What the faceplate was sent."""
    return machine.run("journalctl", f"--since=@{since}", "--output=cat", "--unit=faceplate.service")


def _until_shown(machine: Machine, text: str, since: str) -> None:
    until(
        lambda: f"mouth.text={text}" in _shown(machine, since),
        f"{text} is not shown",
        lambda: _shown(machine, since),
    )


def a_reset_follows_no_link_out_of_the_home(installed: Installed) -> str:
    """The home has links to what only root can delete, and to what the owner could."""
    machine, home = installed.machine, f"/home/{OWNER}"
    machine.run("sh", "-c", f"mkdir -p /etc/victim/mycroft /srv/own/mycroft && chown -R {OWNER} /srv/own")
    plant = (
        "cd && rm -rf .local .cache .config && mkdir -p .local .config/mycroft .mycroft .cache/mycroft && "
        "ln -s /etc/victim .local/state && ln -s /srv/own .local/share && touch .config/mycroft/mycroft.conf "
        ".mycroft/x && ln -s /etc .cache/mycroft/etc && touch keep .config/keep"
    )
    machine.run("sh", "-c", plant.replace("cd ", f"cd {home} "), user=OWNER)
    keys = machine.run("sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub")
    answer = request(
        machine,
        "system.factory.reset",
        "system.factory.reset.failed",
        {"reboot": False},
        user="root",
        timeout_s=LONG_TIMEOUT_S,
    )
    assert "mycroft-reset@data.service" in answer, answer
    assert "mycroft-reset@logs.service" in answer, answer
    for path in ("/etc/victim/mycroft", "/srv/own/mycroft", "/etc/passwd", f"{home}/keep", f"{home}/.config/keep"):
        assert machine.succeeds("test", "-e", path), f"{path} is gone"
    for path in (".config/mycroft", ".mycroft", ".cache/mycroft"):
        assert not machine.succeeds("test", "-e", f"{home}/{path}"), f"{path} is there"
    assert machine.run("sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub") != keys, "the keys of ssh are the same"
    assert machine.run("systemctl", "is-enabled", "ssh.service", check=False) == "disabled"
    machine.run("rm", "--recursive", "/etc/victim", "/srv/own")
    return answer


def a_reset_wipes_and_restarts_the_machine(installed: Installed) -> str:
    """Without links it ends well."""
    machine, home = installed.machine, f"/home/{OWNER}"
    plant = f"cd {home} && rm -rf .local && mkdir -p .local/share/mycroft .local/state/mycroft .cache/mycroft"
    machine.run("sh", "-c", plant, user=OWNER)
    answer = request(
        machine,
        "system.factory.reset",
        "system.factory.reset.complete",
        user="root",
        timeout_s=LONG_TIMEOUT_S,
    )
    assert answer == "{}", answer
    machine.restarts()
    left = machine.run("find", home, "-name", "mycroft")
    assert not left, left
    all_units_are_active(machine)
    return answer


CHECKS = (
    the_time_zone_is_set,
    the_name_is_set,
    the_language_is_set,
    the_clock_has_an_answer_in_every_case,
    ssh_is_off_when_its_socket_is_off,
    the_assistant_is_restarted,
    polkit_allows_exactly_the_list,
    hostile_requests_get_an_error_and_change_nothing,
    an_update_waits_for_another_installation,
    an_update_without_a_source_names_the_file,
    a_reset_of_a_member_is_confirmed_or_declined_on_the_face,
    a_reset_of_a_member_needs_a_face,
    a_reset_follows_no_link_out_of_the_home,
    a_reset_wipes_and_restarts_the_machine,
)
"""On the version that was installed first."""

UPGRADE_CHECKS = (a_killed_update_is_healed_and_finished_by_the_next,)
"""After the upgrade by hand, and after the look at the journal: one of the updates fails."""
