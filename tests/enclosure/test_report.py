import json
import os
import re
from pathlib import Path

import pytest

from bus.daemon.secrets import HIDDEN
from bus.daemon.unit import Unit
from enclosure import report
from enclosure.faceplate.protocol import strips
from enclosure.faceplate.text import drawn

SECRETS = {
    "hotspot": "open sesame",
    "token": "tok-1234567890",
    "credential": "broker-pass",
    "file": "from-a-file",
    "network": "my wpa phrase",
    "quoted": 'a"b\\c',
    "former": "it was this",
    "pairing": "0123456789abcdef",
    "unit": "pa$$ of unit",
    "variable": "secret-of-own",
    "file of a variable": "from-another-file",
}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a machine with secrets, and programs in place of its own, which print all of them."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / "secret").write_text(f"{SECRETS['file']}\n")
    (tmp_path / "other").write_text(f"{SECRETS['file of a variable']}\n")
    monkeypatch.setenv("MYCROFT_MQTT_TOKEN", f'"{SECRETS["variable"]}"')
    monkeypatch.setenv("MYCROFT_MQTT_PASSWORD_FILE", str(tmp_path / "other"))
    hotspot = json.dumps({"password": SECRETS["unit"]})
    units = {"mycroft-admin": Unit(environment={"MYCROFT_ADMIN_WIFI": hotspot})}
    monkeypatch.setattr(report, "unit", lambda name: units.get(name, Unit()))
    files = {
        "etc/mycroft/mycroft.conf": f"""{{ // the device
          "admin": {{"wifi": {{"password": "{SECRETS["hotspot"]}", "ssid": "kitchen"}}}},
          "api": {{"weather_token" : "{SECRETS["token"]}"}},
          "mqtt": {{"password_file": "{tmp_path / "secret"}"}},""",  # and no end
        str(home / ".config/mycroft/mycroft.conf").lstrip("/"): '{"x": {"secret": "a\\"b\\\\c", "psk": "\\x"}}',
        "etc/mycroft/mycroft.conf.bak": f'{{"mqtt": {{"password": "{SECRETS["former"]}"}}}}',
        "etc/mycroft/mqtt-password": f"{SECRETS['credential']}\n",
        "var/lib/mycroft-hive/pairing.json": f'{{"access_key":"{SECRETS["pairing"]}"}}',
        "etc/NetworkManager/system-connections/a.nmconnection": f"[wifi-security]\npsk={SECRETS['network']}\n",
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
        "proc/device-tree/model": "Raspberry Pi 3 Model B Rev 1.2\0",
    }
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    written = [form(secret) for secret in SECRETS.values() for form in (str, repr, json.dumps)]
    (tmp_path / "printed").write_text("".join(f"it is {secret}.\n" for secret in written))
    for name in ("dpkg-query", "systemctl", "journalctl", "ours"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*"\ncat {tmp_path / "printed"}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(report, "program", lambda module: (("ours", module), os.environ))
    return tmp_path / "root"


@pytest.mark.real_time
def test_a_report_has_all_parts_and_no_secret(machine: Path) -> None:
    text = report.report(machine)
    assert report.CONTENTS in text
    assert "Debian GNU/Linux 13 (trixie)\nRaspberry Pi 3 Model B Rev 1.2\n" in text
    assert "=== packages ===\ndpkg-query --show mycroft-*\n" in text
    for command in ("ours bus config", "ours enclosure doctor", "ours bus status", "journalctl --unit mycroft-*"):
        assert command in text
    assert [name for name, secret in SECRETS.items() if secret in text] == []
    assert [line for line in re.findall(r"it is .*", text) if HIDDEN not in line] == []
    assert len(re.findall(r"it is .*", text)) == 6 * 3 * len(SECRETS)


@pytest.mark.real_time
def test_a_report_has_no_secret_that_the_mouth_showed(machine: Path) -> None:
    configuration = machine / "etc/mycroft/mycroft.conf"
    configuration.write_text('{"admin": {"wifi": {"password": "open $esame"}}}')
    (machine.parent / "printed").write_text("to the faceplate: 'mouth.text=KITCHEN OPEN SESAME\\n'\n")
    assert "'mouth.text=KITCHEN (hidden)\\n'" in report.report(machine)


@pytest.mark.real_time
def test_a_report_has_no_picture_of_the_mouth(machine: Path) -> None:
    [first, *_] = strips(drawn("OPEN SESAME"), 0, clear=False)
    lines = (
        "mycroft-enclosure: enclosure.faceplate.link: to the faceplate: 'mouth.text=KITCHEN\\n'\n"
        f"mycroft-enclosure: enclosure.faceplate.link: to the faceplate: '{first}\\n'\n"
        f"mycroft-enclosure: enclosure.faceplate.link: from the faceplate: 'Command: {first}'\n"
    )
    (machine.parent / "printed").write_text(f"{lines}the ABCDEFGHIJ of others\n")
    text = report.report(machine)
    assert "'mouth.text=KITCHEN\\n'" in text
    assert "the ABCDEFGHIJ of others" in text
    assert first[-12:] not in text
    assert (
        text.count("faceplate: 'mouth.icon=x=0,cP=0,")
        == text.count("faceplate: 'Command: mouth.icon=x=0,cP=0,")
        == 6
    )
    assert text.count("(picture)") == 12


@pytest.mark.real_time
def test_a_long_journal_is_cut_at_its_beginning(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = machine.parent / "bin" / "journalctl"
    journal.write_text("#!/bin/sh\necho first\nhead -c 2000000 /dev/zero | tr '\\0' x\necho last\nexit 3\n")
    text = report.report(machine)
    assert len(text) < 1.1 * report.MAX_PART
    assert "first" not in text
    assert text.endswith("xlast\n(exit code 3)\n")


@pytest.mark.real_time
def test_a_report_does_without_what_is_missing(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (machine.parent / "bin").iterdir():
        path.unlink()
    monkeypatch.setenv("PATH", str(machine.parent / "bin"))
    monkeypatch.setattr(report, "program", lambda _: (None, {}))
    text = report.report(Path("/nowhere"))
    assert "no /etc/os-release\nno Raspberry Pi\n" in text
    assert "=== units ===\nthere is no systemctl\n" in text
    assert "=== findings of the doctor ===\nit is not installed\n" in text
