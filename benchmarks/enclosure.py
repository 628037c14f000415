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
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

from benchmarks.load import TIMEOUT_S, connect, stream
from hw_sim.process import Program
from hw_sim.sound import Sound

SAMPLES = 500
RATE = 500
"""Messages per second that the bus carries besides, 200 bytes each."""

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
    assert b"bus.subscribe.response" in client.recv(65536)
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
    print(f"{'':31} {'bus':>7} {'p50':>7} {'p99':>7} {'max':>7}")
    for name, of in (("button line to bus message", button), ("bus message to line, first byte", message)):
        for rate in (0, RATE):
            with traffic(port, rate):
                times_ms = [1000 * seconds for seconds in of(faceplate, port, samples)]
            p50, p99 = median(times_ms), quantiles(times_ms, n=100)[-1]
            print(f"{name:31} {rate:>5}/s {p50:7.2f} {p99:7.2f} {max(times_ms):7.2f} ms", flush=True)


async def bench(samples: int) -> None:
    """Starts everything, and measures."""
    faceplate = Faceplate()
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        sound = Sound(Path(folder))
        await stack.enter_async_context(Program("sound", sound.command, print, sound.environment))
        await sound.ready()
        python = (sys.executable, "-m")
        serve = (*python, "bus", "serve", "--host", "127.0.0.1", "--port", "0")
        bus = await stack.enter_async_context(Program("bus", serve, lambda _: None))
        url = (await bus.line("bus=")).removeprefix("bus=")
        environment = {**sound.client_environment, "HOME": folder, "STATE_DIRECTORY": folder}
        run = (*python, "enclosure", "run", "--bus", url, "--serial", faceplate.port)
        enclosure = await stack.enter_async_context(Program("enclosure", run, lambda _: None, environment))
        measuring = asyncio.create_task(
            asyncio.to_thread(measure, faceplate, int(url.split(":")[2].split("/")[0]), samples)
        )
        ended, _ = await asyncio.wait(
            {measuring, asyncio.create_task(enclosure.watch())}, return_when=asyncio.FIRST_COMPLETED
        )
        for task in ended:
            task.result()


def main() -> None:
    """Measures, and prints the table."""
    parser = argparse.ArgumentParser(prog="make bench-enclosure", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="N", help=f"of each number ({SAMPLES})")
    asyncio.run(bench(parser.parse_args().samples))


if __name__ == "__main__":
    main()
