"""The command line of the enclosure daemon: ``mycroft-enclosure``, or ``python -m enclosure``."""

import argparse
import sys
from collections.abc import Sequence

from bus.config import Configuration, WebSocketSettings
from bus.errors import ConfigError
from bus.service import Exit, run
from enclosure.app import enclosure
from enclosure.config import EnclosureSettings, load_profile, profile_names

EXAMPLES = """\
examples:
  mycroft-enclosure run
  mycroft-enclosure run --profile mycroft_mark_1 --serial /dev/ttyAMA0
  mycroft-enclosure run --bus ws://127.0.0.1:8181/core --serial /dev/pts/3
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        configuration = Configuration()
        websocket = configuration.section("websocket", WebSocketSettings, strict=False)
        settings = configuration.section(
            "enclosure", EnclosureSettings, platform=options.profile, port=options.serial
        )
        profile = load_profile(settings.platform)
    except ConfigError as error:
        print(f"mycroft-enclosure: {error}", file=sys.stderr)
        return Exit.USAGE
    return run(
        lambda: enclosure(
            options.bus or websocket.url,
            profile,
            settings.port or profile.serial_port,
            settings.rate or profile.serial_rate,
            settings.mixer,
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mycroft-enclosure",
        description="Turns knob, button, faceplate and sound level into bus messages, and back.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the daemon",
        description="Runs until it is stopped. Waits for a bus and a serial port that are not there yet.",
    )
    run_.add_argument("--bus", metavar="URL", help="(ws://127.0.0.1:8181/core)")
    run_.add_argument("--serial", metavar="PATH", help="serial port of the faceplate (that of the profile)")
    run_.add_argument("--profile", metavar="NAME", help=f"kind of board, one of: {', '.join(profile_names())}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
