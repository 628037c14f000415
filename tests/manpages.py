"""The man pages, made from the commands' own parsers: ``python -m tests.manpages`` writes them to debian/man.

They are committed: Debian 12 can build the packages, but lacks the libraries that the commands need. They are not
made from the text of `--help`, which looks different from one Python to the next.
"""

import re
from argparse import Action, ArgumentParser, _HelpAction, _SubParsersAction
from collections.abc import Iterator, Mapping
from pathlib import Path

import admin.__main__
import admin.portal.__main__
import bridges.mqtt.__main__
import bus.__main__
import enclosure.__main__
import hw_sim.__main__

FOLDER = Path(__file__).parents[1] / "debian/man"

PARSERS = {
    parser.prog: parser
    for parser in (
        module._parser()
        for module in (
            bus.__main__,
            enclosure.__main__,
            admin.__main__,
            admin.portal.__main__,
            bridges.mqtt.__main__,
            hw_sim.__main__,
        )
    )
}

_CONFIGURATION = {
    "/usr/share/mycroft-enclosure/mycroft.conf": "what the package for the kind of board sets",
    "/etc/mycroft/mycroft.conf": "what the owner sets; goes before it",
    "~/.config/mycroft/mycroft.conf": "goes before both; the units do without it",
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
    "mycroft-mqtt": {
        **_CONFIGURATION,
        "/etc/mycroft/mqtt-password": "the password at the broker; root alone can read it",
    },
    "mycroft-sim": {},
}

DOCUMENTS = {
    "mycroft-bus": ("bus.md", "messages.md"),
    "mycroft-enclosure": ("boards.md", "mark1.md", "messages.md"),
    "mycroft-admin": ("admin.md", "messages.md"),
    "mycroft-portal": ("wifi.md",),
    "mycroft-sim": ("simulator.md",),
    "mycroft-mqtt": ("home-assistant.md",),
}
"""In /usr/share/doc/mycroft-bus."""


def render(name: str) -> str:
    """The man page of a command, for man(7)."""
    return "\n".join(_page(PARSERS[name])) + "\n"


def _page(parser: ArgumentParser) -> Iterator[str]:
    description, epilog = parser.description or "", parser.epilog or ""
    name = description[0].lower() + description[1:].partition(".")[0]
    commands = _commands(parser)
    yield '.\\" Made by python -m tests.manpages.'
    yield f'.TH {_text(parser.prog.upper())} 1 "" mycroft\\-enclosure'
    yield ".SH NAME"
    yield f"{_text(parser.prog)} \\- {_text(name)}"
    yield ".SH SYNOPSIS"
    for command_name, command in commands.items():
        words = " ".join(("", *map(_usage, _actions(command))))
        yield from (f"\\fB{_text(f'{parser.prog} {command_name}')}\\fP{words}", ".br")
    yield from (f"\\fB{_text(parser.prog)}\\fP [\\fICOMMAND\\fP] \\fB\\-\\-help\\fP", ".br")
    yield f"\\fB{_text(parser.prog)}\\fP \\fB\\-\\-version\\fP"
    yield ".SH DESCRIPTION"
    yield _text(description)
    yield ".SH COMMANDS"
    for command_name, command in commands.items():
        yield from (f".SS {_text(command_name)}", _text(command.description or ""))
        for action in _actions(command):
            yield from (".TP", _term(action), _text(action.help or ""))
    examples, _, codes = epilog.partition("exit codes: ")
    yield from (".SH EXAMPLES", ".nf")
    yield from map(_text, examples.removeprefix("examples:\n").strip().replace("\n  ", "\n").splitlines())
    yield from (".fi", ".SH EXIT STATUS")
    for code, meaning in re.findall(r"(\d) ([^,\n]+)", codes):
        yield from (".TP", f".B {code}", _text(meaning))
    if files := FILES[parser.prog]:
        yield ".SH FILES"
        for path, meaning in files.items():
            yield from (".TP", f".I {_text(path)}", _text(meaning))
    yield ".SH SEE ALSO"
    pages = [f"\\fB{_text(other)}\\fP(1)" for other in sorted(PARSERS) if other != parser.prog]
    documents = [
        f"\\fI{_text(f'/usr/share/doc/mycroft-bus/{document}')}\\fP" for document in DOCUMENTS[parser.prog]
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


def _term(action: Action) -> str:
    """An argument with its value, by itself."""
    names = ", ".join(f"\\fB{_text(name)}\\fP" for name in action.option_strings)
    if action.nargs == 0:
        return names
    metavar = action.metavar or ("|".join(action.choices) if action.choices else action.dest.upper())
    words = metavar if isinstance(metavar, tuple) else (str(metavar),)
    value = " ".join(f"\\fI{_text(word)}\\fP" for word in words)
    if not names:
        return f"{value}..." if action.nargs == "*" else value
    return f"{names} [{value}]" if action.nargs == "?" else f"{names} {value}"


def _text(text: str) -> str:
    """Text as it is, whatever man(7) would make of it."""
    special = {"\\": "\\e", "-": "\\-", "'": "\\(aq", '"': "\\(dq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}
    escaped = "".join(special.get(character, character) for character in text)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    for prog in PARSERS:
        (FOLDER / f"{prog}.1").write_text(render(prog))
