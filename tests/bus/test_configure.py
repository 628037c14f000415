import argparse
import io
import os
import pwd
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from bus.daemon import configure, log
from bus.daemon.config import Configuration, InForce
from bus.daemon.secrets import HIDDEN, is_secret, without_secrets
from bus.daemon.unit import unit
from bus.errors import Exit

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Wifi(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ssid: str = "MYCROFT"
    password: Annotated[str, msgspec.Meta(min_length=8)] = "12345678"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Section:
    level: Percent = 50
    port: str | None = None
    fast: bool = False
    list: tuple[str, ...] = ()
    names: dict[str, Wifi] = field(default_factory=dict)
    wifi: Wifi = field(default_factory=Wifi)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="mycroft-enclosure")
    run = made.add_subparsers().add_parser("run")
    run.add_argument("--level", type=int)
    return made


def in_force(configuration: Configuration, options: argparse.Namespace) -> InForce:
    others: dict[str, tuple[object, ...]] = {"port": ("theirs",), "timeout": ()}
    section = configuration.section("enclosure", Section, others, level=options.level)
    return InForce({"enclosure": section}, {} if section.port else {"enclosure.port": "profile p"})


THEIRS = "this is for another program; an editor can write it into FILE"

DAEMON = configure.Daemon("enclosure", parser(), "run", in_force)


@dataclass
class Machine:
    """The files of a machine."""

    package: Path
    own: Path

    def set(self, key: str, value: str) -> int:
        return configure.run(argparse.Namespace(command="set", key=key, value=value), DAEMON)

    def config(self) -> int:
        return configure.run(argparse.Namespace(command="config", json=False), DAEMON)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A checkout, whose programs read two files."""
    machine = Machine(tmp_path / "package.conf", tmp_path / "etc" / "mycroft.conf")
    monkeypatch.setattr(configure, "FILES", (machine.package, machine.own))
    monkeypatch.setattr(log, "start", lambda *_: None)  # the level is that of all tests
    monkeypatch.setattr(configure, "_SYSTEM_FILE", machine.own)
    monkeypatch.setattr(configure, "_USER_FILE", machine.own)
    return machine


@pytest.fixture
def installed(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The same with packages, and a systemctl that names no running unit."""
    monkeypatch.setattr(configure, "_ROOT", configure.INSTALLED)
    monkeypatch.setattr(configure, "_USER_FILE", tmp_path / "user.conf")
    monkeypatch.setattr(configure, "FILES", (machine.package, machine.own, tmp_path / "user.conf"))
    systemctl(tmp_path, 0, 'HOME=/nonexistent "MYCROFT_ENCLOSURE_PORT=/dev/my port"', monkeypatch)
    return machine


