"""A report for a bug tracker, in one text file that its sender can look through: `mycroft-enclosure report`."""

import importlib.metadata
import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bus.daemon.config import FILES
from bus.daemon.configure import program
from bus.daemon.secrets import is_secret, without_secrets
from bus.version import VERSION
from enclosure.doctor.files import read
from enclosure.faceplate.text import displayable

MAX_PART = 1_000_000
"""Characters of one part, the last ones: of the journal they count most."""

LINES = 3000
"""Lines of the journal, some days on a device that is well."""

TIMEOUT_S = 120.0
"""For one part; the doctor takes 10 s on a device whose face is silent."""

CONTENTS = (
    "Versions, units, configuration, the findings of the doctor, the clients of the bus, and the journal of the "
    "daemons. Passwords and tokens are taken out. Look through it before you pass it on: it has names of this "
    'machine, its users and wifi networks, and with "log_level": "debug" what was said to the device.'
)

LIBRARIES = (
    *("dbus-fast", "gpiod", "msgspec", "paho-mqtt", "pillow", "pyalsaaudio", "pyee", "pyserial", "RPi.GPIO"),
    *("smbus2", "text-unidecode", "websockets"),
)

UNITS = "mycroft-*"

_SECRET_FILES = ("etc/mycroft/*password*", "etc/mycroft/*secret*", "etc/mycroft/*token*")
"""Each has one secret, which systemd hands to a daemon (systemd.exec(5), LoadCredential=)."""

_NETWORKS = "etc/NetworkManager/system-connections/*.nmconnection"

_STRING = r'"((?:[^"\\\n]|\\.)*)"'
_PAIR = re.compile(rf"{_STRING}\s*:\s*{_STRING}")
"""A key and its text in a mycroft.conf, also in one that is no valid JSON."""

_NETWORK_SECRET = re.compile(r"^(?:psk|password|wep-key\d|pin)=(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a report: what a program prints, its errors included."""

    title: str
    command: Sequence[str] | None
    """None: the program is not installed."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


def report(root: Path = Path("/")) -> str:
    """The report of this machine. `root` is where its files are."""
    parts = (
        _Part("packages", ("dpkg-query", "--show", UNITS)),
        _Part("units", ("systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", UNITS)),
        _Part("configuration in force", *_ours("bus", "config")),
        _Part("findings of the doctor", *_ours("enclosure", "doctor")),
        _Part("clients of the bus", *_ours("bus", "status")),
        _Part(
            f"journal, the last {LINES} lines",
            (
                "journalctl",
                "--unit",
                UNITS,
                "--lines",
                str(LINES),
                "--output=short-iso",
                "--no-hostname",
                "--no-pager",
            ),
        ),
    )
    with ThreadPoolExecutor(len(parts)) as pool:
        printed = pool.map(_printed, parts)
    written = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    titled = [(part.title, text) for part, text in zip(parts, printed, strict=True)]
    text = "\n".join(
        [f"Report of mycroft-enclosure {VERSION}, {written}", CONTENTS]
        + [f"\n=== {title} ===\n{part}" for title, part in [("versions", "\n".join(_versions(root))), *titled]]
    )
    return without_secrets(text, secrets(root)) + "\n"


def secrets(root: Path) -> set[str]:
    """What is configured as a secret, as far as this user may read it: a program may have logged it.

    With "log_level": "debug" the journal has the password of the hotspot as the mouth shows it.
    """
    files = (*(root / str(path.expanduser()).lstrip("/") for path in FILES),)
    found = {value for path in files for value in _configured(_text(path))}
    for pattern in _SECRET_FILES:
        found |= {_text(path).strip() for path in root.glob(pattern)}
    found |= {value for path in root.glob(_NETWORKS) for value in _NETWORK_SECRET.findall(_text(path))}
    found |= {displayable(secret) for secret in found}
    return found | {json.dumps(secret)[1:-1] for secret in found}


def _configured(text: str) -> Iterator[str]:
    """The secrets in a mycroft.conf, and in the files that it names for them."""
    for key, raw in _PAIR.findall(text):
        try:
            value = json.loads(f'"{raw}"', strict=False)
        except ValueError:  # an invalid escape
            value = raw
        if is_secret(key):
            yield value
        elif is_secret(key.removesuffix("_file")):
            yield _text(Path(value)).strip()


def _versions(root: Path) -> Iterator[str]:
    yield f"mycroft-enclosure {VERSION} in {Path(__file__).parents[1]}"
    yield f"Python {platform.python_version()}, {platform.system()} {platform.release()}, {platform.machine()}"
    names = dict(re.findall(r'^(\w+)="?(.*?)"?$', _text(root / "etc/os-release"), re.MULTILINE))
    yield names.get("PRETTY_NAME", "no /etc/os-release")
    yield _text(root / "proc/device-tree/model").strip("\0\n") or "no Raspberry Pi"
    for name in LIBRARIES:
        try:
            yield f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield f"{name} is not installed"


def _ours(module: str, command: str) -> tuple[Sequence[str] | None, Mapping[str, str]]:
    found, environment = program(module)
    return found and (*found, command), environment


def _printed(part: _Part) -> str:
    if part.command is None:
        return "it is not installed"
    try:
        done = subprocess.run(
            part.command,
            env=part.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        return f"there is no {part.command[0]}"
    except subprocess.TimeoutExpired:
        return f"it took longer than {TIMEOUT_S:.0f} s"
    text = done.stdout.decode(errors="replace").strip()
    end = f"\n(exit code {done.returncode})" if done.returncode else ""
    return ("(the beginning is left out)\n" if len(text) > MAX_PART else "") + text[-MAX_PART:] + end


def _text(path: Path) -> str:
    """The beginning of a file; empty where there is none, or this user may not read it."""
    try:
        return read(path) or ""
    except (OSError, ValueError):  # ValueError: a path with \\0
        return ""
