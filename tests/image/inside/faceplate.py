"""Runs inside: a simulated faceplate on a serial port, whose button is pressed at each SIGUSR1."""

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, "/usr/lib/mycroft-enclosure")

from hw_sim.faceplate import Faceplate
from hw_sim.links import CABLES

PRESS_S = 0.1


async def main(link: Path) -> None:
    """Runs until it is stopped."""
    loop = asyncio.get_running_loop()

    async with Faceplate(link, CABLES["clean"](), lambda what: print(what, flush=True)) as faceplate:

        def press() -> None:
            faceplate.press()
            loop.call_later(PRESS_S, faceplate.release)

        loop.add_signal_handler(signal.SIGUSR1, press)
        await faceplate.run()


asyncio.run(main(Path(sys.argv[1])))
