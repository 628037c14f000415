"""The settings of mycroft.conf, from the classes that check them: ``python -m tests.configuration`` writes them to
docs/reference/configuration.md and debian/man/mycroft.conf.5.
"""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from admin.config import AdminSettings
from bridges.hive.config import HiveSettings
from bridges.mqtt.config import MqttSettings
from bridges.voice.config import VoiceSettings
from bus.daemon.config import FILES, BusSettings, WebSocketSettings
from enclosure.config import EnclosureSettings
from tests.manpages import FOLDER, text

_ROOT = Path(__file__).parents[1]
PAGE = _ROOT / "docs/reference/configuration.md"
MANUAL = FOLDER / "mycroft.conf.5"

SECTIONS: Mapping[str, Any] = {
    "websocket": WebSocketSettings(),
    "bus": BusSettings(),
    "enclosure": EnclosureSettings(),
    "admin": AdminSettings(),
    "hive": HiveSettings(),
    "mqtt": MqttSettings(),
    "voice": VoiceSettings(),
}
"""Each section of our programs, with its defaults."""

_LOG_LEVEL = "debug (every line to and from the face), info, warning or error; without it info."

_PURPOSES = {
    "websocket": "Where the bus is. OVOS and mycroft-core read this section, too, so an unknown key is a warning.",
    "bus": "Limits of the bus, and its listener for other machines.",
    "enclosure": "The board, its sound card and its volume. Keys of OVOS, Neon and mycroft-core are passed over.",
    "admin": "The admin service.",
    "hive": "The bridge to a HiveMind hub, which is off without one.",
    "mqtt": "The bridge to MQTT and Home Assistant, which is off without a broker.",
    "voice": "The bridge to a voice satellite of Home Assistant, which is off without one.",
}

_FILES = (
    "All programs of this project read `mycroft.conf`, the configuration of Mycroft, OVOS and Neon: JSON with"
    " comments. They read it once, when they start. Of these files the later one wins, key by key: as in "
    "mycroft-core and OVOS, an object is merged into that of an earlier file, at any depth, and any other "
    "value, a list as well, replaces the earlier one."
)
_RULES = (
    "Then comes the environment: the variable `MYCROFT_<SECTION>_<KEY>`, in capitals, with JSON or a text, "
    "which is all of the value, also of an object. Flags of the command line come last. In these sections an "
    "unknown key or a wrong type is an error: the program ends with exit code 2 and one line that names the "
    "file, the line and the key. A dot in a key below is an object inside: `enclosure.volume.start` is "
    '`{"enclosure": {"volume": {"start": 40}}}`.'
)
_EXAMPLE = '{\n  "enclosure": {"platform": "picroft", "volume": {"start": 40}},\n  "log_level": "debug"\n}'


@dataclass(frozen=True)
class Setting:
    """One key: what it may be, its default, and what it is for."""

    key: str
    kind: str
    default: str
    meaning: str


def settings(section: str) -> Iterator[Setting]:
    """The keys of a section, in the order of the code; those of an object inside follow one by one."""
    yield from _settings(section, SECTIONS[section])


def page() -> str:
    """The page, in Markdown."""
    return "\n".join(_page()) + "\n"


def manual() -> str:
    """The manual page, for man(7)."""
    return "\n".join(_manual()) + "\n"


def _settings(prefix: str, values: Any) -> Iterator[Setting]:
    kind = type(values)
    for name, hint in get_type_hints(kind, include_extras=True).items():
        default = getattr(values, name)
        if isinstance(default, msgspec.Struct):
            yield from _settings(f"{prefix}.{name}", default)
        else:
            shown = json.dumps(msgspec.to_builtins(default))
            yield Setting(f"{prefix}.{name}", _in_words(hint), shown, _meanings(kind)[name])


def _meanings(kind: type) -> dict[str, str]:
    """The text below each field of a class."""
    [node] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(node, ast.ClassDef)
    found = {}
    for field, below in zip(node.body, node.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(meaning))):
                found[name] = re.sub(r"\s+", " ", meaning)
    return found


def _in_words(hint: Any) -> str:
    """A type in words: `Annotated[int, Meta(ge=1)] | None` is "whole number, at least 1, or null"."""
    if get_origin(hint) is Annotated:
        kind, *metas = get_args(hint)
        return ", ".join((_in_words(kind), *(limit for meta in metas for limit in _limits(meta))))
    if get_origin(hint) in (Union, UnionType):
        return " or ".join("null" if part is NoneType else _in_words(part) for part in get_args(hint))
    if get_origin(hint) is Literal:
        return " or ".join(map(json.dumps, get_args(hint)))
    if get_origin(hint) is tuple:
        return f"list of {_in_words(get_args(hint)[0])}s"
    if get_origin(hint) is dict:
        return "object"
    return {int: "whole number", float: "number", str: "text", bool: "true or false"}[hint]


def _limits(meta: msgspec.Meta) -> Iterator[str]:
    if meta.ge is not None and meta.le is not None:
        yield f"{meta.ge} to {meta.le}"
    elif meta.ge is not None:
        yield f"at least {meta.ge}"
    if meta.gt is not None:
        yield f"more than {meta.gt}"
    if meta.max_length is not None:
        yield f"{meta.min_length or 0} to {meta.max_length} characters"


def _page() -> Iterator[str]:
    yield from ("# Configuration", "", "<!-- made by python -m tests.configuration -->", "")
    yield from (_wrapped(_FILES), "", *(f"{number}. `{path}`" for number, path in enumerate(FILES, 1)), "")
    yield from (_wrapped(_RULES), "", "```json", _EXAMPLE, "```", "")
    yield "The manual page mycroft.conf(5) says the same. To copy from, with all defaults:"
    yield "[mycroft.conf.example](../mycroft.conf.example)."
    yield from ("", "## `log_level`", "", _LOG_LEVEL)
    for section in SECTIONS:
        yield from ("", f"## `{section}`", "", _PURPOSES[section])
        for setting in settings(section):
            yield from ("", f"### `{setting.key}`", "", f"{setting.meaning}", "")
            yield f"{_capital(setting.kind)}; default `{setting.default}`."


def _manual() -> Iterator[str]:
    yield '.\\" Made by python -m tests.configuration.'
    yield '.TH MYCROFT.CONF 5 "" mycroft\\-enclosure'
    yield from (".SH NAME", "mycroft.conf \\- configuration of a Mycroft device")
    yield from (".SH DESCRIPTION", _plain(_FILES))
    for path in FILES:
        yield from (".IP", f"\\fI{text(str(path))}\\fP")
    yield from (".PP", _plain(_RULES), ".SH KEYS")
    yield from (".TP", "\\fBlog_level\\fP", _LOG_LEVEL)
    for section in SECTIONS:
        yield from (f".SS {section}", _plain(_PURPOSES[section]))
        for setting in settings(section):
            yield from (".TP", f"\\fB{text(setting.key)}\\fP ({text(setting.kind)}; {text(setting.default)})")
            yield _plain(setting.meaning)
    yield from (".SH EXAMPLES", ".nf", *map(text, _EXAMPLE.splitlines()), ".fi")
    yield from (
        ".SH SEE ALSO",
        ",\n".join(f"\\fBmycroft\\-{name}\\fP(1)" for name in ("bus", "enclosure", "admin")),
    )


def _plain(markdown: str) -> str:
    return text(markdown.replace("`", ""))


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, 110, break_on_hyphens=False, break_long_words=False)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


if __name__ == "__main__":
    PAGE.write_text(page())
    MANUAL.write_text(manual())
