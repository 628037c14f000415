"""How our commands start: quickly, and with no more than they need. Imports nothing that takes time itself."""

import argparse
import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def lean(*, tls: bool) -> Iterator[None]:
    """Wraps the imports of a program that stays; without `tls` it does without OpenSSL, for good.

    asyncio and hashlib load OpenSSL where it is there, 5 MiB and 8 ms for nothing where nobody wants TLS. What
    is imported stays, so that there is no garbage among it to look for, now or later.
    """
    if not tls:
        assert "asyncio" not in sys.modules, "too late"
        for name in ("ssl", "_hashlib"):
            sys.modules[name] = None  # type: ignore[assignment]  # so that an import fails
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def bus_address(text: str) -> str:
    """The value of --bus, for argparse."""
    if not text.startswith(("ws://", "wss://", "unix:")):
        raise argparse.ArgumentTypeError(f"{text} is not a ws:, wss: or unix: address")
    return text
