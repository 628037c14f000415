"""What is made from the commands' own parsers: ``python -m tests.manpages`` writes it.

The man pages in debian/man, and docs/reference/commands.md. They are committed: Debian 12 can build the packages,
but lacks the libraries that the commands need. They are not made from the text of `--help`, which looks different
from one Python to the next.
"""

import re
from argparse import Action, ArgumentParser, _HelpAction, _SubParsersAction
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import admin.__main__
import admin.portal.__main__
import bridges.hive.__main__
import bridges.mqtt.__main__
import bridges.voice.__main__
import bus.__main__
import enclosure.__main__
import hw_sim.__main__

_ROOT = Path(__file__).parents[1]
FOLDER = _ROOT / "debian/man"
PAGE = _ROOT / "docs/reference/commands.md"

PARSERS = {
    parser.prog: parser
    for parser in (
        module._parser()
        for module in (
            bus.__main__,
            enclosure.__main__,
            admin.__main__,
            admin.portal.__main__,
            bridges.hive.__main__,
            bridges.mqtt.__main__,
            bridges.voice.__main__,
            hw_sim.__main__,
        )
    )
}

_Markup = Callable[[str], str]

_CONFIGURATION = {
    "/usr/share/mycroft-enclosure/mycroft.conf": "what the package for the kind of board sets",
    "/etc/mycroft/mycroft.conf": "what the owner sets; overrides the file of the package",
    "~/.config/mycroft/mycroft.conf": "overrides both; the units do not read it",
}

FILES: Mapping[str, Mapping[str, str]] = {
    "mycroft-bus": {**_CONFIGURATION, "/run/mycroft/bus.sock": "the bus as a unix socket"},
    "mycroft-enclosure": {
        **_CONFIGURATION,
        "/etc/mycroft/boards.d/*.toml": "kinds of boards of the owner",
        "/var/lib/mycroft-enclosure/state.json": "what the daemon remembers over a restart",
    },
    "mycroft-admin": _CONFIGURATION,
    "mycroft-portal": {"/run/mycroft-admin/portal.sock": "the socket of the admin service, during a wifi setup"},
    "mycroft-hive": {
        **_CONFIGURATION,
        "/var/lib/mycroft-hive/pairing.json": "the keys of the device and of its hub; its user alone can read it",
    },
    "mycroft-mqtt": {
        **_CONFIGURATION,
        "/etc/mycroft/mqtt-password": "the password at the broker; root alone can read it",
    },
    "mycroft-voice": _CONFIGURATION,
    "mycroft-sim": {},
}

DOCUMENTS = {
    "mycroft-bus": ("bus.md", "messages.md"),
    "mycroft-enclosure": ("boards.md", "mark1.md", "messages.md"),
    "mycroft-admin": ("admin.md", "messages.md"),
    "mycroft-portal": ("wifi.md",),
    "mycroft-sim": ("simulator.md",),
    "mycroft-hive": ("hivemind.md",),
    "mycroft-mqtt": ("home-assistant.md",),
    "mycroft-voice": ("voice-satellites.md",),
}
"""In /usr/share/doc/mycroft-bus."""


def render(name: str) -> str:
    """The man page of a command, for man(7)."""
    return "\n".join(_page(PARSERS[name])) + "\n"


def page() -> str:
    """All commands as one page, in Markdown."""
    return "\n".join(_commands_page()) + "\n"


def _commands_page() -> Iterator[str]:
    yield from ("# Commands", "", "<!-- made by python -m tests.manpages -->", "")
    yield "Each has a manual page, and `--help` with examples; `--version` prints the version."
    for parser in PARSERS.values():
        examples, codes = _epilog(parser)
        yield from (
            "",
            f"## `{parser.prog}`",
            "",
            parser.description or "",
            "",
            "```sh example",
            *examples,
            "```",
            "",
        )
        yield f"Exit codes: {', '.join(f'{code} {meaning}' for code, meaning in codes)}."
        for name, command in _commands(parser).items():
            yield from ("", f"### `{parser.prog} {name}`", "", command.description or "")
            if actions := _actions(command):
                yield from ("", "| argument | meaning |", "|---|---|")
                yield from (
                    f"| `{_cell(_term(action, str, str))}` | {_cell(action.help or '')} |" for action in actions
                )


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _epilog(parser: ArgumentParser) -> tuple[list[str], list[tuple[str, str]]]:
    """The examples of `--help`, and the exit codes with their meanings."""
    examples, _, codes = (parser.epilog or "").partition("exit codes: ")
    lines = examples.removeprefix("examples:\n").strip().replace("\n  ", "\n").splitlines()
    return lines, re.findall(r"(\d) (.+?)(?=, \d |$)", codes, re.MULTILINE)


