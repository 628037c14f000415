"""The command line of the bus: ``mycroft-bus``, or ``python -m bus``."""

import argparse
import asyncio
import fnmatch
import sys
from collections.abc import Sequence
from datetime import datetime

import msgspec

from bus.client import BusClient, open_socket
from bus.config import BusSettings, Configuration, WebSocketSettings
from bus.errors import ConfigError
from bus.message import Message, render
from bus.server import Server
from bus.service import Exit, notify, run

EXAMPLES = """\
examples:
  mycroft-bus serve
  mycroft-bus send speak '{"utterance": "hello world"}'
  mycroft-bus send mycroft.volume.get --wait
  mycroft-bus listen 'mycroft.volume.*' 'enclosure.*'

exit codes: 0 done, 1 refused or timed out, 2 usage, 3 no bus
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        configuration = Configuration()
        websocket = configuration.section(
            "websocket",
            WebSocketSettings,
            strict=False,
            host=getattr(options, "host", None),
            port=getattr(options, "port", None),
        )
        if options.command == "serve":
            settings = configuration.section("bus", BusSettings)
            return run(lambda: serve(websocket, settings))
        url = options.bus or websocket.url
        if options.command == "send":
            message = Message(options.type, options.data)
            return run(lambda: send(url, message, options.wait, options.timeout), level="WARNING")
        return run(lambda: listen(url, options.patterns), level="WARNING")
    except ConfigError as error:
        print(f"mycroft-bus: {error}", file=sys.stderr)
        return Exit.USAGE


async def serve(websocket: WebSocketSettings, settings: BusSettings) -> None:
    """Serves until it is cancelled."""
    async with Server(websocket, settings) as server:
        print(f"bus={server.url}", flush=True)
        notify("READY=1")
        await asyncio.get_running_loop().create_future()


async def send(url: str, message: Message, wait: str | None, timeout_s: float) -> Exit:
    """Sends a message, waits until the bus has relayed it, and prints the answer of type `wait`, if any."""
    reply_type = f"{message.msg_type}.response" if wait == "" else wait
    frame = message.serialize()
    try:
        async with asyncio.timeout(timeout_s), open_socket(url) as socket:
            await socket.send(frame)
            relayed = False
            async for answer in socket:
                received = Message.deserialize(answer)
                relayed = relayed or answer == frame
                if not relayed and received.msg_type == "bus.message.rejected":
                    print(f"refused: {received.data.get('reason')}", file=sys.stderr)
                    return Exit.FAILED
                if relayed and reply_type is None:
                    return Exit.DONE
                if received.msg_type == reply_type:
                    print(render(received))
                    return Exit.DONE
    except TimeoutError:
        missing = reply_type if reply_type and relayed else "echo"
        print(f"no {missing} within {timeout_s:g} s", file=sys.stderr)
    else:
        print("the bus closed the connection", file=sys.stderr)
    return Exit.FAILED


async def listen(url: str, patterns: Sequence[str]) -> None:
    """Prints every message whose type matches one of the patterns (all, without any), until it is stopped."""

    async def show(message: Message) -> None:
        if not patterns or any(fnmatch.fnmatchcase(message.msg_type, pattern) for pattern in patterns):
            print(datetime.now().astimezone().strftime("%H:%M:%S.%f")[:-3], render(message), flush=True)

    await BusClient(url).run(show)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mycroft-bus",
        description="The message bus of a Mycroft device.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve_ = commands.add_parser("serve", help="run the bus", description="Runs the bus until it is stopped.")
    serve_.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve_.add_argument("--port", type=_port, help="port to listen on; 0 takes a free one (8181)")

    send_ = commands.add_parser("send", help="send one message", description="Sends one message.")
    send_.add_argument("type", type=_message_type, metavar="TYPE")
    send_.add_argument("data", type=_json_object, nargs="?", default={}, metavar="JSON", help="its data ({})")
    send_.add_argument(
        "--wait", nargs="?", const="", metavar="TYPE", help="wait for an answer and print it (TYPE.response)"
    )
    send_.add_argument("--timeout", type=float, default=3.0, metavar="SECONDS", help="(3)")

    listen_ = commands.add_parser("listen", help="print messages", description="Prints messages as they come.")
    listen_.add_argument("patterns", nargs="*", metavar="PATTERN", help="types to print, such as 'enclosure.*'")

    for command in (send_, listen_):
        command.add_argument("--bus", metavar="URL", help="(ws://127.0.0.1:8181/core)")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return port


def _message_type(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a message type cannot be empty")
    return text


def _json_object(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise argparse.ArgumentTypeError(f"not a JSON object: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
