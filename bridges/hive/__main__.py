"""The command line of the HiveMind bridge: ``mycroft-hive``, or ``python -m bridges.hive``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
from collections.abc import Sequence
from pathlib import Path

from bridges.hive.config import INCOMPLETE, NOT_CONFIGURED, HiveSettings, hub_of, rights_of
from bus.daemon import log
from bus.daemon.config import Configuration, InForce
from bus.daemon.start import add_bus, add_configuration_commands, add_log_level, command_line, lean
from bus.errors import ConfigError, Exit

FOLDER = Path("/var/lib/mycroft-hive")

EXAMPLES = """\
examples:
  mycroft-hive run
  mycroft-hive run --bus ws://127.0.0.1:8181/core --state ~/hive --log-level debug
  sudo mycroft-hive set hive.hub ws://hub.lan
  sudo mycroft-hive pair

exit codes: 0 done or not configured, 1 failed, 2 usage, configuration or not paired
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    if options.command in ("config", "set"):
        from bus.daemon import configure  # noqa: PLC0415  # the daemon has no use for it

        return configure.run(options, configure.Daemon("bridges.hive", parser, "run", _in_force))
    try:
        configuration = Configuration()
        log_level = configuration.log_level(options.log_level)
        bus_url = options.bus or configuration.websocket().url
        settings = configuration.section("hive", HiveSettings)
        hub = hub_of(settings, configuration.place)
        rights = rights_of(settings, configuration.place)
        if hub is None and options.command == "pair":
            raise ConfigError(NOT_CONFIGURED)
    except ConfigError as error:
        log.complain(str(error))
        return Exit.USAGE
    with lean(tls=bus_url.startswith("wss:") or (hub is not None and hub.tls)):
        from bus.daemon.runner import run  # noqa: PLC0415  # not before, see lean

        if hub is None:
            from bridges.off import stay_off  # noqa: PLC0415

            return stay_off(NOT_CONFIGURED)
        try:
            if options.command == "pair":
                from bridges.hive.pair import become_owner, pair  # noqa: PLC0415  # the daemon does without it
            else:
                from bridges.hive.daemon import bridge  # noqa: PLC0415
                from bridges.hive.pairing import load  # noqa: PLC0415
        except ImportError as error:
            log.complain(f"{INCOMPLETE} ({error})")
            return Exit.USAGE

    if options.command == "pair":

        async def print_pairing() -> None:
            become_owner(options.state)
            print(*await pair(hub, *_credentials(), options.state, rights), sep="\n")

        return run(print_pairing, level=log_level)
    return run(lambda: bridge(bus_url, hub, rights, load(options.state, hub.url)), level=log_level)


def _in_force(configuration: Configuration, _: argparse.Namespace) -> InForce:
    """Raises ConfigError as the start does."""
    settings = configuration.section("hive", HiveSettings)
    hub_of(settings, configuration.place)
    rights_of(settings, configuration.place)
    return InForce({"hive": settings})


def _credentials() -> tuple[str, str]:
    """Access key and password: asked for on a terminal, else two lines of standard input. Raises ConfigError."""
    import getpass  # noqa: PLC0415  # the daemon does without it

    if sys.stdin.isatty():
        answers = input("Access key: "), getpass.getpass("Password: ")
    else:
        answers = sys.stdin.readline(), sys.stdin.readline()
    access_key, password = (answer.strip("\r\n") for answer in answers)
    if not access_key or not password:
        raise ConfigError("an access key and a password are needed, as hivemind-core add-client prints them")
    return access_key, password


def _parser() -> argparse.ArgumentParser:
    parser = command_line(
        "mycroft-hive",
        "Makes the device a satellite of a HiveMind hub: what is said to it is answered there, and the hub uses "
        "its face, voice and volume. It runs once mycroft.conf names a hub, and the device is paired with it.",
        EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the bridge",
        description="Runs the bridge until it is stopped. The unit mycroft-hive.service does that.",
    )
    pair_ = commands.add_parser(
        "pair",
        help="pair the device with the hub",
        description="Asks for the access key and the password that the hub has for this device, has both prove "
        "who they are, and prints what is to be allowed on the hub. A device that was paired keeps its key.",
    )
    add_bus(run_)
    pair_.set_defaults(bus=None)
    for command in (run_, pair_):
        command.add_argument(
            "--state", type=Path, default=FOLDER, metavar="FOLDER", help=f"where the pairing is kept ({FOLDER})"
        )
        add_log_level(command)
    add_configuration_commands(commands, "the section hive")
    return parser


if __name__ == "__main__":
    sys.exit(main())
