"""The bridge as a process between a simulated Mark 1 and a real mosquitto."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hw_sim.testing.mark1 import Mark1
from tests.bridges.memory import growth_kb
from tests.bridges.mqtt.mosquitto import (
    EXAMPLES,
    ID,
    PASSWORD,
    BridgeProcess,
    Home,
    Mosquitto,
    example_configuration,
    secret_file,
    until,
)
from tests.bus.certificate import make_certificate

pytestmark = pytest.mark.real_time

CONFIG = f"homeassistant/device/{ID}/config"
SITE = EXAMPLES / "mosquitto-site.conf"


@pytest.fixture(scope="module")
def mark1() -> Iterator[Mark1]:
    with Mark1() as device:
        yield device


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


class House(NamedTuple):
    mark1: Mark1
    broker: Mosquitto
    home: Home
    bridge: BridgeProcess


@pytest.fixture
def house(mark1: Mark1, broker: Mosquitto, tmp_path: Path) -> Iterator[House]:
    mark1.send("mycroft.volume.set", {"percent": 0.6})
    url = f"mqtt://127.0.0.1:{broker.port}"
    with Home(broker.port) as home, BridgeProcess(tmp_path, mark1.bus_url, url) as bridge:
        home.sees("faceplate", "ON")
        home.sees("volume", "60")
        yield House(mark1, broker, home, bridge)


def test_commands_reach_the_device_and_come_back_as_state(house: House) -> None:
    mark1, _, home, _ = house
    home.command("volume", "35")
    home.sees("volume", "35")
    assert mark1.sound.percent == round(0.35 * 83)
    home.command("mute", "ON")
    home.sees("mute", "ON")
    assert mark1.sound.muted
    home.command("mute", "OFF")
    home.sees("mute", "OFF")
    home.command("eyes", '{"state":"ON","color":{"r":255,"g":0,"b":0},"brightness":30}')
    mark1.face.wait_for(eyes="#ff0000")
    until(lambda: json.loads(home.state("eyes") or "{}").get("color") == {"r": 255, "g": 0, "b": 0}, "the colour")
    home.command("mouth", "hello")
    mark1.face.wait_for(text="HELLO")
    until(lambda: home.state("mouth") == '{"text":"hello"}', "the text")
    home.command("mouth", "")
    home.sees("mouth", '{"text":""}')
    home.command("say", "Grüße")
    assert mark1.wait_for("speak").data == {"utterance": "Grüße"}


def test_turn_press_cable_and_recording_are_published(house: House) -> None:
    mark1, _, home, _ = house
    home.command("volume", "50")
    home.sees("volume", "50")
    mark1.turn(1)
    until(lambda: (f"mycroft/{ID}/knob", '{"event_type":"up"}', False) in home.received, "the turn")
    home.sees("volume", "60")
    mark1.press()
    until(lambda: (f"mycroft/{ID}/button", '{"event_type":"press"}', False) in home.received, "the press")
    mark1.unplug()
    home.sees("faceplate", "OFF")
    mark1.plug()
    home.sees("faceplate", "ON")
    mark1.send("recognizer_loop:record_begin")
    home.sees("listening", "ON")
    mark1.send("recognizer_loop:record_end")
    home.sees("listening", "OFF")


def test_a_killed_bridge_is_away_and_comes_back_with_all_states(house: House) -> None:
    _, _, home, bridge = house
    home.sees("availability", "online")
    bridge.kill()
    home.sees("availability", "offline")
    home.retained.clear()
    bridge.start()
    home.sees("availability", "online")
    home.sees("volume", "60")
    assert CONFIG in home.retained


def test_a_stopped_bridge_is_away_at_once(house: House) -> None:
    _, _, home, bridge = house
    home.sees("availability", "online")
    bridge.process.terminate()
    assert bridge.process.wait(10) == 0
    home.sees("availability", "offline")


def test_everything_is_published_again_to_a_broker_that_lost_its_memory(house: House, tmp_path: Path) -> None:
    _, broker, home, bridge = house
    broker.stop()
    (tmp_path / "mosquitto.db").unlink()
    home.retained.clear()
    broker.start()
    home.sees("availability", "online")
    home.sees("volume", "60")
    home.command("volume", "45")
    home.sees("volume", "45")
    assert bridge.log.count("WARNING") == 1


def test_a_retained_command_is_not_obeyed_at_a_connection_or_later(house: House) -> None:
    _, _, home, bridge = house
    home.command("volume", "99", retain=True)
    home.command("mute", "ON")
    home.sees("mute", "ON")
    assert home.state("volume") == "60"
    bridge.kill()
    home.sees("availability", "offline")
    bridge.start()
    home.sees("availability", "online")
    home.command("mute", "OFF")
    home.sees("mute", "OFF")
    assert home.state("volume") == "60"
    assert "a retained command is not obeyed" in bridge.log


def test_a_birth_message_is_answered_with_the_announcement(house: House) -> None:
    _, _, home, _ = house
    until(lambda: home.state("mouth") is not None, "the first announcement")
    before = home.count(CONFIG)
    home.send("homeassistant/status", "online")
    until(lambda: home.count(CONFIG) > before, "the answer")


def test_hostile_packets_do_not_stop_the_bridge(house: House) -> None:
    _, _, home, bridge = house
    for payload in ("[" * 4000, "x" * 100_000, "{" * 100):  # the second exceeds the maximum packet size
        home.command("eyes", payload)
    home.command("volume", "55")
    home.sees("volume", "55")
    assert bridge.process.poll() is None


def test_memory_does_not_grow_with_messages(house: House) -> None:
    mark1, _, home, bridge = house

    def use() -> None:
        for _ in range(10):
            for percent in range(100):
                mark1.send("mycroft.volume.get.response", {"percent": percent / 100, "muted": False})
            home.sees("volume", "99")

    assert growth_kb(bridge.process.pid, use) < 100


def test_with_full_control_the_machine_restarts(mark1: Mark1, broker: Mosquitto, tmp_path: Path) -> None:
    """The bridge has the user of the bus here, who may do that."""
    url = f"mqtt://127.0.0.1:{broker.port}"
    with Home(broker.port) as home, BridgeProcess(tmp_path, mark1.bus_url, url, control="full"):
        home.sees("faceplate", "ON")
        home.command("restart", "PRESS")
        mark1.host.wait_for("Reboot")


class Guarded(NamedTuple):
    broker: Mosquitto
    certificate: Path
    url: str


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """A broker with TLS, with users, and with the rights of the example."""
    certificate = make_certificate(tmp_path, "DNS:localhost")
    rights = example_configuration(tmp_path, ID, "kitchen2", "homeassistant")
    with Mosquitto(tmp_path, rights, certificate) as broker:
        yield Guarded(broker, certificate[0], f"mqtts://localhost:{broker.tls_port}")


def test_a_device_with_the_example_configuration_works_over_tls(
    mark1: Mark1, guarded: Guarded, tmp_path: Path
) -> None:
    given = {"username": ID, "password_file": secret_file(tmp_path), "ca_file": str(guarded.certificate)}
    bridge = BridgeProcess(tmp_path, mark1.bus_url, guarded.url, **given)
    with Home(guarded.broker.port, "homeassistant", PASSWORD) as home, bridge:
        home.sees("faceplate", "ON")
        assert CONFIG in home.retained
        for level in ("40", "41", "42"):
            home.command("volume", level)
            home.sees("volume", level)
        before = home.count(CONFIG)
        home.send("homeassistant/status", "online")
        until(lambda: home.count(CONFIG) > before, "the answer to the birth message")
        bridge.kill()
        home.sees("availability", "offline")
    assert "WARNING" not in bridge.log
    assert PASSWORD not in bridge.log


def test_without_a_ca_file_the_certificates_of_the_system_count(
    guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("openssl", "x509", "-hash", "-noout", "-in", guarded.certificate)
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    system = tmp_path / "system"
    system.mkdir()
    monkeypatch.setenv("SSL_CERT_DIR", str(system))
    given = {"username": ID, "password_file": secret_file(tmp_path)}
    with BridgeProcess(tmp_path, "ws://127.0.0.1:1/core", guarded.url, **given) as bridge:
        until(lambda: "certificate verify failed" in bridge.log, "the refusal")
        (system / f"{name}.0").symlink_to(guarded.certificate)
        until(lambda: "connected to the broker" in bridge.log, "the connection")


def test_a_device_at_a_bridged_broker_works_with_the_example_configuration(mark1: Mark1, tmp_path: Path) -> None:
    site_folder = tmp_path / "site"
    site_folder.mkdir()
    with Mosquitto(tmp_path, example_configuration(tmp_path, "site", "homeassistant")) as central:
        changes = {"broker.home:8883": f"127.0.0.1:{central.port}", "CHANGE-ME": PASSWORD}
        site_lines = [line for line in SITE.read_text().splitlines() if not line.startswith("bridge_cafile")]
        site_text = "\n".join((*site_lines, ""))
        for example, here in changes.items():
            site_text = site_text.replace(example, here)
        with (
            Mosquitto(site_folder, f"allow_anonymous true\n{site_text}") as site,
            Home(central.port, "homeassistant", PASSWORD) as home,
            BridgeProcess(site_folder, mark1.bus_url, f"mqtt://127.0.0.1:{site.port}") as bridge,
        ):
            home.sees("faceplate", "ON")
            assert CONFIG in home.retained
            home.command("volume", "40")
            home.sees("volume", "40")
            before = home.count(CONFIG)
            home.send("homeassistant/status", "online")
            until(lambda: home.count(CONFIG) > before, "the answer to the birth message")
            bridge.kill()
            home.sees("availability", "offline")
            assert home.retained["mycroft-sites/site"] == "1"
            site.stop()
            until(lambda: home.retained["mycroft-sites/site"] == "0", "the end of the link")
            site.start()
            until(lambda: home.retained["mycroft-sites/site"] == "1", "the link")


def test_a_broker_that_refuses_rights_is_a_line_for_each_topic(
    mark1: Mark1, guarded: Guarded, tmp_path: Path
) -> None:
    given = {"username": "kitchen2", "password_file": secret_file(tmp_path), "ca_file": str(guarded.certificate)}
    with (
        Home(guarded.broker.port, "homeassistant", PASSWORD) as home,
        BridgeProcess(tmp_path, mark1.bus_url, guarded.url, **given) as bridge,
    ):
        until(lambda: f"the broker refuses {CONFIG}: Not authorized" in bridge.log, "the refusal")
        for _ in range(2):
            home.send("homeassistant/status", "online")
            home.send("homeassistant/status", "offline")
        until(lambda: f"refuses mycroft/{ID}/faceplate: Not authorized" in bridge.log, "the other refusal")
        assert bridge.log.count(f"refuses {CONFIG}:") == 1
        assert f"mycroft/{ID}/volume" not in home.retained


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"password_file": "wrong"}, "refuses the connection: Not authorized"),
        ({"ca_file": None}, "certificate"),
    ],
)
def test_a_refused_password_or_an_unknown_certificate_is_one_line(
    changed: dict[str, str | None], reason: str, guarded: Guarded, tmp_path: Path
) -> None:
    wrong = secret_file(tmp_path, "wrong") if "password_file" in changed else secret_file(tmp_path)
    given = {"username": ID, "password_file": wrong, "ca_file": str(guarded.certificate)}
    if "ca_file" in changed:
        del given["ca_file"]
    with BridgeProcess(tmp_path, "ws://127.0.0.1:1/core", guarded.url, **given) as bridge:
        until(lambda: reason in bridge.log, "the reason")
        bridge.process.terminate()
        assert bridge.process.wait(10) == 0
    assert bridge.log.count("broker localhost") == 1
    assert "wrong" not in bridge.log.replace("wrong version", "")


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\xff\xff\xff\x7f", b"\x30" * 99],
    ids=["silent", "http", "endless", "malformed"],
)
def test_a_server_that_is_no_broker_is_one_line(answer: bytes, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"mqtt://127.0.0.1:{listener.getsockname()[1]}"
        with BridgeProcess(tmp_path, "ws://127.0.0.1:1/core", url) as bridge:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                if answer:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    until(
                        lambda: "WARNING bridges.mqtt.daemon: broker 127.0.0.1" in bridge.log.replace("  ", " "),
                        "a line",
                    )
                bridge.process.terminate()
                assert bridge.process.wait(10) == 0
        assert "Traceback" not in bridge.log


def test_a_refused_subscription_is_the_reason_where_the_broker_closes_the_connection_too(tmp_path: Path) -> None:
    accepted, refused = b"\x20\x03\0\0\0", b"\x90\x05%b\0\x87\x87"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"mqtt://127.0.0.1:{listener.getsockname()[1]}"
        with BridgeProcess(tmp_path, "ws://127.0.0.1:1/core", url) as bridge:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(accepted)
                    subscribe = connection.recv(4096)
                    connection.sendall(refused % subscribe[2:4])
            bridge.process.terminate()
            assert bridge.process.wait(10) == 0
    assert bridge.log.count("refuses a subscription: Not authorized") == 1
    assert "closed" not in bridge.log
    assert "ERROR" not in bridge.log


def test_without_a_broker_it_says_so_and_ends(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "bridges.mqtt", "run")
    done = subprocess.run(
        command, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "mqtt.broker in /etc/mycroft/mycroft.conf names the broker" in done.stderr


def test_a_broker_without_tls_elsewhere_is_a_configuration_error(tmp_path: Path) -> None:
    with BridgeProcess(tmp_path, "ws://127.0.0.1:1/core", "mqtt://192.0.2.1") as bridge:
        assert bridge.process.wait(10) == 2
    assert bridge.log.count("\n") == 1
    assert "MYCROFT_MQTT_BROKER: mqtt:// is for a broker on this machine" in bridge.log


def test_check_prints_what_is_announced(mark1: Mark1, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "bridges.mqtt", "check", "--bus", mark1.bus_url)
    environment = {**os.environ, "HOME": str(tmp_path), "MYCROFT_MQTT_ID": ID, "MYCROFT_MQTT_NAME": "Kitchen"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    topic, _, rest = done.stdout.partition("\n")
    announcement, end = json.JSONDecoder().raw_decode(rest)
    assert topic == CONFIG
    assert announcement["components"]["mouth"]["state_topic"] == f"mycroft/{ID}/mouth"
    assert rest[end:].startswith("\n0 problems.")
