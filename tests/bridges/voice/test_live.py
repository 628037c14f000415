"""The bridge as a process between a simulated Mark 1 and real satellites."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw_sim.testing.mark1 import Mark1
from tests.bridges.memory import growth_kb
from tests.bridges.mqtt.mosquitto import free_port, until
from tests.bridges.voice.live import LOUDSPEAKER, MICROPHONE, Peer, Process, WakeService, bridge
from tests.compat.environment import LVA, LVA_REPOSITORY, LVA_SATELLITE, WYOMING_SATELLITE, python_with
from tests.docs.pages import SATELLITE, marked

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]  # the first time, satellites are installed

MUTED, GREEN = "#ff0000", "#00ff00"
CONVERSATION = (
    "recognizer_loop:record_begin",
    "recognizer_loop:record_end",
    "enclosure.mouth.think",
    "recognizer_loop:audio_output_start",
)


@pytest.fixture
def mark1() -> Iterator[Mark1]:
    with Mark1() as device:
        yield device
        said = {message.msg_type for message in device.messages}
        assert not said & {"speak", "recognizer_loop:utterance"}


def is_ready(mark1: Mark1) -> bool:
    mark1.send("mycroft.voice.is_ready")
    return bool(mark1.wait_for("mycroft.voice.is_ready.response").data["status"])


def test_a_wyoming_satellite(mark1: Mark1, tmp_path: Path) -> None:
    python = python_with(*WYOMING_SATELLITE)
    eyes = mark1.face.eyes
    port, events, wake = (free_port() for _ in range(3))
    event_uri, wake_uri = (f"tcp://127.0.0.1:{port}" for port in (events, wake))
    [line] = marked("voice-satellites.md", SATELLITE)
    for on_page, uri in (("tcp://127.0.0.1:10500", event_uri), ("tcp://127.0.0.1:10401", wake_uri)):
        assert on_page in line
        line = line.replace(on_page, uri)
    options = line.removeprefix("wyoming-satellite ... ").split()
    words: tuple[str, ...] = ("--uri", f"tcp://127.0.0.1:{port}", *options)
    for kind, code in (("mic", MICROPHONE), ("snd", LOUDSPEAKER)):
        (tmp_path / f"{kind}.py").write_text(code)
        words += (f"--{kind}-command", f"{sys.executable} {tmp_path / kind}.py")
    command = (str(python), "-m", "wyoming_satellite", *words, "--no-zeroconf")
    with (
        WakeService() as service,
        bridge(
            tmp_path,
            mark1.bus_url,
            event_uri=event_uri,
            wake_uri=wake_uri,
            wake_service=f"tcp://127.0.0.1:{service.port}",
        ) as process,
        Peer.to(wake),  # the bridge listens, before the satellite gives it up for 5 s
        Process("satellite", command, tmp_path),
        Peer.to(port) as home,
        service.accept(),
        service.accept() as detector,
    ):
        home.send("run-satellite")
        mark1.wait_for("mycroft.ready")
        detector.saw("audio-chunk")

        mark1.press()
        home.saw("run-pipeline")
        mark1.wait_for("recognizer_loop:record_begin")
        home.send("voice-stopped", timestamp=1)
        home.send("transcript", text="what time is it")
        home.send("synthesize", text="half past nine")
        home.send("audio-start", rate=22050, width=2, channels=1)
        home.send("audio-chunk", bytes(2048), rate=22050, width=2, channels=1)
        home.send("audio-stop")
        for msg_type in CONVERSATION[1:]:
            mark1.wait_for(msg_type)

        chunks = detector.count("audio-chunk")
        detector.saw("audio-chunk", chunks + 1)
        detector.send("detection", name="ok_nabu", timestamp=1)
        assert mark1.wait_for("recognizer_loop:wakeword").data == {"utterance": "ok_nabu"}
        home.saw("run-pipeline", 2)
        home.send("error", text="nothing was said", code="stt-no-text-recognized")
        mark1.wait_for("recognizer_loop:speech.recognition.unknown")

        mark1.send("mycroft.mic.mute")  # version 1.0.0 still streams, after an error
        mark1.send("mycroft.mic.get_status")
        assert not mark1.wait_for("mycroft.mic.get_status.response").data["muted"]
        home.send("transcript", text="")
        mark1.face.wait_for(eyes=MUTED)
        chunks = detector.count("audio-chunk")
        detector.send("detection", name="ok_nabu", timestamp=2)
        mark1.send("mycroft.mic.unmute")
        mark1.face.wait_for(eyes=eyes)
        detector.saw("audio-chunk", chunks + 2)
        assert home.count("run-pipeline") == 2

        home.send("pause-satellite")
        mark1.face.wait_for(eyes=MUTED)
        home.send("run-satellite")
        mark1.face.wait_for(eyes=eyes)
    assert process.process.returncode == 0
    assert "Traceback" not in process.log


def test_linux_voice_assistant(mark1: Mark1, tmp_path: Path) -> None:
    python = python_with(*LVA, bare=LVA_SATELLITE, repository=LVA_REPOSITORY)
    here = Path(__file__).parent
    satellite = Process(
        "satellite",
        (python, here / "lva_with_home.py"),
        tmp_path,
        PYTHONPATH=str(here / "without_sound"),
    )
    with satellite:
        api = f"ws://127.0.0.1:{satellite.line()}"
        with bridge(tmp_path, mark1.bus_url, peripheral_api=api) as process:
            until(lambda: "Light registered: eyes" in satellite.log, "the light")
            mark1.send("mycroft.mic.mute")  # as yet it does nothing
            satellite.write("home")
            mark1.wait_for("mycroft.ready")
            mark1.face.wait_for(eyes=MUTED)
            mark1.send("mycroft.mic.unmute")

            mark1.press()
            for msg_type in (*CONVERSATION, "recognizer_loop:audio_output_end"):
                mark1.wait_for(msg_type)
            satellite.write("timer")
            until(lambda: mark1.face.pixels[0] != "#000000", "the countdown")
            satellite.write("light")
            satellite.write("cancel")
            mark1.face.wait_for(eyes=GREEN)
            satellite.write("error")
            mark1.press()
            mark1.wait_for("recognizer_loop:speech.recognition.unknown")
            satellite.write("ring")
            mark1.wait_for("enclosure.eyes.spin")
            mark1.press()
            mark1.face.wait_for(eyes=GREEN)
            satellite.write("mute")
            mark1.face.wait_for(eyes=MUTED)
            satellite.write("unmute")
            mark1.face.wait_for(eyes=GREEN)
            satellite.write("leave")
            satellite.write("home")
            until(lambda: "Disconnected from Home Assistant" in satellite.log, "the end of a connection")
            until(lambda: is_ready(mark1), "the next connection")
            mark1.press()
            for msg_type in CONVERSATION:
                mark1.wait_for(msg_type)
    assert process.process.returncode == 0
    assert "Traceback" not in process.log


def test_memory_does_not_grow_with_conversations_and_connections(mark1: Mark1, tmp_path: Path) -> None:
    port = free_port()
    with bridge(tmp_path, mark1.bus_url, event_uri=f"tcp://127.0.0.1:{port}") as process:

        def use() -> None:
            for number in range(10):
                with Peer.to(port) as satellite:
                    satellite.send("run-satellite")
                    for type_ in ("streaming-started", "transcript", "audio-start", "played") * 5:
                        satellite.send(type_)
                    for timer in range(10):
                        satellite.send("timer-started", id=f"{number} {timer}", total_seconds=900)
                    satellite.send("unknown", text="x" * 100_000)
                    satellite.send("detection", name="ok_nabu")
                    mark1.wait_for("recognizer_loop:wakeword")

        assert growth_kb(process.process.pid, use) < 100


@pytest.mark.parametrize(
    ("settings", "code", "reason"),
    [
        ({}, 0, "not configured: voice.peripheral_api or voice.event_uri"),
        (
            {"peripheral_api": "ws://10.0.0.1:6055"},
            2,
            "MYCROFT_VOICE_PERIPHERAL_API: 10.0.0.1 is not this machine",
        ),
        ({"event_uri": "tcp://127.0.0.1:{taken}"}, 1, "event service: cannot listen at 127.0.0.1:"),
    ],
)
def test_what_keeps_it_from_running_is_one_line(
    settings: dict[str, str], code: int, reason: str, tmp_path: Path
) -> None:
    with WakeService() as taken:
        given = {key: value.format(taken=taken.port) for key, value in settings.items()}
        environment = {f"MYCROFT_VOICE_{key.upper()}": value for key, value in given.items()}
        command = (sys.executable, "-m", "bridges.voice", "run", "--bus", "ws://127.0.0.1:1/core")
        done = subprocess.run(
            command,
            env={**os.environ, "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == code
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
