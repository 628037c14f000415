"""``mycroft-bus record`` and ``mycroft-bus replay``: the messages of a bus as a file, one to a line."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterable
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec

from bus.cli.exchange import ANSWER_TIMEOUT_S, FOR_THE_BUS, REFUSALS, messages
from bus.cli.terminal import Progress, complain
from bus.client.client import BusClient, open_socket
from bus.client.websocket import WebSocket
from bus.contract import ours as topics
from bus.errors import BusUnavailableError, Exit, RecordingError
from bus.message import Message

_NOT_RELAYED = {
    **dict.fromkeys(FOR_THE_BUS, "is for the bus itself"),
    **dict.fromkeys(topics.CONFIDENTIAL, "carries a password"),
}
"""The types that the bus does not relay, and why."""

ANNOUNCED_GAP_S = 10.0
"""A pause of a recording that a person would take for the end."""


class Recorded(msgspec.Struct):
    """One line of a recording."""

    time: float
    """When the message was received, in s since 1970."""
    message: dict[str, Any]


_decode_recorded = msgspec.json.Decoder(Recorded).decode


class RecordingFile:
    """A recording that grows by whole lines, also where the disk is full. Raises RecordingError."""

    def __init__(self, path: str, *, overwrite: bool) -> None:
        self._name = "standard output" if path == "-" else path
        try:
            if path == "-":
                self._file = FileIO(sys.stdout.fileno(), "wb", closefd=False)
            else:
                self._file = FileIO(path, "wb" if overwrite else "xb")
        except FileExistsError as error:
            raise RecordingError(f"{path} is there already; --overwrite replaces it") from error
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from error
        self._end = 0
        self.count = 0

    def append(self, message: Message) -> None:
        """Adds a message with the time of now."""
        recorded = {"time": time.time(), "message": msgspec.json.decode(message.serialize())}
        line = memoryview(msgspec.json.encode(recorded) + b"\n")
        length = len(line)
        try:
            while line:
                line = line[self._file.write(line) or 0 :]
        except BrokenPipeError:
            raise
        except OSError as error:
            with contextlib.suppress(OSError):  # no regular file
                self._file.truncate(self._end)
            raise RecordingError(f"{self._name}: {error.strerror}; what was recorded before is kept") from error
        self._end += length
        self.count += 1

    def close(self) -> None:
        """Closes the file, unless it is standard output."""
        self._file.close()


async def record(url: str, path: str, *, overwrite: bool) -> None:
    """Writes every message to a file until it is stopped. Raises RecordingError."""
    with contextlib.closing(RecordingFile(path, overwrite=overwrite)) as file:
        progress = Progress()

        async def write(message: Message) -> None:
            file.append(message)
            progress.show(f"{file.count} messages")

        try:
            await BusClient(url).run(write)
        finally:
            progress.complain(f"recorded {file.count} messages")


def read_recording(path: str) -> list[Recorded]:
    """The messages of a recording; greetings are left out. Raises RecordingError that names the line."""
    try:
        if path == "-":
            return _parse(sys.stdin.buffer)
        with Path(path).open("rb") as file:
            return _parse(file)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error


async def replay(url: str, path: str, speed: float, max_gap_s: float | None) -> Exit:
    """Sends the messages of a recording at the intervals that they had, `speed` times as fast.

    No interval is longer than `max_gap_s`. Each message waits until the bus has relayed or refused the one before.
    What is for the bus itself, or carries a password, is left out: another bus has relayed it, ours would not.
    """
    recording = read_recording(path)
    progress = Progress()
    sent = refused = 0
    try:
        async with open_socket(url) as socket, asyncio.TaskGroup() as group:
            relay = _Relay(socket)
            reading = group.create_task(relay.read())
            due = asyncio.get_running_loop().time()
            before = recording[0].time if recording else 0
            for recorded in recording:
                msg_type = str(recorded.message.get("type"))  # a file may have anything there
                if reason := _NOT_RELAYED.get(msg_type):
                    progress.complain(f"left out {msg_type}, which {reason}")
                    continue
                gap_s, before = max(0.0, (recorded.time - before) / speed), recorded.time
                if max_gap_s is not None:
                    gap_s = min(gap_s, max_gap_s)
                if gap_s > ANNOUNCED_GAP_S:
                    progress.complain(f"the next message comes in {gap_s:.6g} s; --max-gap shortens such a pause")
                due += gap_s
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                refused += not await relay.send(recorded.message)
                sent += 1
                progress.show(f"{sent} of {len(recording)} messages, {refused} refused")
            reading.cancel()
    finally:
        progress.complain(f"sent {sent} of {len(recording)} messages, {refused} refused")
    return Exit.FAILED if refused else Exit.DONE


class _Relay:
    """Sends one message after the other, and reads meanwhile: the bus closes a client that does not."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._expected = ""
        self._relayed: asyncio.Queue[bool] = asyncio.Queue()

    async def read(self) -> None:
        """Reads until cancelled. Raises BusUnavailableError when the connection ends."""
        async for frame, received in messages(self._socket):
            if frame == self._expected:
                self._relayed.put_nowait(True)
            elif received.msg_type in REFUSALS:
                self._relayed.put_nowait(False)
        raise BusUnavailableError("the bus closed the connection")

    async def send(self, message: dict[str, Any]) -> bool:
        """Sends a message; whether the bus has relayed it, and not refused. Raises BusUnavailableError."""
        self._expected = msgspec.json.encode(_without_sender(message)).decode()
        await self._socket.send(self._expected)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._relayed.get()
        except TimeoutError:
            raise BusUnavailableError("the bus does not relay") from None


def _parse(lines: Iterable[bytes]) -> list[Recorded]:
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            recorded = _decode_recorded(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            if not line.endswith(b"\n"):
                complain(f"left out line {number}, which is not complete")
                break
            raise RecordingError(f"line {number}: {error}") from error
        if recorded.message.get("type") != topics.CONNECTED.name:
            found.append(recorded)
    return found


def _without_sender(recorded: dict[str, Any]) -> dict[str, Any]:
    """A message as it was sent, without what the bus added to it."""
    context = recorded.get("context")
    if not isinstance(context, dict) or topics.SENDER not in context:
        return recorded
    return {**recorded, "context": {key: value for key, value in context.items() if key != topics.SENDER}}
