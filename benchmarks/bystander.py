"""``python -m benchmarks.bystander``: how long a message takes through the bus while other clients attack it.

A bystander sends a message to itself 50 times a second, and subscribes to nothing else, as our daemons do. The
attacks are those of `tests.abuse`; each runs again and again in a process of its own. The bus has one core; the
bystander shares the other with the attackers, which have a lower priority.

The last column is the CPU time of the longest turn of the bus's loop: it tells a slow bus from a busy machine.
"""

import argparse
import contextlib
import fnmatch
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

from benchmarks import turns
from benchmarks.bus import Bus, free_port
from tests.abuse import test_bus, test_limits
from tests.abuse.tools import MB, crowd, dial, frame, join, push
from tests.bus.certificate import make_certificate

LIMIT_MS = 100
"""The longest that any message may take."""

INTERVAL_S = 0.02
ATTACK_S = 5.0
QUIET_S = 2.0
QUICK = 0.3
"""The share of these times with --quick."""

_BEAT = b'{"type":"bystander.beat","data":{"number":%d}}'


def fast_sender_in_a_crowd(port: int) -> None:
    """The crowd reads, too."""
    with crowd(port, count=100) as clients, contextlib.ExitStack() as stack:
        for client in clients:
            stack.enter_context(test_limits.reading(client))
        test_limits.fast_sender(port)


def large_text_to_a_crowd(port: int) -> None:
    """A text of 21 MB to 50 clients that read it."""
    with crowd(port, count=50) as clients, contextlib.ExitStack() as stack:
        for client in clients:
            stack.enter_context(test_limits.reading(client))
        test_limits.repeated(_text(21), 1)(port)


