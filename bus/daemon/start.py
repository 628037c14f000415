"""How our commands start: quickly, and with no more than they need. Imports no slow module itself."""

import argparse
import contextlib
import gc
import sys
from collections.abc import Iterator
from typing import Any

from bus.version import VERSION

MAX_PORT = 65535


@contextlib.contextmanager
def lean(*, tls: bool) -> Iterator[None]:
    """Wraps the imports of a program; without `tls`, OpenSSL cannot be imported from then on.

    asyncio loads OpenSSL where it is installed: 5 MiB and 8 ms, unused without TLS. So does hashlib, which has the
    same hashes without it. Imported modules stay, so the garbage collector does not look through them, now or
    later.
    """
    assert tls or "asyncio" not in sys.modules, "too late"
    for name in ("_hashlib",) if tls else ("_hashlib", "ssl"):
        sys.modules[name] = None  # type: ignore[assignment]  # so that an import fails
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def command_line(program: str, description: str, examples: str) -> argparse.ArgumentParser:
    """The parser of a program, to which its commands are to be added; `examples` stand below its help."""
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    return parser


def add_log_level(command: argparse.ArgumentParser) -> None:
    """Adds --log-level, a value for `Configuration.log_level`."""
    command.add_argument(
        "--log-level", metavar="LEVEL", help="debug, info, warning or error (log_level of mycroft.conf, or info)"
    )


def add_configuration_commands(commands: Any, sections: str) -> None:
    """Adds `config` and `set`, which `bus.daemon.configure` carries out, to the commands of a parser."""
    config = commands.add_parser(
        "config",
        help="show the configuration in force",
        description=f"Prints {sections} of the configuration with all values, hides secrets, and says where each "
        "value comes from: file and line, variable of the environment, flag of the running unit, profile of the "
        "board, or default.",
    )
    config.add_argument("--json", action="store_true", help="for programs to read")
    set_ = commands.add_parser(
        "set",
        help="change the configuration",
        description="Writes a value to /etc/mycroft/mycroft.conf, which the units read; without the packages, to "
        "the file of the user. It is checked before, as at the start of the daemon. Comments stay, and the value "
        "before is printed, as is what takes precedence over the new one. The daemon is not restarted; the "
        "command that does so is printed.",
    )
    set_.add_argument("key", metavar="KEY", help="such as enclosure.volume.max")
    set_.add_argument(
        "value",
        metavar="VALUE",
        help="JSON, or a text; - reads it from standard input, as for a password: all users see arguments",
    )


def add_bus(command: argparse.ArgumentParser) -> None:
    """Adds --bus; without it, the address is that of the section websocket."""
    command.add_argument(
        "--bus", type=bus_address, metavar="URL", help="address of the bus (that of the section websocket)"
    )


def bus_address(text: str) -> str:
    """The value of --bus, for argparse."""
    from urllib.parse import urlsplit  # noqa: PLC0415  # the bus itself has no use for it

    with contextlib.suppress(ValueError):  # not a port, or not an IPv6 address
        parts = urlsplit(text)
        network = text.startswith(("ws://", "wss://")) and parts.hostname and parts.port != 0
        if network or (text.startswith("unix:") and text != "unix:"):
            return text
    raise argparse.ArgumentTypeError(f"{text} is not a ws:, wss: or unix: address")


def port(text: str) -> int:
    """The value of --port and its like, for argparse; 0 takes a free one."""
    with contextlib.suppress(ValueError):
        if 0 <= (number := int(text)) <= MAX_PORT:
            return number
    raise argparse.ArgumentTypeError(f"{text} is not a port, which is a number from 0 to {MAX_PORT}")
