"""``make bench-enclosure``: how soon the bus hears of the button, and the faceplate of a message.

Bus and enclosure are processes of their own, with a real mixer. The faceplate is a pseudo terminal that echoes
each line at once, so there is no wire time in the numbers: they go from the line of a press to its message at a
client, and from a message that a client sends to the first byte of its line.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import platform
import random
import select
import socket
import sys
import tempfile
import threading
import tty
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

from benchmarks.load import TIMEOUT_S, connect, stream
from enclosure.app import enclosure
from enclosure.config import VolumeSettings, load_profile
from hw_sim.boards.board import Board
from hw_sim.process import Program
from hw_sim.sound import Sound
from tests.vm.__main__ import INSTALLED, MissingError, machine_of, prepared
from tests.vm.machine import CHECKOUT
from tests.vm.suites import BOARDS

SAMPLES = 500
RATE = 500
"""Messages per second that the bus carries besides, 200 bytes each."""

MACHINE_SAMPLES = 200
"""An emulated processor takes some 10 s for them."""

LINE = 17

EDGE: dict[str, Any] = {
    "platform": "generic",
    "board": {"buttons": {"bench": {"gpio": LINE, "debounce_ms": 0, "press": "listen"}}},
}
"""A button whose press is reported when it goes down, without the time of a debounce."""

PYTHON = (sys.executable, "-m")

QUIET_S = 0.5
"""After so long without a line the face is settled."""

VERSION = b"Mycroft Mark 1 v1.4.2\r\n"


class Faceplate:
    """The board's end of the serial line; echoes at once what it reads."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)

    def answer_until_quiet(self) -> None:
        """Reads and echoes until the host has nothing more to say."""
        while select.select([self._master], [], [], QUIET_S)[0]:
            self.read()

    def read(self) -> float:
        """Waits for a line, and echoes it; when it began."""
        if not select.select([self._master], [], [], TIMEOUT_S)[0]:
            raise TimeoutError("the faceplate gets no line")
        began = perf_counter()
        data = b""
        while not data.endswith(b"\n"):
            data += os.read(self._master, 4096)
        for line in filter(None, data.splitlines()):
            self.write(b"Command: " + line + b"\r\n" + VERSION * (line == b"system.version"))
        return began

    def write(self, data: bytes) -> None:
        """Sends bytes to the host."""
        os.write(self._master, data)


def frame(msg_type: str, data: dict[str, Any]) -> bytes:
    """A message as a client sends it, with a mask that changes nothing."""
    payload = json.dumps({"type": msg_type, "data": data, "context": {}}).encode().ljust(126)
    return bytes((0x81, 0x80 | 126)) + len(payload).to_bytes(2) + bytes(4) + payload


def hearing(pattern: str, port: int) -> socket.socket:
    """A client that gets nothing else."""
    client = connect(port)
    client.sendall(frame("bus.subscribe", {"patterns": [pattern]}))
    heard = b""
    while b"bus.subscribe.response" not in heard:  # what others said before comes first
        heard += client.recv(65536)
    return client


