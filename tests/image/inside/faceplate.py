"""Runs inside: a simulated faceplate on a serial port, whose button is pressed at each SIGUSR1, and whose knob is
turned at each SIGUSR2. It prints what it is sent.

Its firmware has the version that a file names, or else the last one. Beside another program on the port it is not
strict: what that sends is no fault of the enclosure.
"""

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, "/usr/lib/mycroft-enclosure")

from hw_sim.faceplate import Faceplate
from hw_sim.firmware import loop as firmware
from hw_sim.links import CABLES

PRESS_S = 0.1

VERSION = Path("/run/faceplate-version")
LENIENT = Path("/run/faceplate-lenient")


async def main(link: Path) -> None:
    """Runs until it is stopped."""
    if VERSION.exists():
        firmware.BANNER = f"Mycroft Mark 1 v{VERSION.read_text().strip()}"
    loop = asyncio.get_running_loop()

    def report(what: str) -> None:
        print(what, flush=True)

    async with Faceplate(link, CABLES["clean"](), report, strict=not LENIENT.exists()) as faceplate:

        def press() -> None:
            faceplate.press()
            loop.call_later(PRESS_S, faceplate.release)

        def print_received(to_face: bool, data: bytes) -> None:
            if to_face:
                print(data.decode(errors="replace"), end="", flush=True)

        loop.add_signal_handler(signal.SIGUSR1, press)
        loop.add_signal_handler(signal.SIGUSR2, faceplate.turn, 1)
        faceplate.on_bytes = print_received
        await faceplate.run()


asyncio.run(main(Path(sys.argv[1])))
