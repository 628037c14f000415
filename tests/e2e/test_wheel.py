"""The wheel, as the author of a skill has it: installed by pip, outside of a checkout, with pytest alone."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from urllib.request import urlopen

import pytest

from bus.version import VERSION
from tests.e2e import wheel

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]

PROGRAMS = tomllib.loads((wheel.ROOT / "pyproject.toml").read_text())["project"]["scripts"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("wheel")
    built = wheel.build(folder)
    environment = wheel.environment(folder / "environment")
    wheel.run(folder, "pip", "--quiet", "install", str(built), "pytest", environment=environment)
    return environment


@pytest.mark.parametrize("name", ["dice"])
def test_an_example_passes_its_own_tests(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(wheel.ROOT / "examples" / name, folder)
    assert "passed" in wheel.run(folder, "pytest", "-W", "error", environment=environment)


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_starts(program: str, environment: dict[str, str], tmp_path: Path) -> None:
    assert wheel.run(tmp_path, program, "--version", environment=environment) == f"{program} {VERSION}\n"


@pytest.mark.parametrize(
    ("board", "topic"), [("mycroft_mark_1", "enclosure.mouth.text"), ("sj201_r10", "mycroft.mic.mute")]
)
def test_a_picture_is_made_of_a_device(
    board: str, topic: str, environment: dict[str, str], tmp_path: Path
) -> None:
    which = () if board == "mycroft_mark_1" else ("--board", board)
    take = ("mycroft-sim", "screenshot", "picture.png", *which, "--send", topic, '{"text": "hi"}')
    wheel.run(tmp_path, *take, environment=environment)
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_whole_device_runs(environment: dict[str, str], tmp_path: Path) -> None:
    command = ("mycroft-sim", "run", "--bus-port", "0", "--face-port", "0")
    with subprocess.Popen(
        (shutil.which(command[0], path=environment["PATH"]) or "", *command[1:]),
        cwd=tmp_path,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
    ) as device:
        assert device.stdout is not None
        try:
            ready = next(line for line in device.stdout if line.startswith("ready "))
            said = dict(part.split("=", 1) for part in ready.split()[1:])
            ask = ("mycroft-bus", "send", "mycroft.volume.get", "--wait", "--bus", said["bus"])
            assert "percent" in json.loads(wheel.run(tmp_path, *ask, environment=environment))
            with urlopen(said["face"]) as page:  # noqa: S310  # of the simulator
                assert b"<title>" in page.read()
        finally:
            device.terminate()
    assert device.returncode == 0


def test_all_that_the_programs_read_is_installed(environment: dict[str, str], tmp_path: Path) -> None:
    values = json.loads(wheel.run(tmp_path, "mycroft-bus", "config", "--json", environment=environment))
    assert {"enclosure.platform", "admin.wifi.ssid", "mqtt.broker"} < {value["key"] for value in values}
    assert "wipe_cache:" in wheel.run(tmp_path, "mycroft-admin", "plan-reset", environment=environment)
