"""The command line of the bus: ``mycroft-bus``, or ``python -m bus``."""

import sys

from bus.daemon.first import begin, is_program

if is_program(__name__):
    begin()

import argparse
import contextlib
import json
import logging
from collections.abc import Sequence
from functools import partial

from bus.daemon import log
from bus.daemon.config import BusSettings, Configuration, InForce, WebSocketSettings
from bus.daemon.start import (
    add_configuration_commands,
    add_log_level,
    bus_address,
    command_line,
    lean,
    port,
)
from bus.errors import BusError, ConfigError, Exit
from bus.message import Message, printable

EXAMPLES = """\
examples:
  mycroft-bus serve
  mycroft-bus send speak '{"utterance": "hello world"}'
  mycroft-bus send mycroft.volume.get --wait
  mycroft-bus listen 'mycroft.volume.*' 'enclosure.*'
  mycroft-bus record report.jsonl
  mycroft-bus replay report.jsonl --speed 10
  mycroft-bus types 'system.*'
  mycroft-bus status
  mycroft-bus config
  sudo mycroft-bus set bus.max_clients 100

exit codes: 0 done, 1 refused or timed out, 2 usage or configuration, 3 no bus
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log.start(program=parser.prog)
    if options.command == "types":
        return _types(options)
    if options.command in ("config", "set"):
        from bus.daemon import configure  # noqa: PLC0415  # the daemon has no use for it

        return configure.run(options, configure.Daemon("bus", parser, "serve", _in_force), others=True)
    try:
        configuration = Configuration()
        if options.command == "serve":
            return _serve(options, configuration)
        websocket = configuration.websocket()
        if options.bus is None:
            from bus.cli.local import nearest  # noqa: PLC0415  # the bus has no use for it

            options.bus = nearest(websocket.url, WebSocketSettings().url)
        return _talk(options, options.bus)
    except BusError as error:
        log.complain(str(error))
        return Exit.USAGE


def _settings(
    configuration: Configuration, options: argparse.Namespace
) -> tuple[WebSocketSettings, BusSettings, int]:
    """What the bus starts with, log level included. Raises ConfigError."""
    websocket = configuration.websocket(host=options.host, port=options.port)
    if websocket.ssl and not (websocket.ssl_cert and websocket.ssl_key):
        where = configuration.place("websocket.ssl")
        raise ConfigError(f"{where}: needs websocket.ssl_cert and websocket.ssl_key")
    bus = configuration.section("bus", BusSettings, socket=options.socket)
    return websocket, bus, configuration.log_level(options.log_level)


def _in_force(configuration: Configuration, options: argparse.Namespace) -> InForce:
    websocket, bus, log_level = _settings(configuration, options)
    return InForce({"log_level": logging.getLevelName(log_level).lower(), "websocket": websocket, "bus": bus})


def _serve(options: argparse.Namespace, configuration: Configuration) -> int:
    websocket, settings, log_level = _settings(configuration, options)
    with lean(tls=websocket.ssl or settings.remote_port is not None):
        from bus.server.listener import serve  # noqa: PLC0415  # not before, see lean

    return serve(websocket, settings, log_level)


def _talk(options: argparse.Namespace, url: str) -> int:
    with lean(tls=url.startswith("wss:")):
        from bus.cli import commands, recording  # noqa: PLC0415  # serving does without them
        from bus.daemon.runner import run  # noqa: PLC0415

    match options.command:
        case "send":
            _warn(options.type, options.data)
            message = Message(options.type, options.data, {"session": {"session_id": "default"}})
            answers = _answers(options.type, options.wait)
            return run(lambda: commands.send(url, message, answers, options.timeout), level=logging.WARNING)
        case "listen":
            return run(lambda: commands.listen(url, options.patterns, as_json=options.json), level=logging.WARNING)
        case "record":
            recorded = partial(recording.record, url, options.file, overwrite=options.overwrite)
            return run(recorded, level=logging.WARNING)
        case "replay":
            replayed = partial(recording.replay, url, options.file, options.speed, options.max_gap)
            return run(replayed, level=logging.WARNING)
        case _:
            return run(lambda: commands.status(url, as_json=options.json), level=logging.WARNING)


def _types(options: argparse.Namespace) -> int:
    from bus.cli.types import types  # noqa: PLC0415  # a long table
    from bus.contract.lookup import nearest_type  # noqa: PLC0415
    from bus.daemon.runner import run  # noqa: PLC0415

    async def show() -> Exit:
        if text := types(options.pattern, options.json):
            print(text, flush=True)
            return Exit.DONE
        likely = nearest_type(options.pattern)
        hint = f"; did you mean {likely}?" if likely else ""
        print(f"no type matches {options.pattern}{hint}", file=sys.stderr)
        return Exit.FAILED

    return run(show)


def _answers(msg_type: str, wait: str | None) -> tuple[str, ...]:
    """The types to wait for: none without --wait, else the one that it names, or those of the contract.

    Failures are no answers; `commands.send` reports them in any case.
    """
    from bus.contract.lookup import topic_of  # noqa: PLC0415  # a long table

    if wait is None:
        return ()
    if wait:
        return (wait,)
    topic = topic_of(msg_type)
    named = tuple(name for name in topic.replies if not name.endswith(".failed")) if topic else ()
    return named or (f"{msg_type}.response",)


def _warn(msg_type: str, data: dict[str, object]) -> None:
    """Warns of what looks wrong with a message that is sent by hand; it is sent all the same."""
    from bus.contract.lookup import problems  # noqa: PLC0415  # a long table

    for problem in problems(msg_type, data):
        print(printable(f"mycroft-bus: {msg_type}: {problem}"), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = command_line(
        "mycroft-bus",
        "The message bus of a Mycroft device. Runs it, or talks to one that runs.",
        EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser(
        "serve",
        help="run the bus",
        description="Runs the bus until it is stopped. The unit mycroft-bus.service does that.",
    )
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=port, help="port to listen on; 0 takes a free one (8181)")
    serve.add_argument("--socket", metavar="PATH", help="unix socket to listen on as well (none)")
    add_log_level(serve)

    send = commands.add_parser(
        "send", help="send one message", description="Sends one message; warns of data that does not fit its type."
    )
    send.add_argument("type", type=_message_type, metavar="TYPE", help="such as speak")
    send.add_argument(
        "data",
        type=_json_object,
        nargs="?",
        default={},
        metavar="JSON",
        help="its data; - reads it from standard input, as for a password: all users see arguments ({})",
    )
    send.add_argument(
        "--wait",
        nargs="?",
        const="",
        metavar="TYPE",
        help="wait for an answer and print its data (the answers that 'types' shows for TYPE, or TYPE.response)",
    )
    send.add_argument(
        "--timeout",
        type=_positive,
        default=3.0,
        metavar="SECONDS",
        help="how long to wait for the bus to relay it, or for the answer (3)",
    )

    listen = commands.add_parser(
        "listen",
        help="print messages",
        description="Prints messages as they arrive. Waits for a bus that is not running yet.",
    )
    listen.add_argument("patterns", nargs="*", metavar="PATTERN", help="types to print, such as 'enclosure.*'")

    record = commands.add_parser(
        "record",
        help="write messages to a file",
        description="Writes messages to a file, for a bug report. Waits for a bus that is not running yet.",
    )
    record.add_argument("file", metavar="FILE", help="a new file; - is standard output")
    record.add_argument("--overwrite", action="store_true", help="replace a file that is there")

    replay = commands.add_parser(
        "replay",
        help="send what was recorded",
        description="Sends the messages of a recording again, except those to the bus itself, such as bus.status.",
    )
    replay.add_argument("file", metavar="FILE", help="- is standard input")
    replay.add_argument(
        "--speed", type=_positive, default=1.0, metavar="FACTOR", help="10 is ten times as fast (1)"
    )

    replay.add_argument(
        "--max-gap",
        type=_not_negative,
        metavar="SECONDS",
        help="shorten each pause to this, after --speed; 0 sends all at once (as long as it was)",
    )

    types = commands.add_parser("types", help="look message types up", description="Prints the known types.")
    types.add_argument(
        "pattern", nargs="?", metavar="PATTERN", help="such as 'enclosure.*', or a part: eyes (all)"
    )

    status = commands.add_parser(
        "status", help="show the state of the bus", description="Prints the clients and counters of the bus."
    )

    add_configuration_commands(commands, "all sections")

    for command in (listen, types, status):
        command.add_argument("--json", action="store_true", help="for programs to read")
    for command in (send, listen, record, replay, status):
        command.add_argument(
            "--bus",
            type=bus_address,
            metavar="URL",
            help="ws:, wss: or unix: (unix:/run/mycroft/bus.sock where it is, else ws://127.0.0.1:8181/core)",
        )
    return parser


def _positive(text: str) -> float:
    with contextlib.suppress(ValueError):
        if (number := float(text)) > 0:
            return number
    raise argparse.ArgumentTypeError(f"{text} is not a number above 0")


def _not_negative(text: str) -> float:
    with contextlib.suppress(ValueError):
        if (number := float(text)) >= 0:
            return number
    raise argparse.ArgumentTypeError(f"{text} is not a number of 0 or more")


def _message_type(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a message type cannot be empty")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise argparse.ArgumentTypeError("not UTF-8") from error
    return text


def _json_object(text: str) -> dict[str, object]:
    try:
        value = json.loads(sys.stdin.read() if text == "-" else text)
        if isinstance(value, dict):
            Message("x", value).serialize()  # refuses what json lets pass: NaN, half a character
            return value
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"not a JSON object: {error}") from error
    raise argparse.ArgumentTypeError("not a JSON object")


if __name__ == "__main__":
    sys.exit(main())
