"""``make bench-fleet``: a home with many devices on one mosquitto.

One device is a simulated Mark 1 with a bridge in a process of its own, as on a real device: its latency and memory
are measured, first alone and then with the others. The others are the bridge's own code with its own connection to
the broker, many in a process; a stand-in answers in place of their bus and enclosure. All of them share this
machine, so their rate is a lower bound.
"""

import argparse
import asyncio
import contextlib
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.bridges import running
from benchmarks.load import used_s
from benchmarks.simulator import descendants
from bridges.mqtt.broker import Connection
from bridges.mqtt.config import Broker
from bridges.mqtt.daemon import Bridge
from bridges.mqtt.entities import OFFLINE, ONLINE, Device
from bridges.mqtt.host import Machine
from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.message import Message
from bus.version import VERSION
from hw_sim.testing.mark1 import Mark1
from tests.bridges.mqtt.mosquitto import ID, BridgeProcess, Mosquitto, free_port
from tests.ha.homeassistant import HomeAssistant, until

TREE = Path("build/ha/tree").resolve()
"""Where `make ha-test` has installed Home Assistant."""

DEVICES = 300
PROCESSES = 2
"""The other devices, all but one, are spread over so many."""

REST_S = 60.0
"""A device measures once in it."""

SETTLE_S = 2.0
"""Until the states that follow an announcement have arrived."""

SAMPLES = 60
SAMPLE_INTERVAL_S = 0.1
ROUNDS = 10
"""Commands for each device in the measurement of the rate; a device takes bursts of 50."""
TIMEOUT_S = 120.0
POLL_S = 0.0002

LIMIT_PSS_MB = 20.0

PARTS = {"display": "faceplate", "buttons": ["knob"], "switches": [], "knob": True}
CONNECTED = {"state": "connected", "firmware": "1.4.2"}
PIXELS = {"pixels": [[0, 0, 255]] * 24}
MOUTH = {"rows": ["." * 32] * 8}

_LOUD, _QUIET = 40, 30


class StandIn(BusClient):
    """The bus and the enclosure of a device, as far as the bridge asks them anything."""

    async def run(self, receive: Any, observe: Any = None, patterns: Any = ()) -> None:
        """Is connected until cancelled."""
        self._hand_on = receive
        await receive(Message(topics.CONNECTED.name))
        await asyncio.get_running_loop().create_future()

    async def emit(self, message: Message, timeout_s: float = 0.0) -> None:
        """Answers at once."""
        match message.msg_type:
            case topics.VOLUME_GET.name | topics.VOLUME_SET.name:
                data = {"percent": message.data.get("percent", 0.6), "muted": False}
                await self._hand_on(Message(topics.VOLUME_RESPONSE.name, data))
            case topics.REPORT_PARTS.name:
                await self._hand_on(Message(topics.PARTS.name, PARTS))
                await self._hand_on(Message(topics.FACEPLATE_STATE.name, CONNECTED))
            case topics.EYES_RGB_GET.name:
                await self._hand_on(Message(topics.EYES_RGB.name, PIXELS))
            case topics.MOUTH_PIXELS_GET.name:
                await self._hand_on(Message(topics.MOUTH_PIXELS.name, MOUTH))


async def run_devices(port: int, first: int, count: int) -> None:
    """Runs devices until the process is stopped."""
    with tempfile.TemporaryDirectory() as folder:
        machine = _machine(Path(folder))
        async with asyncio.TaskGroup() as group:
            for number in range(first, first + count):
                device = Device(f"device{number}", f"Device {number}", VERSION, wifi=True, temperature=True)
                will = (device.availability_topic, OFFLINE)
                broker = Broker("127.0.0.1", port, tls=False)
                connect = partial(Connection, broker, None, client_id=device.id, will=will)
                group.create_task(Bridge(StandIn(""), connect, device, "homeassistant", machine).run())


def _machine(root: Path) -> Machine:
    """A machine with wifi and a thermometer."""
    zone, wireless = root / "sys/class/thermal/thermal_zone0/temp", root / "proc/self/net/wireless"
    for path, text in ((zone, "45000\n"), (wireless, " wlan0: 0000   60.  -50.  -256        0      0\n")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return Machine(root)


class Home:
    """A client in the place of Home Assistant, which receives everything."""

    def __init__(self, port: int) -> None:
        self.count = 0
        """Publications received."""
        self.seen: Counter[str] = Counter()
        """The same by topic."""
        self.last: dict[str, str] = {}
        """The last payload of each topic."""
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.max_inflight_messages_set(1000)
        self._client.on_message = self._on_message
        self._client.on_socket_open = lambda *given: given[-1].setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([("mycroft/+/+", 1), ("homeassistant/device/+/config", 1)])
        self._client.loop_start()

    def close(self) -> None:
        """Leaves the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, topic: str, payload: str) -> None:
        """Publishes."""
        self._client.publish(topic, payload, 1)

    def set_volume(self, device: str, percent: int) -> None:
        """Commands a device."""
        self.send(f"mycroft/{device}/volume/set", str(percent))

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for what the devices publish."""
        deadline = perf_counter() + TIMEOUT_S
        while not condition():
            if perf_counter() > deadline:
                raise TimeoutError(what)
            time.sleep(POLL_S)

    def wait_for_volume(self, devices: list[str], percent: int) -> None:
        """Waits until all devices have this volume."""
        wanted = [f"mycroft/{device}/volume" for device in devices]
        self.wait(lambda: all(self.last.get(topic) == str(percent) for topic in wanted), "the volumes")

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.count += 1
        self.seen[message.topic] += 1
        self.last[message.topic] = message.payload.decode(errors="replace")


def pss_mb(pid: int) -> float:
    """Proportional set size of a process."""
    found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) / 1024


Latencies = tuple[list[float], list[float]]
"""Seconds from commands to the mixer, and to the states that the broker delivers."""


def latencies(home: Home, mark1: Mark1) -> Latencies:
    """Seconds from a command to the mixer, and to the state that the broker has delivered."""
    to_mixer, to_state = [], []
    for number in range(SAMPLES):
        percent = _LOUD if number % 2 else _QUIET
        level = round(percent / 100 * 83)
        time.sleep(SAMPLE_INTERVAL_S)
        assert mark1.sound.percent != level
        began = perf_counter()
        home.set_volume(ID, percent)
        while mark1.sound.percent != level:
            time.sleep(POLL_S)
        to_mixer.append(perf_counter() - began)
        home.wait_for_volume([ID], percent)
        to_state.append(perf_counter() - began)
    return to_mixer, to_state