@contextlib.contextmanager
def traffic(port: int, rate: int) -> Iterator[None]:
    """Has the bus carry so many messages per second meanwhile."""
    over = threading.Event()
    messages = stream(200)

    def send() -> None:
        client = connect(port)
        start = perf_counter()
        for number in itertools.count():
            if over.is_set():
                return
            offset = number * messages.sent_size % (len(messages.sent) // 2)
            client.sendall(messages.sent[offset : offset + messages.sent_size])
            client.recv(65536)  # its own
            sleep(max(0.0, start + number / rate - perf_counter()))

    thread = threading.Thread(target=send)
    if rate:
        thread.start()
    yield
    over.set()
    if rate:
        thread.join()


def button(faceplate: Faceplate, port: int, samples: int) -> list[float]:
    """Seconds from the line of a press to its message at a client."""
    client = hearing("mycroft.mic.listen", port)

    def press() -> float:
        faceplate.write(b"mycroft.stop\r\n")
        assert b"mycroft.mic.listen" in client.recv(65536)
        return perf_counter()

    return timed(press, samples)


def message(faceplate: Faceplate, port: int, samples: int) -> list[float]:
    """Seconds from a message that a client sends to the first byte of its line."""
    client = hearing("nothing", port)
    numbers = itertools.count()

    def send() -> float:
        client.sendall(frame("enclosure.eyes.setpixel", {"idx": next(numbers) % 24}))
        return faceplate.read()

    return timed(send, samples)


def timed(act: Callable[[], float], samples: int) -> list[float]:
    """How long it takes until what `act` waits for has happened, again and again, with pauses between."""
    found = []
    for _ in range(samples):
        sleep(random.uniform(0.002, 0.012))  # noqa: S311  # not in step with the traffic
        start = perf_counter()
        found.append(act() - start)
    return found


def measure(faceplate: Faceplate, port: int, samples: int) -> None:
    """Prints the table, row by row."""
    faceplate.answer_until_quiet()
    print(f"Python {platform.python_version()}, {samples} each, load before {os.getloadavg()[0]:.1f}")
    print(f"{'':38} {'bus':>7} {'p50':>7} {'p99':>7} {'max':>7}")
    for name, of in (("button line to bus message", button), ("bus message to line, first byte", message)):
        for rate in (0, RATE):
            with traffic(port, rate):
                row(name, rate, of(faceplate, port, samples))


def row(name: str, rate: int, times_s: list[float]) -> None:
    """Prints a row of the table: median, 99th percentile and maximum."""
    p50, p99 = median(times_s), quantiles(times_s, n=100)[-1]
    print(f"{name:38} {rate:>5}/s {1000 * p50:7.2f} {1000 * p99:7.2f} {1000 * max(times_s):7.2f} ms", flush=True)


async def bench(samples: int) -> None:
    """Starts bus and sound, and measures a Mark 1 and a button on a line."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sound = Sound(folder)
        await stack.enter_async_context(Program("sound", sound.command, print, sound.environment))
        await sound.ready()
        serve = (*PYTHON, "bus", "serve", "--host", "127.0.0.1", "--port", "0")
        bus = await stack.enter_async_context(Program("bus", serve, lambda _: None))
        url = (await bus.line("bus=")).removeprefix("bus=")
        port = int(url.split(":")[2].split("/")[0])
        environment = {**sound.client_environment, "HOME": str(folder), "STATE_DIRECTORY": str(folder)}
        await bench_faceplate(url, port, environment, samples)
        os.environ.update(sound.client_environment)
        await bench_fake(url, port, folder, samples)


async def bench_faceplate(url: str, port: int, environment: Mapping[str, str], samples: int) -> None:
    """Measures the enclosure of a Mark 1."""
    faceplate = Faceplate()
    run = (*PYTHON, "enclosure", "run", "--bus", url, "--serial", faceplate.port)
    async with Program("enclosure", run, lambda _: None, environment) as program:
        await first(asyncio.to_thread(measure, faceplate, port, samples), program.watch())


async def bench_fake(url: str, port: int, folder: Path, samples: int) -> None:
    """Measures the enclosure of a board with a button, in this process."""
    profile = load_profile(EDGE["platform"], EDGE["board"])
    loop = asyncio.get_running_loop()
    board = Board(profile, folder, loop.time)
    states, presses = (hearing(topic, port) for topic in ("enclosure.board.state", "mycroft.mic.listen"))

    def press() -> float:
        loop.call_soon_threadsafe(board.gpio.press, LINE)
        assert b"mycroft.mic.listen" in presses.recv(65536)
        at = perf_counter()
        loop.call_soon_threadsafe(board.gpio.release, LINE)
        return at

    def measure_fake() -> None:
        while b"connected" not in states.recv(65536):
            pass
        for rate in (0, RATE):
            with traffic(port, rate):
                row("edge to bus message, fake of libgpiod", rate, timed(press, samples))

    with board.plugged_in():
        saved = folder / "state.json"
        run = enclosure(url, profile, None, 0, "default", volume_settings=VolumeSettings(), state_path=saved)
        await first(asyncio.to_thread(measure_fake), run)


async def first(*parts: Coroutine[Any, Any, None]) -> None:
    """Returns when one of them ends, or raises its error; cancels the others."""
    tasks = [asyncio.create_task(part) for part in parts]
    ended, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.wait(tasks)
    for task in ended:
        task.result()


def bench_machine(samples: int) -> None:
    """Prints what is measured on a virtual machine, or why there is none."""
    try:
        kernel, disk = prepared()
    except MissingError as error:
        print(f"virtual machine skipped: it needs {error}")
        return
    pss_mb: dict[str, float] = {}
    others: list[str] = []

    def on_line(line: str) -> None:
        if not line.startswith("{"):
            others.append(line)
            return
        match json.loads(line):
            case {"edge_s": edges}:
                row("edge to bus message, virtual machine", 0, edges)
                print(f"{'board':38} {'PSS':>7}")
            case {"profile": name, "pss_mb": size}:
                pss_mb[name] = size
                more = size - next(iter(pss_mb.values()))
                print(f"{name:38} {size:7.1f} MB {more:+.1f}", flush=True)

    with machine_of(BOARDS, kernel, disk) as machine:
        path = f"PYTHONPATH={INSTALLED}:{CHECKOUT}"
        code = machine.watch(
            "env", path, "python3", "-P", "-m", "benchmarks.board", json.dumps(EDGE), str(samples), on_line=on_line
        )
    if code:
        raise RuntimeError("".join(others))


def main() -> None:
    """Measures, and prints the table."""
    parser = argparse.ArgumentParser(prog="make bench-enclosure", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="N", help=f"of each number ({SAMPLES})")
    samples = parser.parse_args().samples
    asyncio.run(bench(samples))
    bench_machine(min(samples, MACHINE_SAMPLES))


if __name__ == "__main__":
    main()
