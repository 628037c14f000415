"""What `mycroft-bus` does besides serving: send, listen, status; recordings are in `bus.cli.recording`."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bus.cli.exchange import ANSWER_TIMEOUT_S, FOR_THE_BUS, REFUSALS, messages
from bus.cli.terminal import complain, shown
from bus.client.client import BusClient, open_socket
from bus.contract import ours as topics
from bus.contract.patterns import Patterns
from bus.errors import Exit
from bus.message import Message, clip, printable, render_data

_DIM, _BOLD, _PLAIN = "\033[2m", "\033[1m", "\033[0m"


async def send(url: str, message: Message, answers: Sequence[str], timeout_s: float) -> Exit:
    """Sends a message, waits until the bus has relayed it, and then for its answers, if there are any.

    Prints the answers as they come, until the last of the types has; without it, until the timeout. A message to
    the bus itself is not relayed; its answer is printed in any case.
    """
    sent = message.serialize()
    relayed = message.msg_type in FOR_THE_BUS
    if relayed and not answers:
        answers = (f"{message.msg_type}.response",)
    confidential = message.msg_type in topics.CONFIDENTIAL
    answered = False
    try:
        async with asyncio.timeout(timeout_s), open_socket(url) as socket:
            await socket.send(sent)
            if confidential:  # it has no echo; this has an answer, which comes after any refusal
                await socket.send(Message(topics.STATUS.name).serialize())
            async for frame, received in messages(socket):
                relayed = relayed or frame == sent
                relayed = relayed or (confidential and received.msg_type == topics.STATUS_RESPONSE.name)
                if received.msg_type in REFUSALS:
                    complain(f"refused: {_words(received.data.get('reason'))}")
                    return Exit.FAILED
                if relayed and received.msg_type in answers:
                    answered = True
                    name = f"{printable(received.msg_type)} " if len(answers) > 1 else ""
                    print(f"{name}{shown(received.data)}", flush=True)
                    if received.msg_type == answers[-1]:
                        return Exit.DONE
                elif relayed and not answers:
                    return Exit.DONE
                elif relayed and received.msg_type == f"{message.msg_type}.failed":
                    complain(f"failed: {_words(received.data.get('error'))}")
                    return Exit.FAILED
    except TimeoutError:
        if answered:
            return Exit.DONE
        complain(f"no {printable(' or '.join(answers)) if relayed else 'echo'} within {timeout_s:g} s")
    else:
        complain("the bus closed the connection")
    return Exit.FAILED


async def listen(url: str, patterns: Sequence[str], *, as_json: bool) -> None:
    """Prints every message whose type matches one of the patterns (all, without any), until it is stopped."""
    colour = sys.stdout.isatty()
    wanted = Patterns(patterns or ("*",)).match

    async def show(message: Message) -> None:
        if not wanted(message.msg_type):
            return
        if as_json:
            print(message.serialize(), flush=True)
            return
        now = f"{datetime.now().astimezone():%H:%M:%S.%f}"[:-3]
        msg_type, data = printable(clip(message.msg_type)), shown(message.data)
        if colour:
            print(f"{_DIM}{now}{_PLAIN} {_BOLD}{msg_type}{_PLAIN} {data}", flush=True)
        else:
            print(now, msg_type, data, flush=True)

    await BusClient(url).run(show)


async def status(url: str, *, as_json: bool) -> Exit:
    """Prints the clients and the counters of the bus."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S), open_socket(url) as socket:
            await socket.send(Message(topics.STATUS.name).serialize())
            async for _, message in messages(socket):
                if message.msg_type == topics.STATUS_RESPONSE.name:
                    fields = topics.STATUS_RESPONSE.read(message.data)
                    print(render_data(message.data) if as_json else "\n".join(_status_lines(fields)))
                    return Exit.DONE
    except TimeoutError:
        pass
    complain("no status; is it another bus?")
    return Exit.FAILED


_COLUMNS = ("name", "uid", "pid", "process", "role", "received", "queued")


def _status_lines(data: dict[str, Any]) -> Iterator[str]:
    clients = [client for client in data["clients"] if isinstance(client, dict)]
    rows = [_COLUMNS, *([_words(client.get(key)) for key in _COLUMNS] for client in clients)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield "  ".join(f"{_words(name)} {_words(count)}" for name, count in data["counters"].items())
    yield f"version {_words(data['version'])}  memory {data['memory'] / 2**20:.1f} MiB"


def _words(value: object) -> str:
    """A value of another program, as one short text."""
    return "-" if value is None else printable(clip(str(value)))
