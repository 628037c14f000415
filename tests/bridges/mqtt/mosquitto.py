"""A real mosquitto on loopback, a client in the place of Home Assistant, and the bridge as a process."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

TIMEOUT_S = 20.0
POLL_S = 0.02

ID = "kitchen1"

PASSWORD = "s3cret-at-home"  # noqa: S105
EXAMPLES = Path(__file__).parents[3] / "docs/examples"


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits until the condition holds; fails the test where it does not."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"never came: {what}")
        time.sleep(POLL_S)


class Mosquitto:
    """The broker. Use as a context manager; `stop` and `start` keep the port and all retained publications."""

    def __init__(
        self, folder: Path, rights: str = "allow_anonymous true\n", certificate: tuple[Path, Path] | None = None
    ) -> None:
        self.port, self.tls_port = free_port(), free_port()
        listeners = f"listener {self.port} 127.0.0.1\n"
        if certificate:
            listeners += (
                f"listener {self.tls_port} 127.0.0.1\ncertfile {certificate[0]}\nkeyfile {certificate[1]}\n"
            )
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"per_listener_settings false\nset_tcp_nodelay true\nmax_queued_messages 10000\nuser {_user()}\n"
            f"persistence true\npersistence_location {folder}/\n{rights}{listeners}"
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "there is no mosquitto; make test installs it"
        self._process = subprocess.Popen(
            (program, "-c", self._configuration), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._listens, "mosquitto")

    def stop(self) -> None:
        """Stops it; it saves what is retained."""
        self._process.terminate()
        self._process.wait(TIMEOUT_S)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def example_configuration(folder: Path, *users: str) -> str:
    """The example of a configuration without its listeners, with these users, all with PASSWORD."""
    passwords, acl = folder / "passwords", folder / "acl"
    for path, text in ((passwords, ""), (acl, (EXAMPLES / "mosquitto.acl").read_text())):
        path.write_text(text)
        path.chmod(0o600)
    for user in users:
        subprocess.run(("mosquitto_passwd", "-b", passwords, user, PASSWORD), check=True, capture_output=True)
    text = (EXAMPLES / "mosquitto.conf").read_text()
    text = text.replace("/etc/mosquitto/passwd", str(passwords)).replace("/etc/mosquitto/acl", str(acl))
    return re.sub("^(listener|certfile|keyfile) .*", "", text, flags=re.MULTILINE)


def secret_file(folder: Path, text: str = PASSWORD) -> str:
    """A file with a password, for mqtt.password_file."""
    path = folder / "secret"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _user() -> str:
    """User of mosquitto, which drops the rights of root and then could not write to its folder."""
    return "root" if os.getuid() == 0 else "nobody"


class Home:
    """A client in the place of Home Assistant: it sees all topics. Use as a context manager."""

    def __init__(self, port: int, username: str | None = None, password: str | None = None) -> None:
        self._port = port
        self.received: list[tuple[str, str, bool]] = []
        self.retained: dict[str, str] = {}
        """The last payload of each topic."""
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = self._on_message
        if username:
            self._client.username_pw_set(username, password)
        self._client.reconnect_delay_set(1, 1)

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publishes, and waits for the broker's receipt."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(TIMEOUT_S)

    def command(self, key: str, payload: str, *, retain: bool = False) -> None:
        """Sends a command to a component of the device."""
        self.send(f"mycroft/{ID}/{key}/set", payload, retain=retain)

    def state(self, key: str) -> str | None:
        """The last state of a component."""
        return self.retained.get(f"mycroft/{ID}/{key}")

    def sees(self, key: str, state: str) -> None:
        """Waits for a state of a component."""
        until(lambda: self.state(key) == state, f"{key} {state}; there is {self.state(key)}")

    def count(self, topic: str) -> int:
        """Number of publications on a topic."""
        return sum(name == topic for name, *_ in self.received)

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        payload = message.payload.decode(errors="replace")  # of a picture
        self.received.append((message.topic, payload, message.retain))
        self.retained[message.topic] = payload


class BridgeProcess:
    """The bridge, as its unit runs it. Use as a context manager."""

    def __init__(self, folder: Path, bus_url: str, broker_url: str, **settings: str) -> None:
        self._command = (sys.executable, "-m", "bridges.mqtt", "run", "--bus", bus_url)
        given: Mapping[str, str] = {"broker": broker_url, "id": ID, "name": "Kitchen", **settings}
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            **{f"MYCROFT_MQTT_{key.upper()}": value for key, value in given.items()},
        }
        self._log = folder / "bridge.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(TIMEOUT_S)
        print(self.log)

    def start(self) -> None:
        """Starts it, again after a `kill`."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)

    def set(self, key: str, value: str) -> None:
        """Changes a setting, for the next start."""
        self._environment[f"MYCROFT_MQTT_{key.upper()}"] = value

    def kill(self) -> None:
        """Kills it, so that only the broker can report that it is offline."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(TIMEOUT_S)

    @property
    def log(self) -> str:
        """The log since the first start."""
        return self._log.read_text()
