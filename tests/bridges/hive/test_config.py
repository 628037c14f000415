import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bridges.hive import pairing
from bridges.hive.config import HiveSettings, Hub, hub_of, rights_of
from bridges.hive.mapping import Rights
from bridges.hive.pair import derive_psk
from bridges.hive.pairing import Pairing
from bus.errors import ConfigError

PSK = "c34cb68d9883afc72f748740d53575f10cd0b150d55e42ae01fd80a9de0a8249"
HEX = 64 * "a"
PAIRING = Pairing("ws://hub.lan:5678", "key", HEX, 64 * "b", 64 * "c", "session")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("ws://hub.lan", "ws://hub.lan:5678"),
        ("ws://hub.lan/", "ws://hub.lan:5678"),
        ("wss://192.168.1.2:443", "wss://192.168.1.2:443"),
        ("ws://[fe80::1]:1", "ws://[fe80::1]:1"),
        ("WS://Hub.lan", "ws://hub.lan:5678"),
    ],
)
def test_where_the_hub_is(address: str, url: str) -> None:
    assert hub_of(HiveSettings(hub=address)) == Hub(url)


@pytest.mark.parametrize(
    "address",
    [
        "hub.lan",
        "http://hub.lan",
        "ws://",
        "ws://hub.lan:0",
        "ws://hub.lan:99999",
        "ws://me:pw@hub.lan",
        "ws://h/core",
        "ws://h/?authorization=x",
    ],
)
def test_what_is_no_address_is_an_error(address: str) -> None:
    with pytest.raises(ConfigError, match=r"hive\.hub"):
        hub_of(HiveSettings(hub=address))


def test_without_a_hub_there_is_nothing_to_do() -> None:
    assert hub_of(HiveSettings(site="kitchen")) is None


def test_tls_is_what_the_address_says() -> None:
    assert [Hub(url).tls for url in ("ws://h:1", "wss://h:1")] == [False, True]


def test_the_rights_are_those_of_the_settings() -> None:
    settings = HiveSettings(site="hall", up=("a",), down=("b.*",), obey_satellites=True, share_bus=True)
    assert rights_of(settings) == Rights(("a",), ("b.*",), "hall", obey_satellites=True, share_bus=True)


@pytest.mark.parametrize("msg_type", ["system.reboot", "mycroft.wifi.start", "bus.status", "hive.send.upstream"])
def test_a_type_that_no_hub_may_send_is_an_error(msg_type: str) -> None:
    with pytest.raises(ConfigError, match=rf"hive\.down: {msg_type}: "):
        rights_of(HiveSettings(down=("speak", msg_type)))


def test_too_many_stars_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"hive\.up: "):
        rights_of(HiveSettings(up=("*a*b*c*d*e*f",)))
    with pytest.raises(ConfigError, match=r"hive\.down: "):
        rights_of(HiveSettings(down=("*a*b*c*d*e*f",)))


def test_a_pairing_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    pairing.save(tmp_path, PAIRING)
    assert pairing.load(tmp_path, PAIRING.hub) == PAIRING
    assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600]
    assert repr(PAIRING) == "Pairing('ws://hub.lan:5678')"


@pytest.mark.parametrize("hub", ["ws://hub.lan:5679", "wss://hub.lan:5678"])
def test_a_pairing_with_another_hub_is_none(tmp_path: Path, hub: str) -> None:
    pairing.save(tmp_path, PAIRING)
    with pytest.raises(ConfigError, match="sudo mycroft-hive pair"):
        pairing.load(tmp_path, hub)


def test_without_a_pairing_the_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not paired with ws://hub\.lan:5678: sudo mycroft-hive pair"):
        pairing.load(tmp_path, PAIRING.hub)


def test_a_pairing_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    pairing.save(tmp_path, PAIRING)
    (tmp_path / pairing.FILE).chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by other users"):
        pairing.load(tmp_path, PAIRING.hub)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"hub": 1}', b"x" * 100_000])
def test_a_damaged_pairing_is_an_error(tmp_path: Path, content: bytes) -> None:
    descriptor = os.open(tmp_path / pairing.FILE, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, content)
    os.close(descriptor)
    with pytest.raises(ConfigError, match="is damaged"):
        pairing.load(tmp_path, PAIRING.hub)


def test_a_pairing_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / pairing.FILE).mkdir()
    with pytest.raises(ConfigError):
        pairing.save(tmp_path, PAIRING)
    assert [path.name for path in tmp_path.iterdir()] == [pairing.FILE]


def test_the_password_becomes_the_key_of_hivemind() -> None:
    # As hivemind-core derive-psk --password correct --node-id hub prints it.
    assert derive_psk("correct", "hub").hex() == PSK


@pytest.mark.real_time
@pytest.mark.parametrize(("command", "package"), [("run", "nacl"), ("pair", "nacl"), ("pair", "argon2")])
def test_a_missing_package_is_one_line_with_the_command_against_it(
    command: str, package: str, tmp_path: Path
) -> None:
    without = (
        f"import sys; sys.modules['{package}'] = None; from bridges.hive.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run(
        (sys.executable, "-c", without, command),
        env={**os.environ, "HOME": str(tmp_path), "MYCROFT_HIVE_HUB": "ws://127.0.0.1:1"},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "pip install mycroft-enclosure[hive]" in done.stderr
    assert package in done.stderr
