"""The driver for RPi.GPIO calls the functions of the two real libraries as these want to be called.

Neither finds a GPIO chip here, so all that is seen is that no call has a wrong number or name of an argument.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.compat.environment import python_with

pytestmark = pytest.mark.real_time

ROOT = Path(__file__).parents[2]
SCRIPT = """
import asyncio, os

from enclosure.drivers import rpi_gpio
from enclosure.ports import InputLine

real, called = rpi_gpio.GPIO, []

class Library:
    def __getattr__(self, name):
        value = getattr(real, name)
        if not callable(value):
            return value
        def call(*arguments, **settings):
            called.append(name)
            try:
                return value(*arguments, **settings)
            except TypeError:
                raise
            except Exception:  # there is no chip
                return 0
        return call

rpi_gpio.GPIO = Library()

async def use():
    talk, mute = InputLine(17, True, "up", 0.02), InputLine(25, False, "off", 0.02)
    lines = rpi_gpio.RpiGpioLines({"talk": talk, "mute": mute})
    lines.open()
    lines.close()
    output = rpi_gpio.RpiGpioOutput(27)
    output.open()
    output.set(True)
    output.close()

asyncio.run(use())
print(*sorted(set(called)), *os.listdir(os.environ["STATE_DIRECTORY"]))
"""
CALLS = "add_event_detect cleanup input output remove_event_detect setmode setup setwarnings"


def calls(folder: Path, *command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [*command, "-c", SCRIPT],
        env={"PYTHONPATH": str(ROOT), "STATE_DIRECTORY": str(folder), **environment},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="PyPI has no lgpio for this version of Python")
def test_rpi_lgpio_takes_the_calls_of_the_driver(tmp_path: Path) -> None:
    python = python_with("rpi-lgpio==0.6", "lgpio==0.2.2.0", "msgspec==0.19.0")
    made = calls(tmp_path, python, RPI_LGPIO_REVISION="a020d3", RPI_LGPIO_CHIP="0")
    assert made == f"{CALLS} .lgd-nfy0", "its pipe is where the daemon may write"


def test_rpi_gpio_takes_the_calls_of_the_driver(tmp_path: Path) -> None:
    if not shutil.which("gcc") or not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        pytest.skip("RPi.GPIO is built from source: gcc and python3-dev are missing")
    namespace = ("unshare", "--mount", "--map-root-user")
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("it is imported on what looks like a Raspberry Pi, which needs a mount namespace")
    python = python_with("RPi.GPIO==0.7.1", "msgspec==0.19.0")
    pi = tmp_path / "cpuinfo"
    (tmp_path / "state").mkdir()
    pi.write_text("Hardware\t: BCM2709\nRevision\t: a020d3\n")
    on_a_pi = ("sh", "-c", f'mount --bind {pi} /proc/cpuinfo && exec "$0" "$@"')
    assert calls(tmp_path / "state", *namespace, *on_a_pi, python, PATH="/usr/sbin:/usr/bin:/sbin:/bin") == CALLS
