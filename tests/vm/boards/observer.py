"""Runs inside: OVOS' own bus client. Prints each message of the bus with its time, and sends what it reads.

Output lines are {"at": seconds of CLOCK_MONOTONIC, "message": text of the bus}; input lines are such texts.
"""

import json
import sys
import time

from ovos_bus_client import Message, MessageBusClient

client = MessageBusClient()
client.on("message", lambda text: print(json.dumps({"at": time.monotonic(), "message": text}), flush=True))
client.run_in_thread()
client.connected_event.wait()
for line in sys.stdin:
    client.emit(Message.deserialize(line))
