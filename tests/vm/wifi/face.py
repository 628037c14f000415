"""The face of the device: a simulated faceplate on a serial port, and what it is sent."""

from pathlib import Path

from tests.vm.boards.device import until
from tests.vm.machine import CHECKOUT
from tests.vm.wifi.namespace import run

PORT = Path("/run/faceplate/port")
"""Its serial port, which the configuration of the enclosure names."""

SENT = Path("/run/faceplate-sent")

PROGRAM = f"{CHECKOUT}/tests/image/inside/faceplate.py"


class Face:
    """The face. `shows` goes on after the text that it has found."""

    def __init__(self) -> None:
        self._read = 0

    async def plug_in(self) -> None:
        """Starts it."""
        run(
            *("systemd-run", "--quiet", "--unit=faceplate", "--uid=mycroft", f"--setenv=PYTHONPATH={CHECKOUT}"),
            *("--property=RuntimeDirectory=faceplate", f"--property=StandardOutput=append:{SENT}"),
            *("python3", PROGRAM, str(PORT)),
        )
        await until(PORT.exists)

    async def shows(self, text: str) -> None:
        """Waits until the mouth shows a text, and forgets it and all before it."""
        line = f"mouth.text={text}\n"

        def found() -> bool:
            return line in SENT.read_text()[self._read :]

        await until(found)
        self._read = SENT.read_text().index(line, self._read) + len(line)
