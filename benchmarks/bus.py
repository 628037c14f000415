"""``make bench``: our bus and ovos-messagebus from PyPI, side by side.

Each measurement has a bus of its own, just started, on one core, and all clients on another; rounds alternate
between the two buses, and the table has the medians. "To 8" is 8 clients, the one that sends among them; a
delivery is one message at one client.
"""

import argparse
import contextlib
import fnmatch
import json
import math
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import fmean, median, quantiles
from time import perf_counter, process_time, sleep
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from benchmarks.load import TIMEOUT_S, Clients, connect, stream, used_s
from tests.compat.environment import OVOS, python_with

PEER = "ovos-messagebus"
PEER_REQUIREMENT = "ovos-messagebus==0.0.10"

ROUNDS = 5
QUICK = 0.1
"""The share of its usual time that a measurement gets with --quick."""

BUSY = 0.9
"""The share of a core from which on it is what limits."""

FOOTER = """\
CPU: shares of their cores that bus/clients used, with ours and with theirs. "clients!": there those were the
limit, and a bus may be faster. "at most": what a relay that only copies bytes reaches, and so what any bus can.
Differences under 15 % mean nothing; while the machine has other work, nothing means anything."""


class Usage(NamedTuple):
    """Shares of a core."""

    bus: float = 0
    clients: float = 0


class Bus:
    """A running bus, and what it costs. Use as a context manager; leaving it stops the bus."""

    def __init__(
        self,
        command: Sequence[str | Path],
        home: Path,
        settings: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        """Starts it on a free port, with more settings, and waits for the first handshake."""
        self.port = free_port()
        self.usage = Usage()
        configuration = home / ".config" / "mycroft" / "mycroft.conf"
        configuration.parent.mkdir(parents=True, exist_ok=True)
        websocket = {"host": "127.0.0.1", "port": self.port, "route": "/core", "ssl": False}
        websocket |= settings.get("websocket", {})
        configuration.write_text(json.dumps({**settings, "websocket": websocket}))
        start = perf_counter()
        self._process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._proc = Path(f"/proc/{self._process.pid}")
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                connect(self.port).close()
                break
            if self._process.poll() is not None or perf_counter() - start > TIMEOUT_S:
                self.stop()
                raise ConnectionError(f"{command} does not start")
            sleep(0.0005)
        self.start_s = perf_counter() - start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops it at once."""
        self._process.kill()
        self._process.wait()

    @property
    def cpu_s(self) -> float:
        """CPU time of all its threads."""
        return used_s(self._process.pid)

    @property
    def memory(self) -> float:
        """Resident memory in MiB."""
        return self._kib("smaps_rollup", "Rss:") / 1024

    @property
    def private_memory(self) -> float:
        """Memory in MiB that no other process shares: what would be free without this one."""
        return self._kib("smaps_rollup", "Private_") / 1024

    @property
    def peak_memory(self) -> float:
        """The most that was resident since `reset_peak`, in MiB."""
        return self._kib("status", "VmHWM:") / 1024

    def reset_peak(self) -> None:
        """Lets the peak start from here, as proc(5) says."""
        (self._proc / "clear_refs").write_text("5")

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Notes in `usage` what the bus and the clients use meanwhile."""
        wall, bus, clients = perf_counter(), self.cpu_s, process_time()
        yield
        seconds = perf_counter() - wall
        self.usage = Usage((self.cpu_s - bus) / seconds, (process_time() - clients) / seconds)

    def _kib(self, file: str, name: str) -> int:
        lines = (self._proc / file).read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(name))


@dataclass(frozen=True)
class Metric:
    """One row of the table. A ratio says how many times better ours is, or which share of theirs."""

    name: str
    unit: str
    target: float | None = None
    more_is_better: bool = False
    share: bool = False

    def ratio(self, ours: float, theirs: float) -> float:
        """Above 1 is better; of a share, below. No CPU time at all counts as very little."""
        return ours / theirs if self.more_is_better or self.share else (theirs or 0.001) / (ours or 0.001)

    def met(self, ratio: float) -> bool:
        """Whether it is as good as it should be."""
        return self.target is None or (ratio <= self.target if self.share else ratio >= self.target)


@dataclass(frozen=True)
class Row:
    """A metric, and what came out for it, by round."""

    metric: Metric
    ours: Sequence[float]
    theirs: Sequence[float]
    floor: Sequence[float]
    our_usage: Usage
    their_usage: Usage

    @property
    def ratio(self) -> float:
        """Ratio of the medians."""
        return self.metric.ratio(median(self.ours), median(self.theirs))

    @property
    def most(self) -> float | None:
        """The ratio that `benchmarks.floor` has, where it was measured."""
        return self.metric.ratio(median(self.floor), median(self.theirs)) if self.floor else None


@dataclass(frozen=True)
class Scenario:
    """What to do to a bus, for that share of the usual time, and the metrics that this gives a value each."""

    measure: Callable[[Bus, float], Sequence[float]]
    metrics: Sequence[Metric]
    with_floor: bool = False
    """One message at a time: most of it is the kernel's work, and how much shows the floor."""


