"""The firmware's input ring: what a host that sends ahead of the echoes loses, and what ours does not."""

import random
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from enclosure.faceplate.exchange import VISEME, Exchange
from enclosure.faceplate.protocol import AHEAD, LineSplitter
from hw_sim.firmware import Firmware, Sent

COUNT = 300


def commands() -> Iterator[str]:
    """Random lines as the enclosure sends them."""
    chance = random.Random(3)  # noqa: S311  # the same lines each time
    makers: list[Callable[[], str]] = [
        lambda: f"eyes.color={chance.randrange(1 << 24)}",
        lambda: f"eyes.level={chance.randint(1, 30)}",
        lambda: f"eyes.set={chance.randrange(24)},{chance.randrange(1 << 24)}",
        lambda: f"eyes.fill={chance.randrange(24)}",
        lambda: f"eyes.volume={chance.randrange(12)}",
        lambda: f"mouth.viseme={chance.randrange(7)}",
        lambda: f"mouth.text={'M' * chance.randint(1, 24)}",
        lambda: f"mouth.icon=x={chance.randrange(25)},cP=0,II{''.join(chance.choices('ABCDEFGHIJKLMNOP', k=16))}",
    ]
    while True:
        yield chance.choice(makers)()


class Wire:
    """A firmware with what has come from it."""

    def __init__(self, first: bytes) -> None:
        self.firmware = Firmware()
        self.firmware.advance(1000)
        self.firmware.receive(first)
        self.firmware.advance(2000)
        self._splitter = LineSplitter()

    def lines(self) -> Iterator[str]:
        """Lets a ms pass; the lines that come in it."""
        events = self.firmware.advance(self.firmware.now + 1)
        return self._splitter.feed(bytes(event.byte for event in events if isinstance(event, Sent)))


def echoed(ahead: int, first: bytes) -> tuple[list[str], list[str]]:
    """What a host sends and what comes back that sends on while so many bytes are beyond the awaited line."""
    wire, source = Wire(first), commands()
    sent: list[str] = []
    echoes: list[str] = []
    awaited: deque[str] = deque()
    line = next(source)
    quiet_ms = 0
    while quiet_ms < 2000 and len(echoes) < COUNT:
        beyond = sum(len(other) + 1 for other in list(awaited)[1:])
        while len(sent) < COUNT and (not awaited or beyond + len(line) + 1 <= ahead):
            wire.firmware.receive(f"{line}\n".encode())
            beyond += len(line) + 1 if awaited else 0
            awaited.append(line)
            sent.append(line)
            line = next(source)
        quiet_ms += 1
        for answer in wire.lines():
            if answer.startswith("Command: "):
                quiet_ms = 0
                echoes.append(answer.removeprefix("Command: "))
                awaited.popleft()
    return sent, echoes


@pytest.mark.parametrize("first", [b"eyes.reset\n", b"eyes.set=0,1\n"], ids=["open", "custom"])
def test_40_bytes_ahead_lose_nothing(first: bytes) -> None:
    sent, echoes = echoed(AHEAD, first)
    assert len(sent) == COUNT
    assert echoes == sent


@pytest.mark.parametrize("first", [b"eyes.reset\n", b"eyes.set=0,1\n"], ids=["open", "custom"])
def test_60_bytes_ahead_lose_lines(first: bytes) -> None:
    sent, echoes = echoed(60, first)
    assert echoes != sent


def duration_s(lines: list[str], first: bytes, *, ahead: bool) -> float:
    """How long our exchange takes for lines; none of them is sent twice."""
    wire, exchange = Wire(first), Exchange()
    began, sent = wire.firmware.now, 0
    waiting = deque(lines)
    while waiting or not exchange.idle:
        if waiting and (ahead or exchange.idle) and exchange.put(waiting[0]):
            waiting.popleft()
        while (data := exchange.send(wire.firmware.now / 1000)) is not None:
            sent += 1
            wire.firmware.receive(data.encode())
        for line in wire.lines():
            exchange.receive(line, wire.firmware.now / 1000)
    assert sent == len(lines)
    return (wire.firmware.now - began) / 1000


def test_our_exchange_loses_nothing_and_is_at_least_1_3_times_as_fast_as_line_by_line() -> None:
    lines = list(islice((line for line in commands() if VISEME not in line), COUNT))  # one replaces another
    line_by_line = duration_s(lines, b"eyes.set=0,1\n", ahead=False)
    assert line_by_line / duration_s(lines, b"eyes.set=0,1\n", ahead=True) > 1.3


def test_a_picture_in_four_strips_takes_a_quarter_of_a_second() -> None:
    lines = [f"mouth.icon=x={x},cP=0,II{16 * 'P'}" for x in (0, 8, 16, 24)]
    assert duration_s(lines, b"eyes.set=0,1\n", ahead=True) < 0.25
