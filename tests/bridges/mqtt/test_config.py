from pathlib import Path

import pytest

from bridges.mqtt.config import Broker, MqttSettings, broker_of
from bridges.mqtt.host import Machine, device_id
from bus.errors import ConfigError


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtts://broker.home", Broker("broker.home", 8883, tls=True)),
        ("mqtts://192.168.1.2:8884/", Broker("192.168.1.2", 8884, tls=True)),
        ("mqtts://[fe80::1]:8884", Broker("fe80::1", 8884, tls=True)),
        ("mqtt://127.0.0.1", Broker("127.0.0.1", 1883, tls=False)),
        ("mqtt://[::1]:1884", Broker("::1", 1884, tls=False)),
        ("mqtt://localhost", Broker("localhost", 1883, tls=False)),
    ],
)
def test_where_the_broker_is(url: str, broker: Broker) -> None:
    assert broker_of(MqttSettings(broker=url), {}) == broker


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mqtt://192.168.1.2", "needs mqtts://"),
        ("mqtt://localhost.example.org", "needs mqtts://"),
        ("mqtts://me:secret@broker.home", "mqtt.password_file"),
        ("http://broker.home", "expected mqtts://HOST"),
        ("broker.home", "expected mqtts://HOST"),
        ("mqtts://", "expected mqtts://HOST"),
        ("mqtts://broker.home:0", "expected mqtts://HOST"),
        ("mqtts://broker.home:99999", "Port out of range"),
        ("mqtts://broker.home/topic", "expected mqtts://HOST"),
    ],
)
def test_an_address_that_is_none_or_not_safe_is_an_error(url: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        broker_of(MqttSettings(broker=url), {})


def test_without_a_broker_there_is_nothing_to_do() -> None:
    assert broker_of(MqttSettings(username="x"), {}) is None


def test_the_password_is_in_a_file_and_in_no_text(secret: Path) -> None:
    broker = broker_of(MqttSettings("mqtts://b", "me", str(secret)), {})
    assert broker is not None
    assert broker.password == "s3cret"  # noqa: S105
    assert "s3cret" not in f"{broker} {broker!r}"


def test_systemd_brings_the_password(tmp_path: Path) -> None:
    settings, environment = MqttSettings("mqtts://b", "me"), {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert broker_of(settings, environment) == Broker("b", 8883, tls=True, username="me")
    for text, password in (("s3cret\n", "s3cret"), ("", None)):
        (tmp_path / "mqtt-password").write_text(text)
        assert broker_of(settings, environment) == Broker("b", 8883, tls=True, username="me", password=password)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"s3cret", 0o644, "sudo chmod 600"),
        (b"s3cret", 0o640, "sudo chmod 600"),
        (b"two\nlines", 0o600, "expected one line"),
        (b"x" * 2000, 0o600, "expected one line"),
        (b"\xff", 0o600, "not UTF-8"),
    ],
)
def test_a_password_file_that_is_open_or_none_is_an_error(
    secret: Path, content: bytes, mode: int, reason: str
) -> None:
    secret.write_bytes(content)
    secret.chmod(mode)
    with pytest.raises(ConfigError, match=reason) as caught:
        broker_of(MqttSettings("mqtts://b", "me", str(secret)), {})
    assert "s3cret" not in str(caught.value)


def test_a_password_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        broker_of(MqttSettings("mqtts://b", "me", str(tmp_path / "none")), {})


def machine(root: Path, files: dict[str, str]) -> Machine:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Machine(root)


def test_a_raspberry_pi_is_described(tmp_path: Path) -> None:
    net = "sys/class/net"
    pi = machine(
        tmp_path,
        {
            f"{net}/eth0/address": "B8:27:EB:00:00:01\n",
            f"{net}/eth0/device/x": "",
            f"{net}/wlan0/address": "b8:27:eb:00:00:02\n",
            f"{net}/wlan0/device/x": "",
            f"{net}/wlan0/phy80211/x": "",
            f"{net}/docker0/address": "02:42:00:00:00:01\n",
            f"{net}/lo/address": "00:00:00:00:00:00\n",
            "proc/self/net/wireless": "Inter-|\n face |\n wlan0: 0000   58.  -52.  -256     0      0\n",
            "sys/class/thermal/thermal_zone0/temp": "48312\n",
            "sys/firmware/devicetree/base/model": "Raspberry Pi 3 Model B Rev 1.2\0",
        },
    )
    assert pi.macs == ["b8:27:eb:00:00:01", "b8:27:eb:00:00:02"]
    assert device_id(pi.macs) == "mycroft_b827eb000001"
    assert (pi.has_wifi, pi.wifi_dbm) == (True, "-52")
    assert (pi.has_temperature, pi.temperature) == (True, "48.3")
    assert pi.model == "Raspberry Pi 3 Model B Rev 1.2"


def test_a_machine_without_all_of_that_needs_an_id(tmp_path: Path) -> None:
    bare = machine(tmp_path, {"sys/class/thermal/thermal_zone0/temp": "x"})
    assert (bare.macs, bare.has_wifi, bare.wifi_dbm, bare.temperature, bare.model) == ([], False, None, None, None)
    with pytest.raises(ConfigError, match=r"set mqtt\.id"):
        device_id(bare.macs)