def fan_out(size: int, clients: int, in_flight: int, bus: Bus, effort: float) -> Sequence[float]:
    """Thousands of deliveries per second, at most `in_flight` messages on their way."""
    with Clients(bus.port, clients) as load:
        load.flood(stream(size), in_flight, 0.1)  # warm
        with bus.watched():
            run = load.flood(stream(size), in_flight, effort)
    return (run.messages * clients / run.seconds / 1000,)


def alternating(bus: Bus, effort: float) -> Sequence[float]:
    """As `fan_out` to 32, with subscribers and plain clients in turn."""
    with Clients(bus.port, 32, subscribe=True) as load:
        load.flood(stream(200), 64, 0.1)  # warm
        with bus.watched():
            run = load.flood(stream(200), 64, effort)
    return (run.messages * 32 / run.seconds / 1000,)


def fan_out_cpu(bus: Bus, effort: float) -> Sequence[float]:
    """CPU seconds per million deliveries while it is saturated."""
    with Clients(bus.port, 32) as load:
        start_s = bus.cpu_s
        with bus.watched():
            run = load.flood(stream(200), 64, effort)
    return ((bus.cpu_s - start_s) / (run.messages * 32) * 1e6,)


def round_trip(bus: Bus, effort: float) -> Sequence[float]:
    """Microseconds until the sender has its own message back, p50 and p99."""
    with Clients(bus.port, 9) as load:
        load.trickle(stream(200), 0.1)  # warm
        with bus.watched():
            latencies = load.trickle(stream(200), 2 * effort)[0]
    return median(latencies) * 1e6, quantiles(latencies, n=100)[-1] * 1e6


def paced(bus: Bus, effort: float) -> Sequence[float]:
    """Microseconds until a delivery, p50 and p99, and of CPU per delivery."""
    with Clients(bus.port, 16) as load:
        load.trickle(stream(200), 0.1, 1 / 500)  # warm
        start_s = bus.cpu_s
        with bus.watched():
            latencies = [*chain(*load.trickle(stream(200), 3 * effort, 1 / 500))]
        cpu_s = bus.cpu_s - start_s
    return median(latencies) * 1e6, quantiles(latencies, n=100)[-1] * 1e6, cpu_s / len(latencies) * 1e6


def ovos_clients(bus: Bus, effort: float) -> Sequence[float]:
    """Microseconds from a request to its response, p50, between two processes with the real library."""
    command = (python_with(OVOS[1]), Path(__file__).parent / "ovos_pair.py")
    with subprocess.Popen((*command, "answer", str(bus.port)), stdout=subprocess.PIPE, text=True) as answers:
        assert answers.stdout is not None
        try:
            next(line for line in answers.stdout if line == "ready\n")
            asks = (*command, "ask", str(bus.port), str(round(50 * effort)))
            said = subprocess.run(asks, stdout=subprocess.PIPE, check=True).stdout
        finally:
            answers.kill()
    return (median(json.loads(said.splitlines()[-1])) * 1e6,)


def start(bus: Bus, _: float) -> Sequence[float]:
    """Milliseconds from exec to the first handshake, and MiB then."""
    return bus.start_s * 1000, bus.memory, bus.private_memory


def memory(bus: Bus, effort: float) -> Sequence[float]:
    """MiB with 100 clients, before and after they all got messages."""
    with Clients(bus.port, 100) as load:
        before = bus.memory
        load.flood(stream(200), 64, effort)
        return before, bus.memory


def idle(bus: Bus, effort: float) -> Sequence[float]:
    """Milliseconds of CPU per second while no client sends."""
    with Clients(bus.port, 8):
        start_s = bus.cpu_s
        sleep(5 * effort)
        return ((bus.cpu_s - start_s) / (5 * effort) * 1000,)


def never_reads(bus: Bus, _: float) -> Sequence[float]:
    """MiB of peak memory, above that at the start, while 200 MB in all sizes go past a client that never reads."""
    before = bus.memory
    bus.reset_peak()
    with Clients(bus.port, 3, non_readers=1) as load, bus.watched():
        for size in (4 * 1024, 16 * 1024, 48 * 1024, 100 * 1024):
            load.flood(stream(size), 16, math.inf, round(50e6 / size))
    return (bus.peak_memory - before,)


def _fan_out(name: str, size: int, in_flight: int, targets: Mapping[int, float]) -> Iterator[Scenario]:
    for clients, target in targets.items():
        metric = Metric(f"{name}, to {clients}", "k/s", target, more_is_better=True)
        yield Scenario(partial(fan_out, size, clients, in_flight), [metric], with_floor=in_flight == 1)


