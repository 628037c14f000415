"""The command line of the voice bridge: ``mycroft-voice``, or ``python -m bridges.voice``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
from collections.abc import Sequence

from bridges.voice.config import NOT_CONFIGURED, VoiceSettings, satellite_of
from bus.daemon import log
from bus.daemon.config import Configuration, InForce
from bus.daemon.start import add_bus, add_configuration_commands, add_log_level, command_line, lean
from bus.errors import ConfigError, Exit

EXAMPLES = """\
examples:
  mycroft-voice run
  mycroft-voice run --bus ws://127.0.0.1:8181/core --log-level debug
  sudo mycroft-voice set voice.peripheral_api ws://127.0.0.1:6055

exit codes: 0 done or not configured, 1 failed, 2 usage or configuration
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    if options.command in ("config", "set"):
        from bus.daemon import configure  # noqa: PLC0415  # the daemon has no use for it

        return configure.run(options, configure.Daemon("bridges.voice", parser, "run", _in_force))
    try:
        configuration = Configuration()
        log_level = configuration.log_level(options.log_level)
        bus_url = options.bus or configuration.websocket().url
        satellite = satellite_of(configuration.section("voice", VoiceSettings), configuration.place)
    except ConfigError as error:
        log.complain(str(error))
        return Exit.USAGE
    with lean(tls=bus_url.startswith("wss:")):
        from bus.daemon.runner import run  # noqa: PLC0415  # not before, see lean

        if satellite is None:
            from bridges.off import stay_off  # noqa: PLC0415

            return stay_off(NOT_CONFIGURED)
        from bridges.voice.daemon import bridge  # noqa: PLC0415

    return run(lambda: bridge(bus_url, satellite), level=log_level)


def _in_force(configuration: Configuration, _: argparse.Namespace) -> InForce:
    """Raises ConfigError as the start does."""
    settings = configuration.section("voice", VoiceSettings)
    satellite_of(settings, configuration.place)
    return InForce({"voice": settings})


def _parser() -> argparse.ArgumentParser:
    parser = command_line(
        "mycroft-voice",
        "Makes the device the face, the button and the mute switch of a voice satellite of Home Assistant: "
        "linux-voice-assistant or wyoming-satellite. It runs once mycroft.conf names one.",
        EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the bridge",
        description="Runs the bridge until it is stopped. The unit mycroft-voice.service does that.",
    )
    add_bus(run_)
    add_log_level(run_)
    add_configuration_commands(commands, "the section voice")
    return parser


if __name__ == "__main__":
    sys.exit(main())
