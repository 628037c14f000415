"""The command line of the admin service: ``mycroft-admin``, or ``python -m admin``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from admin.config import AdminSettings
from bus.daemon import log
from bus.daemon.config import Configuration, InForce
from bus.daemon.start import add_configuration_commands, add_log_level, bus_address, command_line, lean
from bus.errors import ConfigError, Exit

BUS = "unix:/run/mycroft/bus.sock"
"""Where mycroft-bus.socket listens."""

EXAMPLES = """\
examples:
  mycroft-admin run
  mycroft-admin run --bus unix:/tmp/bus.sock --dbus unix:path=/tmp/dbus.sock  # for tests
  sudo mycroft-admin plan-reset
  sudo mycroft-admin set admin.wifi.ssid kitchen

exit codes: 0 done, 1 failed, 2 usage or configuration
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "plan-reset":
        from admin.plan import home_of_owner, plan  # noqa: PLC0415  # the service has no use for it

        print(*plan(home_of_owner()), sep="\n")
        return Exit.DONE
    log.start(program=parser.prog)
    if options.command in ("config", "set"):
        from bus.daemon import configure  # noqa: PLC0415  # the service has no use for it

        return configure.run(options, configure.Daemon("admin", parser, "run", _in_force))
    try:
        configuration = Configuration()
        log_level = configuration.log_level(options.log_level)
        settings = configuration.section("admin", AdminSettings)
        lang = configuration.lang()
    except ConfigError as error:
        log.complain(str(error))
        return Exit.USAGE
    runtime = os.environ.get("RUNTIME_DIRECTORY")  # from systemd
    with lean(tls=options.bus.startswith("wss:")):
        from admin.app import admin  # noqa: PLC0415  # not before, see lean
        from bus.daemon.runner import run  # noqa: PLC0415

    folder = Path(runtime) if runtime else None
    return run(lambda: admin(options.bus, options.dbus, folder, settings, lang), level=log_level)


def _in_force(configuration: Configuration, _: argparse.Namespace) -> InForce:
    return InForce({"admin": configuration.section("admin", AdminSettings)})


def _parser() -> argparse.ArgumentParser:
    parser = command_line(
        "mycroft-admin",
        "Changes the machine when the bus asks for it: restart, wifi, ssh, clock, language, update "
        "and factory reset. It obeys root and the members of the group mycroft-admin, and no other bus than that "
        "of this package.",
        EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the service",
        description="Runs the service until it is stopped. The unit mycroft-admin.service does that.",
    )
    run_.add_argument(
        "--bus",
        type=bus_address,
        metavar="URL",
        default=BUS,
        help=f"for development: another bus than {BUS}. At unix:PATH the user who runs it is still verified: "
        "root, mycroft or the caller. At a ws: or wss: address it is not, and any program that serves it can have "
        "this machine restarted",
    )
    run_.add_argument("--dbus", metavar="ADDRESS", help="D-Bus address (that of the system bus)")
    add_log_level(run_)
    add_configuration_commands(commands, "the section admin")
    commands.add_parser(
        "plan-reset",
        help="list what a factory reset would wipe",
        description="Lists what a factory reset would wipe, by flag of system.factory.reset. Changes nothing.",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