def systemctl(
    folder: Path, pid: int, environment: str, monkeypatch: pytest.MonkeyPatch, *, user: str = ""
) -> None:
    program = folder / "bin" / "systemctl"
    program.parent.mkdir(exist_ok=True)
    shown = f"Environment={environment}\nMainPID={pid}\nUser={user}\n"
    program.write_text(f"#!/bin/sh\ncat << 'END'\n{shown}END\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def test_each_value_is_shown_with_its_origin(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.package.write_text('{"enclosure": {"level": 1,\n"port": "theirs", "names": {"a": {"ssid": "x"}}}}')
    monkeypatch.setenv("MYCROFT_ENCLOSURE_WIFI", '{"password": "confidential"}')
    assert machine.config() == Exit.DONE
    shown, err = capsys.readouterr()
    assert [line.split(maxsplit=2) for line in shown.splitlines()] == [
        ["enclosure.level", "1", f"{machine.package}: line 1"],
        ["enclosure.port", "null", "profile p"],
        ["enclosure.fast", "false", "default"],
        ["enclosure.list", "[]", "default"],
        ["enclosure.names.a.ssid", '"x"', f"{machine.package}: line 2"],
        ["enclosure.names.a.password", f'"{HIDDEN}"', "default"],
        ["enclosure.wifi.ssid", '"MYCROFT"', "default"],
        ["enclosure.wifi.password", f'"{HIDDEN}"', "MYCROFT_ENCLOSURE_WIFI"],
    ]
    assert "confidential" not in shown + err


@pytest.mark.real_time
def test_an_installed_daemon_is_shown_with_environment_and_flags_of_its_unit(
    installed: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "user.conf").write_text('{"enclosure": {"level": 9}}')
    monkeypatch.setenv("MYCROFT_ENCLOSURE_LEVEL", "8")
    assert installed.config() == Exit.DONE
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=2) for line in shown[:2]] == [
        ["enclosure.level", "50", "default"],
        ["enclosure.port", '"/dev/my', 'port"  MYCROFT_ENCLOSURE_PORT'],
    ]
    assert shown[-1] == f"As the units have it, which do not read {tmp_path / 'user.conf'}."

    (tmp_path / "bin" / "systemctl").unlink()  # a chroot without systemd
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert installed.config() == Exit.DONE
    assert '"/dev/my port"' not in capsys.readouterr().out

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    command = ("sh", "-c", "read line", "mycroft-enclosure", "run", "--level", "7")
    environment = {"PATH": os.environ["PATH"], "MYCROFT_ENCLOSURE_PORT": "tty"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as unit:
        systemctl(tmp_path, unit.pid, "", monkeypatch)
        assert installed.config() == Exit.DONE
        unit.kill()
    shown = capsys.readouterr().out.splitlines()
    assert [line.split() for line in shown[:2]] == [
        ["enclosure.level", "7", "flag"],
        ["enclosure.port", '"tty"', "MYCROFT_ENCLOSURE_PORT"],
    ]


def test_a_value_is_written_and_what_was_before_is_printed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.package.write_text('{"enclosure": {"level": 1}}')
    assert machine.set("enclosure.level", "20") == Exit.DONE
    assert machine.own.read_text() == '{\n  "enclosure": {"level": 20}\n}\n'
    before = f"{machine.package}: line 1"
    assert capsys.readouterr().out.splitlines() == [
        f"enclosure.level is 20 ({machine.own}: line 2); before: 1 ({before})",
        "It takes effect at the next start of mycroft-enclosure.",
    ]
    monkeypatch.setattr(sys, "stdin", io.StringIO("87654321\n"))
    assert machine.set("enclosure.wifi.password", "-") == Exit.DONE  # digits, and yet a text
    assert '"password": "87654321"' in machine.own.read_text()
    out = capsys.readouterr().out
    assert f'enclosure.wifi.password is "{HIDDEN}" ' in out
    assert "87654321" not in out


@pytest.mark.real_time
def test_an_installed_daemon_gets_its_value_in_the_file_of_the_system(
    installed: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert installed.set("enclosure.level", "20") == Exit.DONE
    assert installed.own.exists()
    restart = "It takes effect at the next start: sudo systemctl restart mycroft-enclosure"
    assert capsys.readouterr().out.splitlines()[-1] == restart
    assert installed.set("enclosure.port", "/dev/ttyAMA0") == Exit.DONE
    assert capsys.readouterr().out.splitlines() == [
        f'enclosure.port stays "/dev/my port": MYCROFT_ENCLOSURE_PORT takes precedence over {installed.own}',
        "To see what the unit is started with: systemctl cat mycroft-enclosure",
    ]


@pytest.mark.parametrize(
    ("key", "works", "command"),
    [
        ("bus.max_clients", True, "sudo systemctl restart mycroft-bus"),
        ("log_level", True, "sudo systemctl try-restart 'mycroft-*.service'"),
        (
            "websocket.route",
            False,
            "sudo systemctl restart mycroft-bus && sudo systemctl try-restart 'mycroft-*.service'",
        ),
    ],
)
def test_no_unit_that_does_not_run_is_restarted_but_one_that_had_ended_in_an_error(
    key: str, works: bool, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configure, "_ROOT", configure.INSTALLED)
    values = {key: configure.Value(key, 1, "default")}
    [told] = configure._next("mycroft-bus", key, values if works else {}, values)
    assert told == f"It takes effect at the next start: {command}"


@pytest.mark.real_time
def test_a_new_file_of_the_system_is_for_all_users_and_that_of_a_user_for_that_one(
    machine: Machine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    umask = os.umask(0o077)
    try:
        assert machine.set("enclosure.level", "20") == Exit.DONE
        assert stat.S_IMODE(machine.own.stat().st_mode) == 0o600
        shutil.rmtree(machine.own.parent)
        installed: Machine = request.getfixturevalue("installed")
        assert installed.set("enclosure.wifi.password", "opensesame") == Exit.DONE
    finally:
        os.umask(umask)
    assert stat.S_IMODE(installed.own.stat().st_mode) == 0o644
    assert stat.S_IMODE(installed.own.parent.stat().st_mode) == 0o755


def test_a_secret_in_a_file_of_a_user_that_others_may_read_is_reported(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.own.parent.mkdir()
    machine.own.write_text("{}")
    machine.own.chmod(0o644)
    for key, value in (("enclosure.level", "20"), ("enclosure.wifi", '{"ssid": "kitchen"}')):
        assert machine.set(key, value) == Exit.DONE
        assert "chmod" not in capsys.readouterr().out
    assert machine.set("enclosure.wifi.password", "opensesame") == Exit.DONE
    expected = f"Other users can read it there: chmod go= {machine.own}"
    assert capsys.readouterr().out.splitlines()[-1] == expected
    assert stat.S_IMODE(machine.own.stat().st_mode) == 0o644


@pytest.mark.real_time
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask for another user")
def test_a_file_that_the_user_of_the_unit_may_not_read_is_not_in_force(
    installed: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed.own.parent.mkdir()
    installed.own.write_text('{"enclosure": {"level": 9}}')
    systemctl(tmp_path, 0, "", monkeypatch, user="nobody")
    assert installed.config() == Exit.DONE
    out, err = capsys.readouterr()
    expected = f"{installed.own}: the user nobody of the unit may not read it: sudo chmod a+r {installed.own}"
    assert err == f"{expected}\n"
    assert out.splitlines()[0].split() == ["enclosure.level", "50", "default"]
    assert installed.set("enclosure.level", "20") == Exit.DONE
    assert capsys.readouterr().out.splitlines()[-1] == expected


@pytest.mark.real_time
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_that_is_closed_to_the_caller_is_reported(
    installed: Machine, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    installed.own.parent.mkdir(0o700)
    installed.own.write_text('{"enclosure": {"level": 9}}')
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        assert installed.config() == Exit.DONE
    finally:
        os.seteuid(0)
    assert f"{installed.own} is not read: Permission denied" in caplog.messages
    assert capsys.readouterr().out.splitlines()[0].split() == ["enclosure.level", "50", "default"]


def test_null_leaves_a_value_to_the_profile(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.set("enclosure.port", "/dev/ttyUSB0") == Exit.DONE
    assert machine.set("enclosure.port", "null") == Exit.DONE
    before = f'before: "/dev/ttyUSB0" ({machine.own}: line 2)'
    assert f"enclosure.port is null (profile p); {before}" in capsys.readouterr().out


def test_of_an_object_what_is_different_is_printed(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.package.write_text('{"enclosure": {"wifi": {"ssid": "x"}}}')
    assert machine.set("enclosure", '{"level": 20, "names": {"a": {}}}') == Exit.DONE
    assert capsys.readouterr().out.splitlines()[:-1] == [
        f"enclosure.level is 20 ({machine.own}: line 2); before: 50 (default)",
        'enclosure.names.a.ssid is "MYCROFT" (default); before: not set',
        f'enclosure.names.a.password is "{HIDDEN}" (default); before: not set',
    ]


def test_a_value_that_is_no_text_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), "utf-8"))
    assert machine.set("enclosure.port", "-") == Exit.USAGE
    assert capsys.readouterr().err == "enclosure.port: key or value is not UTF-8\n"


@pytest.mark.parametrize(
    ("printed", "variables"),
    [
        ("A=1 B=", {"A": "1", "B": ""}),
        (r'"A={\"x y\": \"\\\"\"}" B=2', {"A": r'{"x y": "\""}', "B": "2"}),
        (r'"A=pa\$\$ \`w\`" "B=two words"', {"A": "pa$$ `w`", "B": "two words"}),
    ],
)
def test_the_variables_of_a_unit_are_read_as_systemd_prints_them(
    printed: str, variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemctl(tmp_path, 0, printed, monkeypatch)
    assert unit("mycroft-enclosure").environment == variables


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("enclosure.levle", "5", "enclosure.levle: unknown key; did you mean level?"),
        ("enclosure.wifi.sid", "5", "enclosure.wifi.sid: unknown key; did you mean ssid?"),
        ("enclosure.level.high", "5", "enclosure.level is no object"),
        ("encolsure.level", "5", "encolsure.level: unknown key; did you mean enclosure?"),
        ("enclosure.level", "500", "enclosure.level: Expected `int` <= 100"),
        ("enclosure.level", "high", "enclosure.level: Expected `int`, got `str`"),
        ("enclosure.level", '{"a"', "enclosure.level: Expected `int`, got `str`"),
        ("enclosure.wifi.password", "1234", "enclosure.wifi.password: Expected `str` of length >= 8"),
        ("enclosure.port", "theirs", f"enclosure.port: {THEIRS}"),
        ("enclosure.timeout", "5", f"enclosure.timeout: {THEIRS}"),
        ("enclosure", '{"port": "theirs"}', f"enclosure.port: {THEIRS}"),
        ("enclosure", "5", "enclosure: expected an object"),
        ("enclosure.fast", "yes", "enclosure.fast: Expected `bool`, got `str`; true or false"),
        ("enclosure.list", "[a]", f"enclosure.list: Expected `array`, got `str`; {configure.LIST_AS_JSON}"),
        ("enclosure.wifi", "{a: 1}", f"enclosure.wifi: Expected `object`, got `str`; {configure.OBJECT_AS_JSON}"),
        ("enclosure.list", '["a", 5]', "enclosure.list[1]: Expected `str`, got `int`"),
        ("enclosure.port", "\udcff", "enclosure.port: key or value is not UTF-8"),
        ("enclosure.", "5", "enclosure.: unknown key; there are: fast, level, list, names, port, wifi"),
    ],
)
def test_a_wrong_value_is_refused_and_the_file_stays(
    key: str, value: str, complaint: str, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.own.parent.mkdir()
    machine.own.write_text('{"enclosure": {"level": 20}} // mine')
    assert machine.set(key, value) == Exit.USAGE
    said = capsys.readouterr().err.replace(f"{machine.own}: ", "").replace(str(machine.own), "FILE")
    assert said == f"{complaint}\n"
    assert machine.own.read_text() == '{"enclosure": {"level": 20}} // mine'
    assert list(machine.own.parent.iterdir()) == [machine.own]


@pytest.mark.parametrize("raw", ['{"enclosure": ', "[]", '{"a": "\\ud800"}', '{"a": 1,}'])
def test_a_file_that_is_no_json_is_left_to_its_owner(
    raw: str, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.own.parent.mkdir()
    machine.own.write_text(raw)
    assert machine.set("enclosure.level", "20") == Exit.USAGE
    assert f"{machine.own}: " in capsys.readouterr().err
    assert machine.own.read_text() == raw


def test_an_error_can_be_mended(machine: Machine) -> None:
    machine.own.parent.mkdir()
    machine.own.write_text('{"enclosure": {"level": "high"}}')
    assert machine.set("enclosure.level", "20") == Exit.DONE
    assert machine.own.read_text() == '{"enclosure": {"level": 20}}'


def test_owner_mode_and_link_of_the_file_stay(machine: Machine, tmp_path: Path) -> None:
    real = tmp_path / "real.conf"
    real.write_text("{}")
    real.chmod(0o640)
    if os.getuid() == 0:
        os.chown(real, 65534, 65534)
    owner = real.stat().st_uid
    machine.own.parent.mkdir()
    machine.own.symlink_to(real)
    assert machine.set("enclosure.level", "20") == Exit.DONE
    assert machine.own.is_symlink()
    assert real.read_text() == '{"enclosure": {"level": 20}}'
    assert (stat.S_IMODE(real.stat().st_mode), real.stat().st_uid) == (0o640, owner)
    assert not list(tmp_path.rglob("mycroft.conf.*"))


def test_a_file_of_another_user_is_named_with_the_command_for_root(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, _: bytes) -> None:
        raise PermissionError(13, "Permission denied", f"{path}.new")

    monkeypatch.setattr(configure, "_replace", refuse)  # root may write everywhere
    assert machine.set("enclosure.wifi.ssid", "my wifi") == Exit.FAILED
    command = "sudo mycroft-enclosure set enclosure.wifi.ssid 'my wifi'"
    assert capsys.readouterr().err.endswith(f"{machine.own}: Permission denied; as root: {command}\n")
    assert machine.set("enclosure.wifi.password", "opensesame") == Exit.FAILED
    assert capsys.readouterr().err.endswith("; as root: sudo mycroft-enclosure set enclosure.wifi.password -\n")


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("admin.wifi.password", True),
        ("bus.tokens.kitchen.sha256", True),
        ("websocket.secret_key", True),
        ("hive.access_key", True),
        ("mqtt.password_file", False),
        ("websocket.ssl_key", False),
        ("bus.tokens.kitchen.role", False),
    ],
)
def test_secrets_are_known_by_their_names(key: str, secret: bool) -> None:
    assert is_secret(key) is secret


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("the word opensesame here", "the word (hidden) here"),
        ("mqtts://me:opens@broker", "mqtts://(hidden)@broker"),
        ("psk=hello world", "psk=(hidden) world"),
        ('{"password": "p w\\" x", "a": 1}', '{"password": (hidden), "a": 1}'),
        ("password='p w' a", "password=(hidden) a"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer (hidden)"),
        ("GET /?authorization=YTpi%3D HTTP/1.1", "GET /?authorization=(hidden) HTTP/1.1"),
        ('{"access_key": "abc", "kitchen_key": 1}', '{"access_key": (hidden), "kitchen_key": 1}'),
        ("the password is wrong", "the password is wrong"),
        ("a one", "a one"),
    ],
)
def test_secrets_are_taken_out_of_texts(text: str, clean: str) -> None:
    assert without_secrets(text, ["opensesame", "one"]) == clean
