"""What `mycroft-bus` does besides serving: send, listen, record, replay, status."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TextIO

import msgspec

from bus.client.client import BusClient, open_socket
from bus.client.unconfirmed import as_sent
from bus.client.websocket import WebSocket
from bus.contract import ours as topics
from bus.contract.patterns import Patterns
from bus.errors import BusUnavailableError, Exit, FrameError, RecordingError
from bus.message import Message, printable, render_data

ANSWER_TIMEOUT_S = 3.0
"""As long as the clients of the field wait for an answer."""

_REFUSALS = (topics.REJECTED.name, topics.DENIED.name)
_FOR_THE_BUS = (topics.SUBSCRIBE.name, topics.STATUS.name)
"""What the bus answers itself and does not relay."""

_DIM, _BOLD, _PLAIN = "\033[2m", "\033[1m", "\033[0m"


class Recorded(msgspec.Struct):
    """One line of a recording."""

    time: float
    """In s since 1970."""
    message: dict[str, Any]


_decode_recorded = msgspec.json.Decoder(Recorded).decode


async def send(url: str, message: Message, wait: str | None, timeout_s: float) -> Exit:
    """Sends a message, waits until the bus has relayed it, and prints the answer of type `wait`, if any.

    A message to the bus itself is not relayed; its answer is printed in any case.
    """
    sent = message.serialize()
    relayed = message.msg_type in _FOR_THE_BUS
    if relayed and wait is None:
        wait = f"{message.msg_type}.response"
    try:
        async with asyncio.timeout(timeout_s), open_socket(url) as socket:
            await socket.send(sent)
            async for frame, received in _messages(socket):
                relayed = relayed or frame == sent
                if received.msg_type in _REFUSALS:
                    print(f"refused: {printable(str(received.data.get('reason')))}", file=sys.stderr)
                    return Exit.FAILED
                if received.msg_type == wait:
                    print(render_data(received.data))
                    return Exit.DONE
                if relayed and wait is None:
                    return Exit.DONE
                if relayed and received.msg_type == f"{message.msg_type}.failed":
                    print(f"failed: {printable(str(received.data.get('error')))}", file=sys.stderr)
                    return Exit.FAILED
    except TimeoutError:
        print(f"no {printable(wait or '') if relayed else 'echo'} within {timeout_s:g} s", file=sys.stderr)
    else:
        print("the bus closed the connection", file=sys.stderr)
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
        msg_type, data = printable(message.msg_type), render_data(message.data)
        if colour:
            print(f"{_DIM}{now}{_PLAIN} {_BOLD}{msg_type}{_PLAIN} {data}", flush=True)
        else:
            print(now, msg_type, data, flush=True)

    await BusClient(url).run(show)


async def record(url: str, file: TextIO) -> None:
    """Writes every message and its time to a file, one to a line, until it is stopped."""

    async def write(message: Message) -> None:
        recorded = {"time": time.time(), "message": msgspec.json.decode(message.serialize())}
        file.write(msgspec.json.encode(recorded).decode() + "\n")
        file.flush()

    await BusClient(url).run(write)


def read_recording(lines: Iterable[str]) -> list[Recorded]:
    """The messages of a recording; greetings are left out. Raises RecordingError that names the line."""
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            recorded = _decode_recorded(line)
        except msgspec.DecodeError as error:
            raise RecordingError(f"line {number}: {error}") from error
        if recorded.message.get("type") != topics.CONNECTED.name:
            found.append(recorded)
    return found


async def replay(url: str, recording: Sequence[Recorded], speed: float, told: Callable[[str], None]) -> Exit:
    """Sends the messages of a recording at the intervals that they had, `speed` times as fast.

    Each waits for the bus to have relayed or refused the one before; `told` hears how far it is. What is for the
    bus itself is left out: another bus has relayed it, ours would not.
    """
    expected, refused = "", 0
    taken: asyncio.Queue[bool] = asyncio.Queue()

    async with open_socket(url) as socket:

        async def read() -> None:
            async for frame, received in _messages(socket):
                if frame == expected:
                    taken.put_nowait(True)
                elif received.msg_type in _REFUSALS:
                    taken.put_nowait(False)
            raise BusUnavailableError("the bus closed the connection")

        reading = asyncio.create_task(read())
        try:
            began = asyncio.get_running_loop().time()
            for number, recorded in enumerate(recording, start=1):
                if recorded.message.get("type") in _FOR_THE_BUS:
                    print(f"left out {recorded.message['type']}, which is for the bus itself", file=sys.stderr)
                    continue
                due = began + (recorded.time - recording[0].time) / speed
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                expected = msgspec.json.encode(_without_sender(recorded.message)).decode()
                await socket.send(expected)
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    refused += not await taken.get()
                told(f"{number} of {len(recording)}, {refused} refused")
        except TimeoutError:
            raise BusUnavailableError("the bus does not relay") from None
        finally:
            reading.cancel()
    return Exit.FAILED if refused else Exit.DONE


def _without_sender(recorded: dict[str, Any]) -> dict[str, Any]:
    """A message as it was sent, without what the bus added to it."""
    context = recorded.get("context")
    if not isinstance(context, dict) or topics.SENDER not in context:
        return recorded
    return {**recorded, "context": {key: value for key, value in context.items() if key != topics.SENDER}}


async def status(url: str, *, as_json: bool) -> Exit:
    """Prints who is on the bus and how it does."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S), open_socket(url) as socket:
            await socket.send(Message(topics.STATUS.name).serialize())
            async for _, message in _messages(socket):
                if message.msg_type == topics.STATUS_RESPONSE.name:
                    print(render_data(message.data) if as_json else "\n".join(_status_lines(message.data)))
                    return Exit.DONE
    except TimeoutError:
        pass
    print("no status; is it another bus?", file=sys.stderr)
    return Exit.FAILED


async def _messages(socket: WebSocket) -> AsyncIterator[tuple[str, Message]]:
    """Each frame as it was sent, and the message in it. Encrypted frames are left out."""
    async for frame in socket:
        try:
            message = Message.deserialize(frame)
        except FrameError:
            continue
        yield as_sent(frame, message), message


_COLUMNS = ("name", "uid", "pid", "process", "role", "received", "queued")


def _status_lines(data: dict[str, Any]) -> Iterator[str]:
    rows = [_COLUMNS, *([_text(client.get(key)) for key in _COLUMNS] for client in data["clients"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield "  ".join(f"{name} {count}" for name, count in data["counters"].items())
    yield f"memory {data['memory'] / 2**20:.1f} MiB"


def _text(value: object) -> str:
    return "-" if value is None else printable(str(value))
