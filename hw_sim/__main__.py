"""The command line of the simulator: ``mycroft-sim``, or ``python -m hw_sim``."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is quiet, also during the imports

from bus.daemon import log
from bus.daemon.runner import run
from bus.daemon.start import port
from bus.errors import Exit
from bus.version import VERSION
from hw_sim.device import Ports, run_device
from hw_sim.errors import SimulatorError
from hw_sim.faceplate import Faceplate
from hw_sim.links import CABLES, Cable

EXAMPLES = """\
examples:
  mycroft-sim run
  mycroft-sim run --bus-port 8181 --face-port 8080
  mycroft-sim run --board respeaker_2mic
  mycroft-sim faceplate --link /tmp/faceplate

exit codes: 0 done, 1 failed, 2 usage
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    cable = CABLES[options.cable]()
    if options.command == "run":
        if options.board is not None:
            from hw_sim.boards.device import BOARDS  # noqa: PLC0415  # a Mark 1 does without

            if options.board not in BOARDS:
                log.complain(f"there is no board {options.board}; there are: {', '.join(BOARDS)}")
                return Exit.USAGE
        ports = Ports(options.bus_port, options.face_port)
        return run(lambda: simulate(ports, cable, options.board), level=logging.WARNING)
    if options.link.exists() and not options.link.is_symlink():
        log.complain(f"{options.link} is in the way")
        return Exit.USAGE
    return run(lambda: faceplate(options.link, cable))


async def simulate(ports: Ports, cable: Cable, board: str | None) -> Exit:
    """Runs the whole device until it is stopped."""
    try:
        await run_device(ports, cable, report, board)
    except* SimulatorError as errors:
        for error in errors.exceptions:
            log.complain(str(error))
    return Exit.FAILED


async def faceplate(link: Path, cable: Cable) -> Exit:
    """Runs the serial faceplate alone until it is stopped."""
    async with Faceplate(link, cable, lambda text: report("face", text)) as device:
        report("", f"ready serial={device.port} link={link}")
        try:
            await device.run()
        except SimulatorError as error:
            log.complain(str(error))
    return Exit.FAILED


def report(source: str, what: str) -> None:
    """Prints an event with its time and source; one without a source is a line for programs."""
    if source:
        what = f"{datetime.now().astimezone():%H:%M:%S.%f}"[:-3] + f" {source:<9} {what}"
    print(what, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mycroft-sim",
        description="A Mark 1 without the hardware. Changes nothing on the machine that it runs on.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the whole device",
        description="Runs the hardware, the three daemons on it, and a page that shows the face.",
    )
    run_.add_argument("--bus-port", type=port, default=8181, metavar="N", help="0 takes a free one (8181)")
    run_.add_argument("--face-port", type=port, default=8080, metavar="N", help="0 takes a free one (8080)")
    run_.add_argument("--board", metavar="NAME", help="another board than the Mark 1: a name of its profile")
    alone = commands.add_parser(
        "faceplate",
        help="run the serial faceplate alone",
        description="Runs the serial faceplate until it is stopped.",
    )
    alone.add_argument(
        "--link", type=Path, required=True, metavar="PATH", help="a link to make that leads to its port"
    )
    for command in (run_, alone):
        command.add_argument("--cable", choices=CABLES, default="clean", help="what it does to the bytes (clean)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
