"""The command line of the portal: ``mycroft-portal``, or ``python -m admin.portal``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
from collections.abc import Sequence
from pathlib import Path

from bus.daemon import log
from bus.daemon.start import command_line, lean, port

ADMIN = Path("/run/mycroft-admin/portal.sock")
"""Where the admin service listens during a setup."""

EXAMPLES = """\
examples:
  mycroft-portal run
  mycroft-portal run --port 8082 --admin /tmp/portal.sock  # for tests

exit codes: 0 done, 1 failed, 2 usage
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    with lean(tls=False):
        from admin.portal.app import portal  # noqa: PLC0415  # not before, see lean
        from bus.daemon.runner import run  # noqa: PLC0415

    return run(lambda: portal(options.admin, options.port))


def _parser() -> argparse.ArgumentParser:
    parser = command_line(
        "mycroft-portal",
        "Serves the page on which a phone gives this device a wifi network. "
        "It asks the admin service, which does all the rest.",
        EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run_ = commands.add_parser(
        "run",
        help="run the service",
        description="Serves the page until it is stopped. The unit mycroft-portal.socket starts it, "
        "during a wifi setup.",
    )
    run_.add_argument(
        "--port",
        type=port,
        metavar="N",
        help="for development: listen on 127.0.0.1",
    )
    run_.add_argument(
        "--admin", type=Path, metavar="PATH", default=ADMIN, help=f"socket of the admin service ({ADMIN})"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