def unfinished_tls_handshakes(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(1500):
            push(stack.enter_context(dial(port)), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")


def silent(port: int) -> None:
    with crowd(port, dial, 1500):
        pass


def reconnecting_with_subscriptions(port: int) -> None:
    """Each connection has 64 patterns, and asks for the status."""
    for number in range(300):
        with join(port) as client:
            test_limits.subscribe(client, *(f"a{number}.{n}*" for n in range(60)))
            push(client, frame(b'{"type":"bus.status"}') * 20)


def _text(megabytes: int) -> bytes:
    return b'{"type":"x","data":{"a":"%s"}}' % (b"x" * megabytes * MB)


def _values(inner: bytes, count: int) -> bytes:
    return b'{"type":"x","data":{"a":[%s1]}}' % (inner * count)


ATTACKS: dict[str, Callable[[int], None]] = {
    **test_bus.ATTACKS,
    **test_limits.ATTACKS,
    "a text of 21 MB": test_limits.repeated(_text(21), 1),
    "a text of 24 MB of line ends": test_limits.repeated(
        b'{"type":"x","data":{"a":"%s"}}' % (rb"\n" * 12 * MB), 4
    ),
    "20 MB of spaces": test_limits.repeated(b'{"type":"x"%s}' % (b" " * 20 * MB), 4),
    "a number of 20 MB": test_limits.repeated(b'{"type":"x","data":{"a":0.%s}}' % (b"1" * 20 * MB), 4),
    "lists, as many as may be": test_limits.repeated(_values(b"[],", 240_000), 4),
    "objects, as many as may be": test_limits.repeated(_values(b'{"a":1},', 160_000), 4),
    "keys of an object, as many as may be": test_limits.repeated(
        b'{"type":"x","data":{%s}}' % b",".join(b'"%d":1' % n for n in range(480_000)), 4
    ),
    "keys of the frame, as many as may be": test_limits.repeated(
        b'{"type":"x",%s}' % b",".join(b'"%d":1' % n for n in range(480_000)), 4
    ),
    "wide letters, as many as may be": test_limits.repeated(
        b'{"type":"x","data":{"a":"%s"}}' % ("é".encode() * 3_900_000), 4
    ),
    **{
        attack.__name__: attack
        for attack in (fast_sender_in_a_crowd, large_text_to_a_crowd, reconnecting_with_subscriptions)
    },
}

TLS_ATTACKS = {"unfinished_tls_handshakes": unfinished_tls_handshakes, "silent clients of the TLS port": silent}
"""To the port for other machines."""


def attack(name: str, port: int, seconds: float) -> None:
    """Runs an attack again and again."""
    os.nice(10)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, AssertionError):  # the bus may well drop an attacker
            (ATTACKS | TLS_ATTACKS)[name](port)


class Bystander:
    """A client that measures."""

    def __init__(self, port: int) -> None:
        self._client = join(port)
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        test_limits.subscribe(self._client, "bystander.beat")
        self._client.recv(65536)
        self._number = 0

    def close(self) -> None:
        """Leaves the bus."""
        self._client.close()

    def measure(self, goes_on: Callable[[float], bool]) -> list[float]:
        """Milliseconds of each round trip."""
        found: list[float] = []
        start = due = perf_counter()
        while goes_on(perf_counter() - start):
            sleep(max(0.0, due - perf_counter()))
            due = perf_counter() + INTERVAL_S
            said = _BEAT % self._number
            self._number += 1
            sent_at = perf_counter()
            self._client.sendall(frame(said))
            received = b""
            while not received.endswith(said):
                more = self._client.recv(65536)
                if not more:
                    raise ConnectionError("the bus closed the bystander")
                received += more
            found.append((perf_counter() - sent_at) * 1000)
        return found


@contextlib.contextmanager
def attacking(name: str, port: int, seconds: float) -> Iterator[Callable[[float], bool]]:
    """Runs an attack in a process; gives what says whether it goes on."""
    command = [sys.executable, "-m", "benchmarks.bystander", "--attack", name, str(port), str(seconds)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as process:
        yield lambda _: process.poll() is None


def main() -> None:
    """Measures, and prints a row for each attack."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bystander", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--quick", action="store_true", help="a short round")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="attacks to run, such as '*21 MB*'")
    parser.add_argument("--attack", nargs=3, metavar=("NAME", "PORT", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if options.attack:
        name, port, seconds = options.attack
        attack(name, int(port), float(seconds))
        return
    effort = QUICK if options.quick else 1.0
    cores = sorted(os.sched_getaffinity(0))
    print(_HEAD)
    for name in [name for name in ATTACKS | TLS_ATTACKS if fnmatch.fnmatch(name, options.only)]:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            longest_turn = turns.create(home / "turn")
            port, settings = _remote(home) if name in TLS_ATTACKS else (None, {})
            os.sched_setaffinity(0, cores[:1])  # which the bus inherits
            with Bus([sys.executable, "-m", "benchmarks.turns", home / "turn"], home, settings) as bus:
                os.sched_setaffinity(0, cores[-1:])
                with contextlib.closing(Bystander(bus.port)) as bystander:
                    quiet = bystander.measure(lambda passed_s: passed_s < QUIET_S * effort)
                    longest_turn.value = 0
                    with attacking(name, port or bus.port, ATTACK_S * effort) as goes_on:
                        found = bystander.measure(goes_on)
                print(_line(name, quiet, found, longest_turn.value * 1000, bus.peak_memory), flush=True)


_HEAD = (
    f"{'ms':37} {'quiet: p50':>10} {'p99':>6} {'max':>6}  {'attack: p50':>11} {'p99':>6} {'max':>6}  {'turn':>6}"
)


def _remote(home: Path) -> tuple[int, Mapping[str, Mapping[str, Any]]]:
    """A port for other machines, and the settings of a bus that has it."""
    certificate, key = make_certificate(home, "IP:127.0.0.1")
    port = free_port()
    return port, {
        "websocket": {"ssl_cert": str(certificate), "ssl_key": str(key)},
        "bus": {"remote_host": "127.0.0.1", "remote_port": port},
    }


def _line(name: str, quiet: list[float], found: list[float], turn: float, peak: float) -> str:
    numbers = [
        number for times in (quiet, found) for number in (median(times), quantiles(times, n=100)[-1], max(times))
    ]
    q50, q99, q100, a50, a99, a100, last = (f"{number:.1f}" for number in (*numbers, turn))
    over = f"{a100}/{LIMIT_MS}" if max(found) > LIMIT_MS else ""
    return (
        f"{name:37} {q50:>10} {q99:>6} {q100:>6}  {a50:>11} {a99:>6} {a100:>6}  {last:>6}  {peak:.0f} MiB {over}"
    ).rstrip()


if __name__ == "__main__":
    main()
