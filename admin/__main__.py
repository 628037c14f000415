"""The command line of the admin service: ``mycroft-admin``, or ``python -m admin``."""

import argparse
import signal
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is quiet, also during the imports

from bus.daemon import log
from bus.daemon.config import Configuration, WebSocketSettings
from bus.daemon.start import lean
from bus.errors import ConfigError, Exit
from bus.version import VERSION

EXAMPLES = """\
examples:
  mycroft-admin run
  mycroft-admin run --bus ws://127.0.0.1:8181/core --dbus unix:path=/run/dbus/system_bus_socket

exit codes: 0 done, 1 failed, 2 usage or configuration
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        configuration = Configuration()
        websocket = configuration.section("websocket", WebSocketSettings, strict=False)
        log_level = configuration.log_level(options.log_level)
    except ConfigError as error:
        log.complain(f"mycroft-admin: {error}")
        return Exit.USAGE
    bus_url = options.bus or websocket.url
    with lean(tls=bus_url.startswith("wss:")):
        from admin.app import admin  # noqa: PLC0415  # not before, see lean
        from bus.daemon.runner import run  # noqa: PLC0415

    return run(lambda: admin(bus_url, options.dbus), level=log_level)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mycroft-admin",
        description="Restarts the machine, switches ssh on and off and sets the clock when the bus asks for it. "
        "The bus takes such messages from root and from members of the group mycroft-admin.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the service",
        description="Runs the service until it is stopped. The unit mycroft-admin.service does that.",
    )
    run_.add_argument("--bus", metavar="URL", help="ws:, wss: or unix: (ws://127.0.0.1:8181/core)")
    run_.add_argument("--dbus", metavar="ADDRESS", help="D-Bus address (that of the system bus)")
    run_.add_argument(
        "--log-level", metavar="LEVEL", help="debug, info, warning or error (log_level of mycroft.conf, or info)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
