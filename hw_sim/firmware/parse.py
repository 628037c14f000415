"""How the program reads the text of a command."""

import re
from collections.abc import Callable

from hw_sim.firmware.timing import PREFIX_MS, Steps


def dispatch(command: str, *actions: tuple[str, Callable[[str], Steps]]) -> Steps:
    """Do what the first fitting prefix stands for, with the text behind it."""
    for prefix, act in actions:
        yield PREFIX_MS
        if command.startswith(prefix):
            yield from act(command.removeprefix(prefix))
            return


def to_int(text: str) -> int:
    """The decimal number that a text begins with, else 0; wraps at 32 bits, like atol()."""
    match = re.match(r"[ \t-\r]*([+-]?[0-9]+)", text)
    return signed(int(match[1]), 32) if match else 0


def digits(text: str, bits: int) -> int:
    """What the firmware makes of a number that it parses itself: any character counts as a digit."""
    value = 0
    for character in text:
        value = (value * 10 + ord(character) - ord("0")) % (1 << bits)
    return value


def signed(value: int, bits: int) -> int:
    """What a signed integer of so many bits holds."""
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half
