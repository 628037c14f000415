"""``mycroft-admin plan-reset``: what a factory reset would wipe. It changes nothing."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

OWNER_UID = 1000
"""Of mycroft-reset@.service."""

WIPED = Path(__file__).parent / "root/wiped"
"""Flag and path in each line; the unit reads the same file."""

_OF_ROOT = (
    "wipe_configs, too:",
    "  the known wifi networks (nmcli connection lists them)",
    "  ssh is disabled, and its host keys /etc/ssh/ssh_host_* are replaced",
    "  what the enclosure remembers in /var/lib/mycroft-enclosure, such as the volume",
)


def plan(home: Path | None, path: Path = WIPED) -> Iterator[str]:
    """The lines to print; `home` is that of the owner."""
    if home is None:
        yield f"There is no user with the number {OWNER_UID}; a drop-in of mycroft-reset@.service names another."
    kind = None
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            continue
        flag, _, name = line.partition(" ")
        if flag != kind:
            kind = flag
            yield f"wipe_{kind}:"
        yield f"  {home / name if home else f'~/{name}'}{_state(home, name)}"
    yield from _OF_ROOT


def home_of_owner() -> Path | None:
    """The home of the user whose assistant is reset; None if there is no such user."""
    try:
        return Path(pwd.getpwuid(OWNER_UID).pw_dir)
    except KeyError:
        return None


def _state(home: Path | None, name: str) -> str:
    if home is None or not os.access(home, os.X_OK):
        return ""
    if not os.path.lexists(home / name):
        return " (there is none)"
    folder = (home / name).parent
    return "" if folder.resolve() == folder else f" (NOT wiped: {folder} leads elsewhere)"
