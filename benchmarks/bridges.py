"""Memory of each bridge, connected: part of ``make bench-fleet``."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bridges.hive.config import UP
from hw_sim.testing.mark1 import Mark1
from tests.bridges.hive.hub import BridgeProcess as HiveBridge
from tests.bridges.hive.hub import Hub, RecordedBus
from tests.bridges.mqtt.mosquitto import ID, Mosquitto, free_port, until
from tests.bridges.mqtt.mosquitto import BridgeProcess as MqttBridge
from tests.bridges.mqtt.mosquitto import Home as MqttHome
from tests.bridges.voice.live import Peer, bridge
from tests.bus.certificate import make_certificate

Running = contextlib.AbstractContextManager[tuple[str, int]]
"""A bridge that is connected: its name and the id of its process."""


def running(mark1: Mark1, folder: Path) -> Iterator[Running]:
    """Each bridge."""
    yield _mqtt(mark1, _made(folder / "plain"), tls=False)
    yield _mqtt(mark1, _made(folder / "tls"), tls=True)
    yield _voice(mark1, _made(folder / "voice"))
    yield _hive(mark1, _made(folder / "hive"))


@contextlib.contextmanager
def _mqtt(mark1: Mark1, folder: Path, *, tls: bool) -> Iterator[tuple[str, int]]:
    certificate = make_certificate(folder, "DNS:localhost")
    with Mosquitto(folder, certificate=certificate) as broker, MqttHome(broker.port) as home:
        url = f"mqtts://localhost:{broker.tls_port}" if tls else f"mqtt://127.0.0.1:{broker.port}"
        with MqttBridge(folder, mark1.bus_url, url, ca_file=str(certificate[0])) as process:
            until(lambda: f"mycroft/{ID}/face" in home.retained, "the picture of the face")
            yield f"mycroft-mqtt {'with' if tls else 'without'} TLS", process.process.pid


@contextlib.contextmanager
def _voice(mark1: Mark1, folder: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    uri = f"tcp://127.0.0.1:{port}"
    with bridge(folder, mark1.bus_url, event_uri=uri) as process, Peer.to(port) as satellite:
        satellite.send("run-satellite")
        satellite.send("detection", name="ok_nabu")
        mark1.wait_for("recognizer_loop:wakeword")
        yield "mycroft-voice", process.process.pid


@contextlib.contextmanager
def _hive(mark1: Mark1, folder: Path) -> Iterator[tuple[str, int]]:
    with RecordedBus() as bus:
        hub = Hub(folder, bus)
        hub.add_client("kitchen", *UP)
        with hub:
            satellite = HiveBridge(_made(folder / "satellite"), mark1.bus_url, hub.url)
            satellite.pair()
            with satellite:
                bus.wait_for("mycroft.volume.get.response")
                yield "mycroft-hive", satellite.process.pid


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
