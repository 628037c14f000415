"""The commands `config` and `set`, which each daemon's program has for its own sections of mycroft.conf."""

import argparse
import contextlib
import fcntl
import json
import logging
import os
import shlex
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bus.daemon import commented_json, log
from bus.daemon.config import FILES, SECTIONS, Configuration, InForce, hint, json_or_text, names_of
from bus.daemon.secrets import HIDDEN, is_secret, without_login
from bus.daemon.unit import Unit, unit
from bus.errors import ConfigError, Exit
from bus.message import clip, printable

OWNERS = {**SECTIONS, "log_level": "bus"}
"""The module of the program that checks a key, by its first name."""

INSTALLED = Path("/usr/lib/mycroft-enclosure")
"""Where the packages put the programs; each package has its own, so some may not be there."""

_ROOT = Path(__file__).parents[2]
"""The folder of all programs."""

_SYSTEM_FILE, _USER_FILE = FILES[-2:]

_ABOVE_FILES = ("MYCROFT_", "flag", "--log-level")
"""How the origins of values begin that take precedence over files."""

LIST_AS_JSON = """JSON in quotes, such as '["a", "b"]'"""
OBJECT_AS_JSON = """JSON in quotes, such as '{"a": 1}'"""

_AS_JSON = {
    "Expected `bool": "true or false",
    "Expected `array": LIST_AS_JSON,
    "Expected `object": OBJECT_AS_JSON,
}
"""What to type, by what is wrong with a text."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon of which the configuration is shown or changed."""

    module: str
    parser: argparse.ArgumentParser
    command: str
    """The command of the parser that runs it."""
    read: Callable[[Configuration, argparse.Namespace], InForce]
    """Its settings, as at its start, from the configuration and its flags. Raises ConfigError."""


class Value(msgspec.Struct, frozen=True):
    """One value in force."""

    key: str
    value: Any
    origin: str
    """File and line, variable, flag, profile or "default"."""

    def __str__(self) -> str:
        return printable(clip(json.dumps(self.value, ensure_ascii=False)))


@dataclass(frozen=True, slots=True)
class _View:
    """What a daemon reads: that of the unit, where there is one, else that of the caller."""

    daemon: Daemon
    files: Sequence[Path]
    environment: Mapping[str, str]
    flags: argparse.Namespace
    unit: Unit = field(default_factory=Unit)
    closed: Sequence[Path] = ()
    """The files that the user of the unit may not read."""

    def configuration(self, candidates: Mapping[Path, bytes] | None = None) -> Configuration:
        """The configuration, with `candidates` in place of what is in these files. Raises ConfigError."""
        files = [file for file in self.files if file not in self.closed or file in (candidates or {})]
        return Configuration(files, self.environment, candidates)

    def values(self, configuration: Configuration) -> dict[str, Value]:
        """All values by key, those of secrets hidden. Raises ConfigError."""
        found = self.daemon.read(configuration, self.flags)
        values = {}
        for names, value in _leaves(msgspec.to_builtins(found.sections)):
            key = ".".join(names)
            origin = found.elsewhere.get(key) or configuration.origin(names) or "default"
            values[key] = Value(key, _shown(key, value), origin)
        return values

    def problem(self, file: Path) -> str:
        """What is wrong with a file that the user of the unit may not read, and what mends it."""
        return f"{file}: the user {self.unit.user} of the unit may not read it: sudo chmod a+r {file}"


def run(options: argparse.Namespace, daemon: Daemon, *, others: bool = False) -> int:
    """Carries out `config` or `set`; `others` shows the sections of the other programs, too."""
    try:
        if options.command == "set":
            return _set(daemon, options.key, options.value)
        return _show(daemon, as_json=options.json, others=others)
    except ConfigError as error:
        log.complain(str(error))
        return Exit.USAGE


def program(module: str) -> tuple[Sequence[str] | None, Mapping[str, str]]:
    """The command and environment of another program of ours; no command where it is not installed."""
    if not (_ROOT / module.replace(".", "/") / "__main__.py").exists():
        return None, {}
    return (sys.executable, "-m", module), {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"}


def _show(daemon: Daemon, *, as_json: bool, others: bool) -> Exit:
    if as_json:
        log.start(logging.ERROR)
    view = _view(daemon)
    for file in view.closed:
        log.complain(view.problem(file))
    values = list(view.values(view.configuration()).values())
    code = Exit.DONE
    modules = sorted({*OWNERS.values()} - {daemon.module}) if others else []
    for process in [process for module in modules if (process := _ask(module))]:  # all of them start at once
        printed, _ = process.communicate()
        if process.returncode:
            code = Exit.USAGE  # it has said why
        else:
            values += msgspec.json.decode(printed, type=list[Value])
    if as_json:
        print(msgspec.json.encode(values).decode())
        return code
    rows = [(value.key, str(value), printable(value.origin)) for value in values]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for key, shown, origin in rows:
        print(f"{key:{widths[0]}}  {shown:{min(widths[1], 40)}}  {origin}")
    if _is_installed():
        print(f"As the units have it, which do not read {_USER_FILE}.")
    return code


def _set(daemon: Daemon, key: str, text: str) -> int:
    log.start(logging.ERROR)  # a warning about the rest of the file is not about this value
    section = key.partition(".")[0]
    if section not in OWNERS:
        raise ConfigError(f"{key}: unknown key{hint(section, OWNERS)}")
    if (module := OWNERS[section]) != daemon.module:
        command, environment = program(module)
        if command is None:
            raise ConfigError(f"{key}: the program that reads it is not installed")
        return subprocess.run([*command, "set", key, text], env=environment, check=False).returncode
    try:
        given = sys.stdin.read().removesuffix("\n") if text == "-" else text
        f"{key}{given}".encode()
    except UnicodeError as error:
        raise ConfigError(f"{key}: key or value is not UTF-8") from error
    path = (_SYSTEM_FILE if _is_installed() else _USER_FILE).expanduser()
    target = Path(os.path.realpath(path))  # a link stays one
    view = _view(daemon)
    try:
        _make_folder(target.parent)
        with _locked(target.parent):
            raw = target.read_bytes() if target.exists() else b""
            before: Mapping[str, Value] = {}
            with contextlib.suppress(ConfigError):  # which this may mend
                before = view.values(view.configuration())
            written, after = _checked(path, raw, key, given, view)
            _replace(target, written)
    except PermissionError as error:
        shown = "-" if is_secret(key) else text
        again = shlex.join(("sudo", daemon.parser.prog, "set", key, shown))
        log.complain(f"{path}: {error.strerror}; as root: {again}")
        return Exit.FAILED
    except OSError as error:
        log.complain(f"{path}: {error.strerror}")
        return Exit.FAILED
    changes = list(_changes(path, key, before, after)) or ["All values are as before."]
    print(*changes, *_next(daemon.parser.prog, key, before, after), sep="\n")
    if not view.unit.may_read(path):
        print(view.problem(path))
    secrets = (value for value in _within(key, after) if value.value == HIDDEN)
    has_secret = any(value.origin.startswith(f"{path}: ") for value in secrets)
    if has_secret and not _is_installed() and _is_open(path):
        print(f"Other users can read it there: chmod go= {path}")
    return Exit.DONE


def _checked(path: Path, raw: bytes, key: str, text: str, view: _View) -> tuple[bytes, Mapping[str, Value]]:
    """The file with the value, and all values then, if the daemon starts with them. Raises ConfigError.

    A value that is no JSON for this key, such as a password of digits, is taken as a text.
    """
    try:
        commented_json.parse(raw)
        candidates = [commented_json.with_value(raw, key, value) for value in (json_or_text(text), text)]
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    errors = []
    for written in candidates:
        try:
            configuration = view.configuration({path: written})
            after = view.values(configuration)
        except ConfigError as error:
            not_there = f"{path}: line {commented_json.line_of(written, names_of(key))}: "
            errors.append(str(error).removeprefix(not_there))
        else:
            for file, other in sorted(configuration.passed_over):
                if file == path and (_is_within(other, key) or _is_within(key, other)):
                    raise ConfigError(f"{other}: this is for another program; an editor can write it into {path}")
            if not any(_within(key, after)):
                raise ConfigError(f"{key}: unknown key{hint(key, after)}")
            return written, after
    problem = min(errors, key=lambda error: ", got `" in error)  # a wrong type says the least
    raise ConfigError("; ".join([problem, *(what for wrong, what in _AS_JSON.items() if wrong in problem)]))


def _changes(path: Path, key: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[str]:
    """What is different now."""
    for name, value in after.items():
        was = before.get(name)
        own = _is_within(name, key)
        if own and value.origin.startswith(_ABOVE_FILES):
            yield f"{name} stays {value}: {value.origin} takes precedence over {path}"
        elif not was or was.value != value.value or name == key or (own and value.origin.startswith(f"{path}: ")):
            yield f"{name} is {value} ({value.origin}); before: {f'{was} ({was.origin})' if was else 'not set'}"
    for name in before.keys() - after.keys():
        if not any(_within(name, after)):
            yield f"{name} is not set; before: {before[name]} ({before[name].origin})"


def _next(daemon: str, key: str, before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[str]:
    """What makes another value take effect."""
    if all(value.origin.startswith(_ABOVE_FILES) for value in _within(key, after)):
        if _is_installed():
            yield f"To see what the unit is started with: systemctl cat {daemon}"
        return
    everywhere = key.partition(".")[0] in ("log_level", "websocket")
    if not _is_installed():
        yield f"It takes effect at the next start of {'all programs' if everywhere else daemon}."
        return
    commands = []
    if not everywhere or not before:  # after an error, the daemon does not run
        commands.append(f"sudo systemctl restart {daemon}")
    if everywhere:  # a restart would also start the units that update or reset the device
        commands.append("sudo systemctl try-restart 'mycroft-*.service'")
    yield f"It takes effect at the next start: {' && '.join(commands)}"
    if key in ("websocket", "websocket.host", "websocket.port"):
        yield "systemd listens for the bus: see /usr/share/doc/mycroft-bus/how-to/port.md"


def _within(key: str, values: Mapping[str, Value]) -> Iterator[Value]:
    """The values of a key, and of those in its object."""
    return (value for name, value in values.items() if _is_within(name, key))


def _is_within(name: str, key: str) -> bool:
    return f"{name}.".startswith(f"{key}.")


def _view(daemon: Daemon) -> _View:
    if not _is_installed():
        return _View(daemon, FILES, os.environ, daemon.parser.parse_args([daemon.command]))
    files = [file for file in FILES if file != _USER_FILE]
    started = unit(daemon.parser.prog)
    flags = daemon.parser.parse_args(started.arguments or [daemon.command])
    there = [file for file in files if os.path.exists(file)]  # noqa: PTH110  # a Path may raise
    closed = [file for file in there if not started.may_read(file)]
    return _View(daemon, files, started.environment, flags, started, closed)


def _ask(module: str) -> subprocess.Popen[bytes] | None:
    """Another program, asked for its configuration; None where it is not installed."""
    command, environment = program(module)
    if command is None:
        return None
    return subprocess.Popen([*command, "config", "--json"], env=environment, stdout=subprocess.PIPE)


def _is_installed() -> bool:
    """Whether this is the program of a package, whose daemon is a unit."""
    return _ROOT == INSTALLED


def _leaves(value: object, *names: str) -> Iterator[tuple[Sequence[str], object]]:
    """The values in objects, with the names that lead to each."""
    if isinstance(value, dict) and (value or not names):
        for name, inner in value.items():
            yield from _leaves(inner, *names, str(name))
    else:
        yield names, value


def _shown(key: str, value: object) -> object:
    if is_secret(key) and value is not None:
        return HIDDEN
    return without_login(value) if isinstance(value, str) else value


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps a second `set` out, and has the folder on the disk at the end."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    """Makes the folder of a file; that of the system for all users, whatever the umask of root is."""
    if not folder.exists():
        folder.mkdir(parents=True)
        if _is_installed():
            folder.chmod(0o755)


def _is_open(path: Path) -> bool:
    """Whether other users may read the file of a user."""
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _replace(path: Path, raw: bytes) -> None:
    """Replaces a file as a whole, with the owner and mode of the one before. Raises OSError.

    A new file of a user is for that user alone, for it may come to have a password. That of the system is for all
    users: each daemon has its own, and the assistant reads it, too.
    """
    descriptor, new = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if path.exists():
                status = path.stat()
                os.fchown(descriptor, status.st_uid, status.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
            else:
                os.fchmod(descriptor, 0o644 if _is_installed() else 0o600)
            file.write(raw)
            file.flush()
            os.fsync(descriptor)
        Path(new).replace(path)
    except BaseException:
        Path(new).unlink()
        raise
