"""The command line of the MQTT bridge: ``mycroft-mqtt``, or ``python -m bridges.mqtt``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
import logging
import os
from collections.abc import Sequence
from dataclasses import replace

from bridges.mqtt.config import NOT_CONFIGURED, MqttSettings, broker_of
from bus.daemon import log
from bus.daemon.config import Configuration, InForce
from bus.daemon.start import add_bus, add_configuration_commands, add_log_level, command_line, lean
from bus.errors import ConfigError, Exit

EXAMPLES = """\
examples:
  mycroft-mqtt run
  mycroft-mqtt run --bus ws://127.0.0.1:8181/core --log-level debug
  mycroft-mqtt check
  sudo mycroft-mqtt set mqtt.broker mqtts://broker.lan

exit codes: 0 done or not configured, 1 failed or something that Home Assistant refuses, 2 usage or configuration
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    if options.command in ("config", "set"):
        from bus.daemon import configure  # noqa: PLC0415  # the daemon has no use for it

        return configure.run(options, configure.Daemon("bridges.mqtt", parser, "run", _in_force))
    try:
        configuration = Configuration()
        log_level = configuration.log_level(options.log_level)
        bus_url = options.bus or configuration.websocket().url
        settings = configuration.section("mqtt", MqttSettings)
        broker = broker_of(settings, os.environ, configuration.place)
    except ConfigError as error:
        log.complain(str(error))
        return Exit.USAGE
    with lean(tls=bus_url.startswith("wss:") or (broker is not None and broker.tls)):
        from bus.daemon.runner import run  # noqa: PLC0415  # not before, see lean

        if options.command == "check":
            from bridges.mqtt.check import report  # noqa: PLC0415  # the daemon does without it

            async def print_report() -> int:
                lines, code = await report(bus_url, settings)
                print(*lines, sep="\n")
                return code

            return run(print_report, level=logging.ERROR)
        if broker is None:
            from bridges.off import stay_off  # noqa: PLC0415

            return stay_off(NOT_CONFIGURED)
        from bridges.mqtt.daemon import bridge  # noqa: PLC0415

    return run(lambda: bridge(bus_url, broker, settings), level=log_level)


def _in_force(configuration: Configuration, _: argparse.Namespace) -> InForce:
    """Raises ConfigError as the start does, but for the file of the password: most users may not read that."""
    settings = configuration.section("mqtt", MqttSettings)
    broker_of(replace(settings, password_file=None), {}, configuration.place)
    return InForce({"mqtt": settings})


def _parser() -> argparse.ArgumentParser:
    parser = command_line(
        "mycroft-mqtt",
        "Shows the device in Home Assistant, through an MQTT broker: volume, face, button and knob. "
        "It runs once mycroft.conf names a broker.",
        EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the bridge",
        description="Runs the bridge until it is stopped. The unit mycroft-mqtt.service does that.",
    )
    check = commands.add_parser(
        "check",
        help="print what is announced to Home Assistant",
        description="Prints the announcement of this device, and what Home Assistant would refuse of it.",
    )
    for command in (run_, check):
        add_bus(command)
        add_log_level(command)
    add_configuration_commands(commands, "the section mqtt")
    return parser


if __name__ == "__main__":
    sys.exit(main())