@contextlib.contextmanager
def commands_every_second(home: Home, devices: list[str]) -> Iterator[None]:
    """Meanwhile, each device gets a command in a second, spread evenly."""
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.wait(0.01):
            for _ in range(max(1, len(devices) // 100)):
                round_, index = divmod(number, len(devices))
                home.set_volume(devices[index], _LOUD + round_ % 2)
                number += 1

    thread = threading.Thread(target=send)
    thread.start()
    yield
    stop.set()
    thread.join()


@contextlib.contextmanager
def started(port: int, count: int) -> Iterator[Callable[[], None]]:
    """The processes of other devices, which connect when the result is called."""
    command = (sys.executable, "-m", "benchmarks.fleet", "--run", str(port))
    shares = [count // PROCESSES + (number < count % PROCESSES) for number in range(PROCESSES)]
    processes = [
        subprocess.Popen(
            (*command, str(sum(shares[:number])), str(share)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for number, share in enumerate(shares)
    ]

    def connect() -> None:
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()

    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        yield connect
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def row(name: str, text: str) -> None:
    """Prints a row of the table."""
    print(f"{name:58} {text}", flush=True)


def in_ms(times_s: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{1000 * median(times_s):6.1f} ms, 95 % within {1000 * quantiles(times_s, n=20)[-1]:.1f}"


@dataclass(frozen=True)
class Fleet:
    """One Mark 1 with its bridge, and the other devices, at one broker."""

    mark1: Mark1
    broker: Mosquitto
    bridge: BridgeProcess
    home: Home
    others: list[str]
    """Ids."""

    @property
    def everyone(self) -> list[str]:
        """The ids of all devices."""
        return [*self.others, ID]

    def topics(self, pattern: str) -> list[str]:
        """A topic of each device."""
        return [pattern.format(device) for device in self.everyone]


def measure_one(fleet: Fleet) -> Latencies:
    """The Mark 1 alone."""
    to_mixer, to_state = alone = latencies(fleet.home, fleet.mark1)
    row("command to mixer, one device", in_ms(to_mixer))
    row("command to state, one device", in_ms(to_state))
    row("PSS of the bridge, one device", f"{pss_mb(fleet.bridge.process.pid):6.1f} MB")
    row("PSS of mosquitto, one device", f"{pss_mb(fleet.broker.pid):6.1f} MB")
    return alone


def measure_bridges(mark1: Mark1, folder: Path) -> None:
    """Each bridge of the Mark 1 by itself."""
    for bridge in running(mark1, folder):
        try:
            with bridge as (name, pid):
                time.sleep(SETTLE_S)
                row(f"PSS of {name}", f"{pss_mb(pid):6.1f} MB, limit {LIMIT_PSS_MB:g}")
        except pytest.skip.Exception as reason:  # PyPI has the hub
            row("PSS of a bridge", str(reason))


def measure_announcements(fleet: Fleet, connect: Callable[[], None]) -> None:
    """The others come, rest, and answer the birth message of a Home Assistant."""
    home, broker = fleet.home, fleet.broker
    online, configs = fleet.topics("mycroft/{}/availability"), fleet.topics("homeassistant/device/{}/config")
    began = perf_counter()
    connect()
    home.wait(
        lambda: (
            all(home.last.get(topic) == ONLINE for topic in online)
            and all("mouth" in home.last.get(topic, "") for topic in configs)
        ),
        "the announcements",
    )
    row(f"until all {len(online)} are announced", f"{perf_counter() - began:6.1f} s")
    time.sleep(SETTLE_S)

    count, used = home.count, used_s(broker.pid)
    time.sleep(REST_S)
    row("at rest", f"{(home.count - count) / REST_S:6.1f} messages/s")
    row("mosquitto at rest", f"{(used_s(broker.pid) - used) / REST_S:6.1%} of a core")
    row(f"PSS of mosquitto, {len(online)} devices", f"{pss_mb(broker.pid):6.1f} MB")

    before, count, began = home.seen.copy(), home.count, perf_counter()
    home.send("homeassistant/status", "online")
    home.wait(lambda: all(home.seen[topic] > before[topic] for topic in configs), "the answers")
    seconds = perf_counter() - began
    time.sleep(SETTLE_S)
    name = "until all have answered a start of Home Assistant"
    row(name, f"{seconds:6.1f} s, {home.count - count} messages")


def measure_rate(fleet: Fleet) -> None:
    """Commands to all devices."""
    home, broker, others = fleet.home, fleet.broker, fleet.others
    began = perf_counter()
    for device in others:
        home.set_volume(device, 50)
    home.wait_for_volume(others, 50)
    row(f"one command to each of {len(others)}", f"{perf_counter() - began:6.2f} s until the last state")

    began, used = perf_counter(), used_s(broker.pid)
    for number in range(ROUNDS):
        for device in others:
            home.set_volume(device, 51 + number)
        home.wait_for_volume(others, 51 + number)
    seconds = perf_counter() - began
    messages = 2 * ROUNDS * len(others)
    row("commands and states, as fast as all devices answer", f"{messages / seconds:6.0f} messages/s")
    row("mosquitto meanwhile", f"{(used_s(broker.pid) - used) / seconds:6.1%} of a core")


def measure_latency(fleet: Fleet, alone: Latencies) -> None:
    """The Mark 1 among the others, and compared with the Mark 1 alone."""
    rest = latencies(fleet.home, fleet.mark1)
    with commands_every_second(fleet.home, fleet.others):
        busy = latencies(fleet.home, fleet.mark1)
    for state, found in (("at rest", rest), ("get a command a second", busy)):
        for goal, times_s, alone_s in zip(("mixer", "state"), found, alone, strict=True):
            ratio = median(times_s) / median(alone_s)
            row(f"command to {goal}, the others {state}", f"{in_ms(times_s)}; {ratio:.2f} of alone")
    row(f"PSS of the bridge, {len(fleet.everyone)} devices", f"{pss_mb(fleet.bridge.process.pid):6.1f} MB")


def measure(devices: int, folder: Path) -> None:
    """Measures, and prints the table."""
    others = [f"device{number}" for number in range(devices - 1)]
    with Mark1() as mark1, Mosquitto(folder) as broker:
        measure_bridges(mark1, folder)
        home = Home(broker.port)
        url = f"mqtt://127.0.0.1:{broker.port}"
        with BridgeProcess(folder, mark1.bus_url, url) as bridge, started(broker.port, len(others)) as connect:
            fleet = Fleet(mark1, broker, bridge, home, others)
            home.wait(lambda: f"mycroft/{ID}/mouth" in home.last, "the Mark 1")
            alone = measure_one(fleet)
            measure_announcements(fleet, connect)
            measure_rate(fleet)
            measure_latency(fleet, alone)
        home.close()


def measure_home_assistant(devices: int, folder: Path) -> None:
    """Measures the devices with the Home Assistant of `make ha-test`, and prints the table."""
    volumes = [f"number.device_{number}_volume" for number in range(devices)]
    faceplates = [f"binary_sensor.device_{number}_faceplate" for number in range(devices)]
    with (
        Mosquitto(folder) as broker,
        HomeAssistant(TREE, free_port(), folder / "home-assistant.log") as home,
        started(broker.port, devices) as connect,
    ):

        def row_until(name: str, began: float, percent: int) -> None:
            wanted = {**dict.fromkeys(volumes, str(percent)), **dict.fromkeys(faceplates, "on")}

            def reached() -> bool:
                states = home.states
                return all(entity in states and states[entity]["state"] == wanted[entity] for entity in wanted)

            until(reached, name, TIMEOUT_S)
            row(name, f"{perf_counter() - began:6.1f} s")

        def memory_mb() -> float:
            return sum(map(pss_mb, (home.pid, *descendants(home.pid))))

        home.add_broker(broker.port, "any", "any")
        row("PSS of Home Assistant without a device", f"{memory_mb():6.1f} MB")
        began = perf_counter()
        connect()
        row_until(f"until Home Assistant has all {devices}", began, 60)
        row("its entities", f"{sum('device_' in entity for entity in home.states):6}")
        row(f"PSS of Home Assistant with {devices} devices", f"{memory_mb():6.1f} MB")
        began = perf_counter()
        home.act("number.set_value", volumes, value=33)
        row_until("one action on all volumes, until the last state", began, 33)
        home.stop()
        home.start()
        row_until("from the end of a start of Home Assistant to all states", perf_counter(), 33)


def main() -> None:
    """Measures; or is one of the processes of other devices."""
    parser = argparse.ArgumentParser(prog="make bench-fleet", description=__doc__)
    parser.add_argument("--devices", type=int, default=DEVICES, metavar="N", help=f"on the broker ({DEVICES})")
    parser.add_argument(
        "--home-assistant", action="store_true", help="with a real Home Assistant, as root after make ha-test"
    )
    parser.add_argument("--run", type=int, nargs=3, metavar=("PORT", "FIRST", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print("ready", flush=True)
        sys.stdin.read()
        asyncio.run(run_devices(*options.run))
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="mycroft-fleet-") as folder:
        (measure_home_assistant if options.home_assistant else measure)(options.devices, Path(folder))


if __name__ == "__main__":
    main()
