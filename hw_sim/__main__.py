"""The command line of the simulator: ``mycroft-sim``, or ``python -m hw_sim``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
import contextlib
import json
import logging
import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bus.daemon import log
from bus.daemon.runner import run
from bus.daemon.start import command_line, port
from bus.errors import Exit
from hw_sim.device import Ports, Run, lacking, run_device
from hw_sim.errors import SimulatorError
from hw_sim.faceplate import Faceplate
from hw_sim.links import CABLES, Cable
from hw_sim.tcp import served_port

EXAMPLES = """\
examples:
  mycroft-sim run
  mycroft-sim run --bus-port 8181 --face-port 8080
  mycroft-sim run --board respeaker_2mic
  mycroft-sim run --terminal
  mycroft-sim faceplate --link /tmp/faceplate
  mycroft-sim faceplate --tcp 7777
  mycroft-sim screenshot hi.png --send enclosure.mouth.text '{"text": "hi"}'
  mycroft-sim film spin.gif --seconds 3 --send enclosure.eyes.spin '{}'

exit codes: 0 done, 1 failed, 2 usage
"""


BOARD_HELP = "another board than the Mark 1: a name of its profile"

MAX_SECONDS = 60
"""Duration of a film; each second takes some 2 MB of memory."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    if options.command != "faceplate" and options.board is not None:
        from hw_sim.boards.device import BOARDS  # noqa: PLC0415  # a Mark 1 does without

        if options.board not in BOARDS:
            log.complain(f"there is no board {options.board}; there are: {', '.join(BOARDS)}")
            return Exit.USAGE
    if options.command in ("screenshot", "film"):
        return _record(options)
    cable = CABLES[options.cable]()
    if options.command == "run":
        ports = Ports(options.bus_port, options.face_port)
        if options.terminal:
            return _run_in_terminal(ports, cable, options.board)
        return run(lambda: simulate(ports, cable, options.board), level=logging.WARNING)
    if options.link is None and options.tcp is None:
        parser.error("faceplate needs --link or --tcp")
    if options.link is not None and options.link.exists() and not options.link.is_symlink():
        log.complain(f"{options.link} is in the way")
        return Exit.USAGE
    return run(lambda: faceplate(options.link, options.tcp, cable))


def _run_in_terminal(ports: Ports, cable: Cable, board: str | None) -> int:
    from hw_sim.terminal import Terminal  # noqa: PLC0415  # the other commands do without curses

    async def main() -> Exit:
        try:
            await _run_of_this_machine()(ports, cable, terminal.report, board, terminal.run)
        except* SimulatorError as errors:
            failures.extend(errors.exceptions)
        return Exit.FAILED

    failures: list[BaseException] = []
    try:
        with Terminal() as terminal:
            code = run(main, level=logging.WARNING)
    except ValueError as error:
        log.complain(str(error))
        return Exit.USAGE
    for failure in failures:
        log.complain(str(failure))
    return code


def _run_of_this_machine() -> Run:
    if not lacking():
        return run_device
    from hw_sim.one_process import run_in_one_process  # noqa: PLC0415  # with the daemons of tests

    return run_in_one_process


def _record(options: argparse.Namespace) -> Exit:
    from hw_sim import camera  # noqa: PLC0415  # the other commands do without Pillow

    log.start(logging.ERROR)
    try:
        if options.command == "screenshot":
            camera.screenshot(options.file, options.board, options.send, options.after)
        else:
            camera.film(options.file, options.board, options.send, options.seconds)
    except (OSError, SimulatorError) as error:
        log.complain(str(error))
        return Exit.FAILED
    return Exit.DONE


async def simulate(ports: Ports, cable: Cable, board: str | None) -> Exit:
    """Runs the whole device until it is stopped."""
    try:
        await _run_of_this_machine()(ports, cable, report, board, None)
    except* SimulatorError as errors:
        for error in errors.exceptions:
            log.complain(str(error))
    return Exit.FAILED


async def faceplate(link: Path | None, tcp_port: int | None, cable: Cable) -> Exit:
    """Runs the serial faceplate alone until it is stopped."""
    try:
        async with contextlib.AsyncExitStack() as stack:
            if link is None:
                link = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mycroft-sim-"))) / "faceplate"
            observe = partial(report, "face")
            # Other programs' lines may be too much for the published firmware; that is reported, and no more.
            device = await stack.enter_async_context(Faceplate(link, cable, observe, strict=False))
            tcp = ""
            if tcp_port is not None:
                tcp = f" tcp={await stack.enter_async_context(served_port(device, tcp_port))}"
            report("", f"ready serial={device.port} link={link}{tcp}")
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
    parser = command_line(
        "mycroft-sim",
        "A Mark 1 without the hardware. Changes nothing on the machine that it runs on.",
        EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the whole device",
        description="Runs the hardware, the three daemons on it, and a page that shows the face.",
    )
    run_.add_argument("--bus-port", type=port, default=8181, metavar="N", help="0 takes a free one (8181)")
    run_.add_argument("--face-port", type=port, default=8080, metavar="N", help="0 takes a free one (8080)")
    run_.add_argument(
        "--terminal", action="store_true", help="show the device in this terminal, with keys for its controls"
    )
    run_.add_argument("--board", metavar="NAME", help=BOARD_HELP)
    alone = commands.add_parser(
        "faceplate",
        help="run the serial faceplate alone",
        description="Runs the serial faceplate until it is stopped.",
    )
    alone.add_argument("--link", type=Path, metavar="PATH", help="a link to make that leads to its port")
    alone.add_argument(
        "--tcp",
        type=port,
        metavar="N",
        help="serve its port at 127.0.0.1 for socket:// of pyserial; 0 takes a free one",
    )
    for command in (run_, alone):
        command.add_argument("--cable", choices=CABLES, default="clean", help="what it does to the bytes (clean)")
    screenshot = commands.add_parser(
        "screenshot",
        help="make a picture of a device",
        description="Starts a device, sends it messages, and writes a PNG of its face or LEDs.",
    )
    screenshot.add_argument(
        "--after", type=_seconds, default=1.0, metavar="SECONDS", help="how long after the messages (1)"
    )
    film = commands.add_parser(
        "film",
        help="make a film of a device",
        description="Starts a device, sends it messages, and writes an animated GIF of its face or LEDs.",
    )
    film.add_argument("--seconds", type=_seconds, default=5.0, metavar="SECONDS", help="how long it is (5)")
    for command, ending in ((screenshot, ".png"), (film, ".gif")):
        command.add_argument(
            "file", type=partial(_file, ending), metavar="FILE", help=f"the file to write, which ends in {ending}"
        )
        command.add_argument(
            "--board", metavar="NAME", help="another board than the Mark 1: a name of its profile"
        )
        command.add_argument(
            "--send",
            nargs=2,
            action=_AppendMessage,
            default=[],
            metavar=("TYPE", "DATA"),
            help="a message to send, its data a JSON object; for several, give it again",
        )
    return parser


class _AppendMessage(argparse.Action):
    """Appends a type and its data."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, *_: Any
    ) -> None:
        msg_type, text = values
        try:
            data = json.loads(text)
        except ValueError as error:
            parser.error(f"{msg_type}: {text} is no JSON: {error}")
        if not isinstance(data, dict):
            parser.error(f"{msg_type}: {text} is no JSON object")
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), (msg_type, data)])


def _file(ending: str, text: str) -> Path:
    if not text.lower().endswith(ending):
        raise argparse.ArgumentTypeError(f"{text} does not end in {ending}, the only format that this can write")
    return Path(text)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"more than 0 and up to {MAX_SECONDS}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
