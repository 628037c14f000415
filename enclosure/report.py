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

from bus.daemon.config import FILES, json_or_text
from bus.daemon.configure import OWNERS, program
from bus.daemon.secrets import is_secret, without_secrets
from bus.daemon.unit import unit
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
    "daemons. Passwords and tokens are taken out, and so are pictures on the mouth, which may show a password. "
    "Look through it before you pass it on: it has names of this machine, its users and wifi networks, and with "
    '"log_level": "debug" the texts that the mouth showed.'
)

LIBRARIES = (
    *("dbus-fast", "gpiod", "msgspec", "paho-mqtt", "pillow", "pyalsaaudio", "pyee", "pyserial", "RPi.GPIO"),
    *("smbus2", "text-unidecode", "websockets"),
)

UNITS = "mycroft-*"

_SECRET_FILES = ("etc/mycroft/*password*", "etc/mycroft/*secret*", "etc/mycroft/*token*")
"""Each has one secret, which systemd hands to a daemon (systemd.exec(5), LoadCredential=)."""

_PAIRING = "var/lib/mycroft-hive/*.json"
"""The keys for a hub of HiveMind."""

_NETWORKS = "etc/NetworkManager/system-connections/*.nmconnection"

_STRING = r'"((?:[^"\\\n]|\\.)*)"'
_PAIR = re.compile(rf"{_STRING}\s*:\s*{_STRING}")
"""A key and its text in a mycroft.conf, also in one that is no valid JSON."""

_FACE_LINE = re.compile(r"^.*the faceplate: .*$", re.MULTILINE)
"""A line to or from the face, as `enclosure.faceplate.link` logs it."""

_PICTURE = re.compile(r"[A-P]{8,}")
"""A picture in such a line. A text that is too long for the firmware, such as a password, is shown as pictures."""

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
    text = without_secrets(text, secrets(root))
    return _FACE_LINE.sub(lambda line: _PICTURE.sub("(picture)", line[0]), text) + "\n"


def secrets(root: Path) -> set[str]:
    """What is configured as a secret, as far as this user may read it: a program may have logged it.

    With "log_level": "debug" the journal has the password of the hotspot as the mouth shows it.
    """
    files = [root / str(path.expanduser()).lstrip("/") for path in FILES]
    # A copy that an editor or a careful owner has made has a password that was in force.
    copies = [copy for file in files for copy in file.parent.glob(f"{file.name}*")]
    found = {value for path in (*copies, *root.glob(_PAIRING)) for value in _configured(_text(path))}
    for pattern in _SECRET_FILES:
        found |= {_text(path).strip() for path in root.glob(pattern)}
    found |= {value for path in root.glob(_NETWORKS) for value in _NETWORK_SECRET.findall(_text(path))}
    daemons = {f"mycroft-{module.rpartition('.')[2]}" for module in OWNERS.values()}
    for environment in (os.environ, *(unit(daemon).environment for daemon in daemons)):
        found |= {value for name, text in environment.items() for value in _given(name, text)}
    found |= {displayable(secret) for secret in found}
    return found | {written(secret)[1:-1] for secret in found for written in (json.dumps, repr)}


def _given(name: str, text: str) -> Iterator[str]:
    """The secrets in a variable of the environment."""
    if name.startswith("MYCROFT_"):
        value = json_or_text(text)
        yield from _of(name, value if isinstance(value, str) else text)
        yield from _configured(text)


def _configured(text: str) -> Iterator[str]:
    """The secrets in a mycroft.conf, and in the files that it names for them."""
    for key, raw in _PAIR.findall(text):
        try:
            yield from _of(key, json.loads(f'"{raw}"', strict=False))
        except ValueError:  # an invalid escape
            yield from _of(key, raw)


def _of(key: str, value: str) -> Iterator[str]:
    """The value of a key, or the content of the file that it names, if that is a secret."""
    if is_secret(key):
        yield value
    elif is_secret(re.sub("_file$", "", key, flags=re.IGNORECASE)):
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
