"""What our commands do before they import anything else. Imports no slow module itself."""

import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

SELDOM_USED = frozenset(
    {
        "ast",  # by inspect, which asyncio and dataclasses load
        "asyncio.sslproto",  # by asyncio
        "bz2",  # by shutil, which argparse loads
        "importlib.metadata",  # by websockets.version, for development versions
        "ipaddress",  # by urllib.parse, for IPv6
        "lzma",  # by shutil
        "msgspec.inspect",  # by msgspec
        "stringprep",  # by encodings.idna, for names that are not ASCII
        "tokenize",  # by inspect
        "urllib.request",  # by paho, for proxies; loads http.client and email
    }
)
"""Modules that libraries import and that a daemon rarely or never uses: 2.5 MB in the bridge to MQTT."""


def is_program(module: str) -> bool:
    """Whether a module is what runs, by `python -m` or by the script of one of our commands; a test imports it."""
    return module == "__main__" or sys.argv[0].rpartition("/")[2].startswith("mycroft-")


def begin() -> None:
    """Has Ctrl-C end the process without a traceback, and each of SELDOM_USED loaded when it is first used."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.meta_path.insert(0, _Deferring())


class _Deferring:
    """Finder of SELDOM_USED (importlib.abc.MetaPathFinder)."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module with a loader that waits for the first use of an attribute; None for any other module."""
        spec = PathFinder.find_spec(name, path, target) if name in SELDOM_USED else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec
