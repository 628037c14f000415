"""mycroft.conf, the environment and flags, read once into frozen dataclasses.

The files are the ecosystem's own: JSON with comments. As in mycroft-core and OVOS, an object of a later file is
merged into that of an earlier one, at any depth; any other value replaces the earlier one. Sections that belong to
us are strict: an unknown key or a wrong type is an error that names file, line and key. Keys of other programs in
these sections are known, and passed over.
"""

import contextlib
import dataclasses
import logging
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar, get_args, get_type_hints

import msgspec

from bus.address import bus_url
from bus.daemon import commented_json
from bus.daemon.log import level_of
from bus.errors import ConfigError
from bus.nearest import nearest

FILES = (
    Path("/usr/share/mycroft-enclosure/mycroft.conf"),
    Path("/etc/mycroft/mycroft.conf"),
    Path("~/.config/mycroft/mycroft.conf"),
)
"""In the order in which they are read; the later one wins. The first comes with the package for the board."""

SECTIONS = {
    "admin": "admin",
    "bus": "bus",
    "enclosure": "enclosure",
    "hive": "bridges.hive",
    "mqtt": "bridges.mqtt",
    "voice": "bridges.voice",
    "websocket": "bus",
}
"""The sections that our programs read, each with the module of the program that checks it."""

MISSPELT = 0.85
"""Similarity of names, from 0 to 1, above which one is taken for the other; `gui_websocket` is another section."""

_UNKNOWN_FIELD = re.compile(r"unknown field `(.+)`")
_MISSING_FIELD = "Object missing required field"

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

Place = Callable[[str], str]
"""Where a key such as "bus.tokens" is set, key included, as an error names it."""

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
"""0 takes a free one."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Role(StrEnum):
    """What a client may do."""

    CONTROL = "control"
    """Receives every message, and sends all that are not privileged; privileged ones as its user may."""
    OBSERVE = "observe"
    """Receives every message, and sends none."""


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proof of another machine that it may connect. Only its hash is kept: the configuration has no secret."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    """Hash of the token's text, in hexadecimal."""
    role: Role = Role.OBSERVE


@dataclass(frozen=True, slots=True)
class WebSocketSettings:
    """The address of the bus; the section `websocket`, whose other keys belong to other programs."""

    host: str = "127.0.0.1"
    """Address that the bus listens on; with the packages systemd listens, and this is only for clients."""
    port: Port = 8181
    """Port that the bus listens on; with the packages systemd listens, and this is only for clients."""
    route: Annotated[str, msgspec.Meta(pattern="^/")] = "/core"
    """Path of the URL of the bus."""
    max_msg_size: Positive = 25
    """Maximum size of a message, in MB."""
    ssl: bool = False
    """Whether this port speaks TLS, to clients on this machine, too."""
    ssl_cert: str | None = None
    """File with the certificate, in PEM format; also for `bus.remote_port`."""
    ssl_key: str | None = None
    """File with the key of the certificate, in PEM format. The user of the bus has to be able to read it."""

    @property
    def url(self) -> str:
        """Where a client on this machine finds the bus, also when it listens on all addresses."""
        return bus_url(self.host, self.port, self.route, tls=self.ssl)


WEBSOCKET_KEYS_OF_OTHERS = (
    *("shared_connection", "filter", "filter_logs", "secret_key", "allow_unencrypted"),  # OVOS
    "allow_self_signed",  # Neon
)


@dataclass(frozen=True, slots=True)
class BusSettings:
    """Limits of the bus, and its other listeners; the section `bus`."""

    allowed_origins: tuple[str, ...] = ()
    """Origins of web pages that may connect, as browsers send them: "https://example.org"."""
    socket: str | None = None
    """Path of a unix socket to listen on, too."""
    remote_host: str = "0.0.0.0"  # noqa: S104  # not used without remote_port
    """Address for other machines; not used without `bus.remote_port`."""
    remote_port: Port | None = None
    """Port on which other machines may connect, with TLS and a token; without it none may."""
    tokens: dict[str, Token] = field(default_factory=dict)
    """Tokens of other machines, by the name of the client: {"kitchen": {"sha256": "...", "role": "control"}}."""
    relay_text_data: bool = False
    """Whether to relay messages whose data is a text; ovos-bus-client 1.x disconnects at each."""
    max_clients: Positive = 1024
    """Connections at a time; beyond that, the newest of the user with most is closed."""
    kept_clients: Positive = 32
    """Connections beyond max_clients, for root and the service users alone."""
    max_secure: Positive = 64
    """Connections with TLS at a time, each of which takes 0.3 MB of memory."""
    max_handshakes: Positive = 256
    """Connections without a complete handshake; beyond that, the oldest of the user with most is dropped."""
    max_queue: Positive = 8
    """MB queued for one client, beyond which the bus reads that client more slowly; see stall_timeout."""
    max_queued: Positive = 32
    """MB queued for all clients, beyond which the client with the longest queue is dropped. At least max_queue and
    one message."""
    stall_timeout: Seconds = 5
    """Seconds after which a client is closed that has a longer queue than max_queue and reads nothing of it."""
    max_rate: Positive | None = None
    """Messages per second of one client; one that sends faster is read more slowly, and loses nothing."""
    max_header: Positive = 16
    """Maximum size of the request of a handshake, in KB."""
    max_unfinished: Positive = 32
    """MB of incomplete messages of all clients, beyond which the client with the largest is dropped. At least one
    message."""
    handshake_timeout: Seconds = 10
    """Seconds until a connection without a handshake is dropped."""
    ping_interval: Seconds = 30
    """Seconds between pings; a client that was silent between two of them is dropped."""


class _IncompleteError(ConfigError):
    """An object lacks a key, which another file may have."""


class _Source(Protocol):
    """A file, a variable of the environment, or the flags."""

    def origin(self, names: Sequence[str]) -> str:
        """Where this source has a key, as it is shown to users."""

    def place(self, key: str) -> str:
        """The same with the key, for errors."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read."""

    path: Path
    raw: bytes
    content: Mapping[str, Any]

    def origin(self, names: Sequence[str]) -> str:
        line = commented_json.line_of(self.raw, names)
        return str(self.path) if line is None else f"{self.path}: line {line}"

    def place(self, key: str) -> str:
        return f"{self.origin(names_of(key))}: {key}"


@dataclass(frozen=True, slots=True)
class _Given:
    """A variable of the environment, or a flag."""

    name: str

    def origin(self, _: Sequence[str]) -> str:
        return self.name

    def place(self, key: str) -> str:
        return ".".join((self.name, *key.split(".")[2:]))


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one source has of a section."""

    source: _Source
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InForce:
    """Settings as a daemon starts with them."""

    sections: Mapping[str, object]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """By key, where values come from that are not those of the configuration, such as the profile of a board."""


class Configuration:
    """The contents of the files and the environment, by section; `section` makes a dataclass of one."""

    def __init__(
        self,
        files: Sequence[Path] = FILES,
        environment: Mapping[str, str] = os.environ,
        candidates: Mapping[Path, bytes] | None = None,
    ) -> None:
        """`candidates` are read in place of what is in these files. Raises ConfigError."""
        candidates = candidates or {}
        self._environment = environment
        self._layers: dict[str, Sequence[_Layer]] = {}
        self.passed_over: set[tuple[Path, str]] = set()
        """Files with their keys that belong to other programs, or have a value that only they know."""
        self._files = [
            file for path in map(_expanded, files) if (file := _read(path, candidates.get(path))) is not None
        ]
        for file in self._files:
            for name in sorted(file.content.keys() - SECTIONS):
                if meant := nearest(name.lower(), SECTIONS, MISSPELT):
                    _LOGGER.warning("%s: no such section; did you mean %s?", file.place(name), meant)

    def place(self, key: str) -> str:
        """Where a key such as "bus.tokens" of a section that was read is set, variable, or file and line."""
        source = self._source(names_of(key))
        return key if source is None else source.place(key)

    def origin(self, names: Sequence[str]) -> str | None:
        """Where a value comes from that `section` or `log_level` has returned: file and line, variable, or flag.

        `names` lead to it, as ("bus", "max_clients"). None for a default.
        """
        source = self._source(names)
        return None if source is None else source.origin(names)

    def _source(self, names: Sequence[str]) -> _Source | None:
        """The last source of a value; None without one, or where a later one has replaced an object around it."""
        section, *inner = names
        for layer in reversed(self._layers.get(section, ())):
            found: Any = layer.values
            for name in inner:
                if not isinstance(found, Mapping):
                    return None
                if name not in found:
                    break
                found = found[name]
            else:
                return layer.source
        return None

    def log_level(self, flag: str | None) -> int:
        """The level of the log: `log_level` of the files, then `MYCROFT_LOG_LEVEL`, then the flag, else INFO.

        Raises ConfigError.
        """
        name = "log_level"
        layers = [_Layer(file, {name: file.content[name]}) for file in self._files if name in file.content]
        if (variable := _variable(name)) in self._environment:
            layers.append(_Layer(_Given(variable), {name: self._environment[variable]}))
        if flag is not None:
            layers.append(_Layer(_Given("--log-level"), {name: flag}))
        self._layers[name] = layers
        try:
            return level_of(str(layers[-1].values[name] if layers else "info"))
        except ValueError as error:
            raise ConfigError(f"{self.place(name)}: {error}") from error

    def lang(self) -> str:
        """`lang` of the files, the language of the device; English without one."""
        found = [file.content["lang"] for file in self._files if isinstance(file.content.get("lang"), str)]
        return found[-1] if found else "en-us"

    def websocket(self, **flags: object) -> WebSocketSettings:
        """The section `websocket`; see `section`. It is not ours alone: an unknown key is only a warning."""
        others = dict.fromkeys(WEBSOCKET_KEYS_OF_OTHERS, ())
        return self.section("websocket", WebSocketSettings, others, strict=False, **flags)

    def section(
        self,
        name: str,
        kind: type[T],
        others: Mapping[str, Collection[object]] | None = None,
        *,
        strict: bool = True,
        **flags: object,
    ) -> T:
        """The dataclass `kind`, filled from section `name`, then from `MYCROFT_<NAME>_<KEY>`, then from flags.

        `others` are the keys of other programs in this section; of a key that `kind` has as well, the values that
        only they know. A flag of None is not given. Raises ConfigError.
        """
        others = others or {}
        known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
        layers: list[_Layer] = []
        for file in self._files:
            found = file.content.get(name)
            if found is None:
                continue
            if not isinstance(found, dict):
                raise ConfigError(f"{file.place(name)}: expected an object")
            for key in sorted(found.keys() - known - others.keys()):
                problem = f"{file.place(f'{name}.{key}')}: unknown key{hint(key, known)}"
                if strict:
                    raise ConfigError(problem)
                _LOGGER.warning("%s", problem)
            own = {key: value for key, value in found.items() if key in known}
            for key in own.keys() & others.keys():
                if own[key] in others[key]:
                    place = file.place(f"{name}.{key}")
                    _LOGGER.warning("%s: %s is for another program", place, own.pop(key))
            self.passed_over |= {(file.path, f"{name}.{key}") for key in found.keys() & others.keys() - own.keys()}
            layers.append(_Layer(file, own))
            with contextlib.suppress(_IncompleteError):
                convert(own, kind, name, file.place)
        for key in sorted(known):
            variable = _variable(name, key)
            if variable in self._environment:
                values = {key: json_or_text(self._environment[variable])}
                convert(values, kind, name, _Given(variable).place)
                layers = _replaced(layers, _Layer(_Given(variable), values))
        given = {key: value for key, value in flags.items() if value is not None}
        layers = _replaced(layers, _Layer(_Given("flag"), given))
        self._layers[name] = layers
        result: Mapping[str, Any] = {}
        for layer in layers:
            result = merged(result, layer.values)
        return convert(result, kind, name, self.place)


def _replaced(layers: Sequence[_Layer], last: _Layer) -> list[_Layer]:
    """These layers and one more, whose values replace theirs: a variable is all of the value of its key."""
    below = [
        _Layer(layer.source, {key: value for key, value in layer.values.items() if key not in last.values})
        for layer in layers
    ]
    return [*below, last]


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Objects with other values for some keys, at any depth; a list is replaced."""
    result = dict(values)
    for key, value in changes.items():
        before = result.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        result[key] = merged(before or {}, value) if both else value
    return result


def names_of(key: str) -> list[str]:
    """The names that lead to a key such as "bus.tokens"; an index and what follows it do not count."""
    return key.partition("[")[0].split(".")


def convert(values: object, kind: type[T], key: str, place: Place = str) -> T:
    """The dataclass with these values, which `key` has in the configuration. Raises ConfigError."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        what, inner = _with_name(values, kind, *_parted(error))
        wrong = f"{key}{inner}"
        if unknown := _UNKNOWN_FIELD.search(what):
            wrong = f"{wrong}.{unknown[1]}"
            what = f"unknown key{hint(unknown[1], _nested_names(kind))}"
        raised = _IncompleteError if what.startswith(_MISSING_FIELD) else ConfigError
        raise raised(f"{place(wrong.removeprefix('.'))}: {what}") from error


def _parted(error: msgspec.ValidationError) -> tuple[str, str]:
    """What is wrong, and at which key below: msgspec says "Expected `int`, got `str` - at `$.port`"."""
    what, _, inner = str(error).partition(" - at `$")
    return what, inner.rstrip("`")


def _with_name(values: Any, kind: type, what: str, inner: str) -> tuple[str, str]:
    """The same with the name of the member for which msgspec has "[...]", as in "tokens[...].sha256"."""
    before, unnamed, _ = inner.partition("[...]")
    if not unnamed:
        return what, inner
    _, *names = before.split(".")
    members = values
    for name in names:
        members = members[name]
    for name, member in members.items():
        alone: Any = {name: member}
        for outer in reversed(names):
            alone = {outer: alone}
        try:
            msgspec.convert(alone, kind)
        except msgspec.ValidationError as error:
            what, inner = _parted(error)
            return what, inner.replace("[...]", f".{name}", 1)
    return what, inner


def hint(key: str, known: Collection[str]) -> str:
    """What follows after "unknown key": the nearest of the known ones, or all."""
    meant = nearest(key, known)
    return f"; did you mean {meant}?" if meant else f"; there are: {', '.join(sorted(known))}"


def _nested_names(kind: type) -> list[str]:
    """The names of the fields of an object, or of those objects that a section may hold."""
    if issubclass(kind, msgspec.Struct):
        return list(kind.__struct_fields__)
    hints = get_type_hints(kind).values()
    nested = [part for hinted in hints for part in (hinted, *get_args(hinted)) if isinstance(part, type)]
    return [name for part in nested if issubclass(part, msgspec.Struct) for name in part.__struct_fields__]


def _variable(*names: str) -> str:
    """The environment variable of a key."""
    return "_".join(("MYCROFT", *names)).upper()


def _expanded(path: Path) -> Path:
    with contextlib.suppress(RuntimeError):  # a user without a home
        return path.expanduser()
    return path


def _read(path: Path, candidate: bytes | None) -> _File | None:
    """A file; None where there is none, or where this user may not read it. Raises ConfigError."""
    try:
        raw = path.read_bytes() if candidate is None else candidate
        return _File(path, raw, commented_json.parse(raw))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        _LOGGER.warning("%s is not read: %s", path, error.strerror)
        return None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def json_or_text(value: str) -> Any:
    """The value of a text that is JSON, or else the text."""
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value