def _page(parser: ArgumentParser) -> Iterator[str]:
    description = parser.description or ""
    examples, codes = _epilog(parser)
    name = description[0].lower() + description[1:].partition(".")[0]
    commands = _commands(parser)
    yield '.\\" Made by python -m tests.manpages.'
    yield f'.TH {text(parser.prog.upper())} 1 "" mycroft\\-enclosure'
    yield ".SH NAME"
    yield f"{text(parser.prog)} \\- {text(name)}"
    yield ".SH SYNOPSIS"
    for command_name, command in commands.items():
        words = " ".join(("", *map(_usage, _actions(command))))
        yield from (f"\\fB{text(f'{parser.prog} {command_name}')}\\fP{words}", ".br")
    yield from (f"\\fB{text(parser.prog)}\\fP [\\fICOMMAND\\fP] \\fB\\-\\-help\\fP", ".br")
    yield f"\\fB{text(parser.prog)}\\fP \\fB\\-\\-version\\fP"
    yield ".SH DESCRIPTION"
    yield text(description)
    yield ".SH COMMANDS"
    for command_name, command in commands.items():
        yield from (f".SS {text(command_name)}", text(command.description or ""))
        for action in _actions(command):
            yield from (".TP", _term(action), text(action.help or ""))
    yield from (".SH EXAMPLES", ".nf", *map(text, examples), ".fi", ".SH EXIT STATUS")
    for code, meaning in codes:
        yield from (".TP", f".B {code}", text(meaning))
    if files := FILES[parser.prog]:
        yield ".SH FILES"
        for path, meaning in files.items():
            yield from (".TP", f".I {text(path)}", text(meaning))
    yield ".SH SEE ALSO"
    pages = [f"\\fB{text(other)}\\fP(1)" for other in sorted(PARSERS) if other != parser.prog]
    if _CONFIGURATION.items() <= FILES[parser.prog].items():
        pages.append("\\fBmycroft.conf\\fP(5)")
    documents = [
        f"\\fI{text(f'/usr/share/doc/mycroft-bus/{document}')}\\fP" for document in DOCUMENTS[parser.prog]
    ]
    yield ",\n".join(pages + documents)


def _commands(parser: ArgumentParser) -> Mapping[str, ArgumentParser]:
    [commands] = (action for action in parser._actions if isinstance(action, _SubParsersAction))
    return commands.choices


def _actions(command: ArgumentParser) -> list[Action]:
    """What a command takes besides --help, options last: `--wait` would take the type of `send` for its own."""
    actions = [action for action in command._actions if not isinstance(action, _HelpAction)]
    return sorted(actions, key=lambda action: bool(action.option_strings))


def _usage(action: Action) -> str:
    """An argument in the synopsis."""
    if action.option_strings:
        return _term(action) if action.required else f"[{_term(action)}]"
    return f"[{_term(action)}]" if action.nargs in ("?", "*") else _term(action)


def _bold(words: str) -> str:
    return f"\\fB{text(words)}\\fP"


def _italic(words: str) -> str:
    return f"\\fI{text(words)}\\fP"


def _term(action: Action, flag: _Markup = _bold, value: _Markup = _italic) -> str:
    """An argument with its value, by itself."""
    names = ", ".join(map(flag, action.option_strings))
    if action.nargs == 0:
        return names
    metavar = action.metavar or ("|".join(action.choices) if action.choices else action.dest.upper())
    words = " ".join(map(value, metavar if isinstance(metavar, tuple) else (str(metavar),)))
    if not names:
        return f"{words}..." if action.nargs == "*" else words
    return f"{names} [{words}]" if action.nargs == "?" else f"{names} {words}"


def text(words: str) -> str:
    """Words as they are, whatever man(7) would make of them."""
    special = {"\\": "\\e", "-": "\\-", "'": "\\(aq", '"': "\\(dq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
    escaped = "".join(special.get(character, character) for character in words)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    for prog in PARSERS:
        (FOLDER / f"{prog}.1").write_text(render(prog))
    PAGE.write_text(page())
