"""Runs inside: OVOS' own bus client. Prints each message of the bus with its time, and sends what it reads.

Output lines are {"at": seconds of CLOCK_MONOTONIC, "message": text of the bus}; input lines are such texts.
"""

import json
import sys
import time
from typing import Any

from ovos_bus_client import Message, MessageBusClient


class Observer(MessageBusClient):  # type: ignore[misc]  # the library has no types
    """Prints messages in the order in which they come; handlers get them from a pool of threads, in any order."""

    def on_message(self, *args: Any) -> None:
        print(json.dumps({"at": time.monotonic(), "message": args[-1]}), flush=True)
        super().on_message(*args)


client = Observer()
client.run_in_thread()
client.connected_event.wait()
for line in sys.stdin:
    client.emit(Message.deserialize(line))
