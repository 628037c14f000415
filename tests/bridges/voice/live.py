"""The bridge as a process, real satellites as processes, and what they talk to."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from bridges.voice.wyoming import Parser, WyomingEvent, encode
from tests.bridges.mqtt.mosquitto import until

TIMEOUT_S = 10.0

MICROPHONE = """
import sys, time
while True:
    sys.stdout.buffer.write(bytes(2048))
    sys.stdout.buffer.flush()
    time.sleep(0.064)
"""
"""A quiet room, in the time that its sound takes."""

LOUDSPEAKER = "import sys; sys.stdin.buffer.read()"


class Process:
    """A program whose output is kept. Use as a context manager."""

    def __init__(self, name: str, command: Sequence[str | Path], folder: Path, **environment: str) -> None:
        self._command = [str(word) for word in command]
        self._environment = {**os.environ, "HOME": str(folder), **environment}
        self._log = folder / f"{name}.log"

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, 15)  # and what it has started
        self.process.communicate(timeout=TIMEOUT_S)
        print(self.log)

    def write(self, line: str) -> None:
        """Writes a line to its input."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text()


def bridge(folder: Path, bus_url: str, **settings: str) -> Process:
    """The bridge, as its unit runs it."""
    variables = {f"MYCROFT_VOICE_{key.upper()}": value for key, value in settings.items()}
    return Process("bridge", (sys.executable, "-m", "bridges.voice", "run", "--bus", bus_url), folder, **variables)


class Peer:
    """One end of a connection of Wyoming, in the place of Home Assistant or of a wake word service."""

    def __init__(self, connection: socket.socket) -> None:
        self.received: list[WyomingEvent] = []
        self._connection = connection
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def to(cls, port: int) -> Self:
        """Connects, as soon as that is possible."""
        found: list[socket.socket] = []

        def connects() -> bool:
            try:
                found.append(socket.create_connection(("127.0.0.1", port)))
            except ConnectionRefusedError:
                return False
            return True

        until(connects, f"a program at port {port}")
        return cls(found[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def send(self, type_: str, payload: bytes = b"", **data: Any) -> None:
        """Sends an event."""
        self._connection.sendall(encode(WyomingEvent(type_, data, payload)))

    def count(self, type_: str) -> int:
        """How many events of this type have come."""
        return sum(event.type == type_ for event in self.received)

    def saw(self, type_: str, count: int = 1) -> None:
        """Waits for so many events of this type."""
        until(lambda: self.count(type_) >= count, f"{type_}; there is {[event.type for event in self.received]}")

    def _read(self) -> None:
        parser = Parser()
        try:
            while data := self._connection.recv(65536):
                self.received += parser.feed(data)
        except OSError:
            pass  # closed by the test


class WakeService:
    """Takes the connection of the wake proxy. Use as a context manager."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def accept(self) -> Peer:
        """The next connection."""
        self._listener.settimeout(TIMEOUT_S)
        return Peer(self._listener.accept()[0])