SCENARIOS = (
    *_fan_out("fan-out, 200 B", 200, 64, {1: 8, 8: 25, 32: 69, 100: 150}),
    *_fan_out("fan-out, 4 KiB", 4096, 16, {1: 3, 8: 8, 32: 12, 100: 15}),
    *_fan_out("fan-out, 200 KB", 200_000, 2, {8: 1}),
    *_fan_out("one message in flight", 200, 1, {8: 2.4, 32: 3}),
    Scenario(
        alternating, [Metric("fan-out, 200 B, to 32, every second a subscriber", "k/s", 40, more_is_better=True)]
    ),
    Scenario(fan_out_cpu, [Metric("CPU of a million deliveries, fan-out to 32", "s")]),
    Scenario(
        round_trip,
        [Metric("round trip, 8 idle clients: p50", "us", 1.3), Metric("  the same: p99", "us", 4)],
        with_floor=True,
    ),
    Scenario(ovos_clients, [Metric("request and response of ovos-bus-clients: p50", "us", 30)]),
    Scenario(
        paced,
        [
            Metric("500 messages/s to 16: latency p50", "us", 1.8),
            Metric("  the same: latency p99", "us"),
            Metric("  the same: CPU of a million deliveries", "s", 2.3),
        ],
    ),
    Scenario(
        start,
        [
            Metric("exec to first handshake", "ms", 2.5),
            Metric("memory after start", "MiB", 0.7, share=True),
            Metric("  the same: private", "MiB", share=True),
        ],
    ),
    Scenario(
        memory,
        [
            Metric("memory with 100 clients", "MiB", share=True),
            Metric("memory with 100 clients, after a load", "MiB", share=True),
        ],
    ),
    Scenario(idle, [Metric("CPU of a second, 8 idle clients", "ms")]),
    Scenario(never_reads, [Metric("200 MB past a client that never reads: peak memory", "MiB", 0.15, share=True)]),
)


def main() -> None:
    """Measures, and prints each row as soon as it is there."""
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--quick", action="store_true", help="one short round, to see that everything works")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="what to measure, such as 'fan-out*'")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values there, too")
    options = parser.parse_args()

    buses = ([sys.executable, "-m", "bus", "serve"], [python_with(PEER_REQUIREMENT).with_name(PEER)])
    floor = [sys.executable, "-m", "benchmarks.floor"]
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("this needs two cores: one for the bus, one for the clients")
    effort, rounds = (QUICK, 1) if options.quick else (1.0, ROUNDS)
    rows = []

    with tempfile.TemporaryDirectory() as home:

        def run(scenario: Scenario, command: Sequence[str | Path]) -> tuple[Sequence[float], Usage]:
            os.sched_setaffinity(0, cores[:1])  # which the bus inherits
            with Bus(command, Path(home)) as bus:
                os.sched_setaffinity(0, cores[1:2])
                return scenario.measure(bus, effort), bus.usage

        for command in buses:  # the first time is slower: modules are compiled, and files come from the disk
            Bus(command, Path(home)).stop()
        print(f"Python {platform.python_version()}, medians of {rounds}, load before {os.getloadavg()[0]:.1f}")
        print(_HEAD)
        for scenario in SCENARIOS:
            if any(fnmatch.fnmatch(metric.name, options.only) for metric in scenario.metrics):
                commands = (*buses, floor) if scenario.with_floor else buses
                for row in _compare(partial(run, scenario), commands, rounds, scenario.metrics):
                    print(_line(row), flush=True)
                    rows.append(row)
    print(FOOTER)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) | {"ratio": row.ratio} for row in rows], indent=2))


def _compare(
    run: Callable[[Sequence[str | Path]], tuple[Sequence[float], Usage]],
    commands: Sequence[Sequence[str | Path]],
    rounds: int,
    metrics: Sequence[Metric],
) -> Iterator[Row]:
    values: list[list[Sequence[float]]] = [[] for _ in commands]
    usages: list[list[Usage]] = [[] for _ in commands]
    for number in range(rounds):
        order = range(len(commands))
        for index in order if number % 2 == 0 else reversed(order):
            found, usage = run(commands[index])
            values[index].append(found)
            usages[index].append(usage)
    ours, theirs, *_ = (Usage(*map(fmean, zip(*both, strict=True))) for both in usages)
    for index, metric in enumerate(metrics):
        our_values, their_values, *floor = ([found[index] for found in rounds_of_one] for rounds_of_one in values)
        yield Row(metric, our_values, their_values, floor[0] if floor else (), ours, theirs)


_HEAD = f"{'':47} {'ours':>7} {PEER:>15} {'':4} {'ratio':>7} {'target':>7}  CPU"


def _line(row: Row) -> str:
    metric = row.metric
    target = "" if metric.target is None else f"{metric.target:g}x"
    missed = "" if metric.met(row.ratio) else "MISSED"
    usages = (row.our_usage, row.their_usage)
    cpu = "  ".join(f"{usage.bus:.0%}/{usage.clients:.0%}" for usage in usages if usage.bus)
    limited = "clients!" if any(usage.clients > BUSY > usage.bus for usage in usages) else ""
    most = "" if row.most is None else f"at most {_short(row.most)}x"
    return (
        f"{metric.name:47} {_short(median(row.ours)):>7} {_short(median(row.theirs)):>15} {metric.unit:4} "
        f"{_short(row.ratio):>6}x {target:>7} {missed:6} {cpu} {limited}{most}"
    ).rstrip()


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def free_port() -> int:
    """A port of this machine that no program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
