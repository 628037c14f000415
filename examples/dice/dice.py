"""A skill that rolls a die, shows the number on the face, and says it.

It needs nothing but a client of the message bus; with ovos-bus-client it looks the same.
"""

import random

from bus import Message, MessageBusClient

DOUBLE = {"r": 255, "g": 160, "b": 0}
"""Colour of the eyes after the same number twice."""


class DiceSkill:
    """Rolls at the message `dice.roll`, and at a press of the button."""

    def __init__(self, bus: MessageBusClient, dice: random.Random) -> None:
        self._bus = bus
        self._dice = dice
        self._last = 0
        bus.on("dice.roll", self.roll)
        bus.on("mycroft.mic.listen", self.roll)

    def roll(self, _: Message) -> None:
        """Rolls the die."""
        number = self._dice.randint(1, 6)
        self._bus.emit(Message("enclosure.mouth.text", {"text": str(number)}))
        if number == self._last:
            self._bus.emit(Message("enclosure.eyes.color", DOUBLE))
        self._bus.emit(Message("speak", {"utterance": f"You rolled a {number}."}))
        self._last = number
