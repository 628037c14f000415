"""How our commands start: quickly, and with no more than they need. Imports no slow module itself."""

import argparse
import contextlib
import gc
import sys
from collections.abc import Iterator
from types import ModuleType

from bus.version import VERSION

MAX_PORT = 65535

_METADATA = "importlib.metadata"


@contextlib.contextmanager
def lean(*, tls: bool) -> Iterator[None]:
    """Wraps the imports of a program; without `tls`, OpenSSL cannot be imported from then on.

    asyncio and hashlib load OpenSSL where it is installed: 5 MiB and 8 ms, unused without TLS. websockets.version
    loads importlib.metadata, with zipfile and tempfile: 0.8 MiB and 19 ms, for its development versions only.
    Imported modules stay, so the garbage collector does not look through them, now or later.
    """
    if not tls:
        assert "asyncio" not in sys.modules, "too late"
        for name in ("ssl", "_hashlib"):
            sys.modules[name] = None  # type: ignore[assignment]  # so that an import fails
    unused = ModuleType(_METADATA)
    sys.modules.setdefault(_METADATA, unused)
    gc.disable()
    yield
    if sys.modules.get(_METADATA) is unused:
        del sys.modules[_METADATA]
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
