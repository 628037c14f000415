"""A real hivemind-core on loopback with a bus of its own, and the bridge as a process."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Self

from bus.client.client import BusClient
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from hw_sim.testing.thread import LoopThread
from tests.bridges.mqtt.mosquitto import free_port, until
from tests.compat.environment import HIVEMIND_5, python_with

TIMEOUT_S = 20.0

KEY, PASSWORD = "0123456789abcdef0123456789abcdef", "correct horse battery staple"


class RecordedBus:
    """A bus, and a program on it that sends and sees everything. Use as a context manager."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._thread = LoopThread(self._running)
        self._server: Server
        self._client: BusClient

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: bool(self.messages), "the connection to the bus")
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return self._server.url

    def send(
        self, msg_type: str, data: Mapping[str, Any] | None = None, context: Mapping[str, Any] | None = None
    ) -> None:
        """Sends a message."""
        self._thread.run(self._client.emit(Message(msg_type, dict(data or {}), dict(context or {}))))

    def wait_for(self, msg_type: str, which: Callable[[Message], bool] = lambda _: True) -> Message:
        """The first message of this type, for which `which` is true, since `forget`."""

        def found() -> list[Message]:
            return [message for message in [*self.messages] if message.msg_type == msg_type and which(message)]

        until(lambda: bool(found()), f"{msg_type} among {[message.msg_type for message in self.messages]}")
        return found()[0]

    def types(self) -> list[str]:
        """The types of all messages since `forget`."""
        return [message.msg_type for message in [*self.messages]]

    def forget(self) -> None:
        """Forgets all messages so far."""
        self.messages.clear()

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with Server(WebSocketSettings(port=0), BusSettings()) as self._server:
            self._client = BusClient(self._server.url)
            running = asyncio.create_task(self._client.run(self._receive))
            yield
            running.cancel()

    async def _receive(self, message: Message) -> None:
        self.messages.append(message)


class Hub:
    """hivemind-core, with a folder of its own. Use as a context manager; `stop` and `start` keep port and keys."""

    def __init__(
        self,
        folder: Path,
        bus: RecordedBus,
        *,
        site: str = "home",
        upstream: "Hub | None" = None,
        certificate: tuple[Path, Path] | None = None,
        user: str | None = None,
    ) -> None:
        """`certificate` has it speak TLS; as `user`, it runs with the mask 0077, as docs/hivemind.md says."""
        self._programs = python_with(*HIVEMIND_5).parent
        self.port = free_port()
        self._log = folder / "hub.log"
        self._environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
        self._folder, self._bus, self._site, self._upstream = folder, bus, site, upstream
        self._certificate = certificate
        self._runs_as: dict[str, Any] = {"user": user, "umask": 0o077} if user else {}
        self.configure()

    def configure(self) -> None:
        """Writes the configuration."""
        agent, network = "hivemind-ovos-agent-plugin", "hivemind-websocket-plugin"
        bus_port = int(self._bus.url.split(":")[2].split("/")[0])
        configuration: dict[str, Any] = {
            "agent_protocol": {"module": agent, agent: {"host": "127.0.0.1", "port": bus_port}},
            "network_protocol": {network: {"host": "127.0.0.1", "port": self.port, **self._tls()}},
            "presence": {"enabled": False},
        }
        if self._upstream is not None:
            login = {"key": KEY, "password": PASSWORD}
            configuration["upstream"] = {
                "enabled": True,
                "host": "127.0.0.1",
                "port": self._upstream.port,
                **login,
            }
        files = {"hivemind-core/server": configuration, "hivemind/_identity": {"site_id": self._site}}
        for name, content in files.items():
            file = self._folder / ".config" / f"{name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content))

    def _tls(self) -> dict[str, Any]:
        if self._certificate is None:
            return {}
        for file, kind in zip(self._certificate, ("crt", "key"), strict=True):
            shutil.copy(file, self._folder / f"hub.{kind}")
        return {"ssl": True, "cert_dir": str(self._folder), "cert_name": "hub"}

    @property
    def log(self) -> str:
        """All that it has logged."""
        return self._log.read_text()

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a shell with its commands."""
        return self._environment | {"PATH": f"{self._programs}:{self._environment['PATH']}"}

    @property
    def url(self) -> str:
        """Where satellites connect to."""
        return f"{'wss' if self._certificate else 'ws'}://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> str:
        """Runs a command of hivemind-core; returns what it prints."""
        done = subprocess.run(
            (self._programs / "hivemind-core", *arguments),
            env=self._environment,
            **self._runs_as,
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT_S,
        )
        return str(done.stdout)

    def add_client(self, name: str, *allowed: str, key: str = KEY, password: str = PASSWORD) -> None:
        """Makes the credentials of a satellite, which may send these types."""
        rows = [part for msg_type in allowed for part in ("--allow", msg_type)]
        self.command("add-client", "--name", name, "--access-key", key, "--password", password, *rows)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        print(self.log)

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                (self._programs / "hivemind-core", "listen"),
                env=self._environment,
                stdout=log,
                stderr=log,
                **self._runs_as,
            )
        until(self._listens, "the port of hivemind-core")

    def stop(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait(TIMEOUT_S)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class BridgeProcess:
    """The bridge, as its unit runs it. Use as a context manager, after `pair`."""

    def __init__(self, folder: Path, bus_url: str, hub_url: str, state: str = "state", **settings: object) -> None:
        self._bus_url = bus_url
        self.state = folder / state
        self.state.mkdir()
        self._log = folder / "bridge.log"
        self._environment = {**os.environ, "HOME": str(folder)}
        for key, value in {"hub": hub_url, **settings}.items():
            text = value if isinstance(value, str) else json.dumps(value)
            self._environment[f"MYCROFT_HIVE_{key.upper()}"] = text

    def pair(self, key: str = KEY, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
        """Runs `mycroft-hive pair`."""
        return subprocess.run(
            (sys.executable, "-m", "bridges.hive", "pair", "--state", self.state),
            env=self._environment,
            input=f"{key}\n{password}\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )

    def __enter__(self) -> Self:
        command = (sys.executable, "-m", "bridges.hive", "run", "--bus", self._bus_url, "--state", self.state)
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(TIMEOUT_S)
        print(self.log)

    @property
    def log(self) -> str:
        """All that it has logged."""
        return self._log.read_text()
