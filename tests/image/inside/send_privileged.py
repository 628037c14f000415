"""Runs inside: sends every privileged message to the bus on port 8181, and prints how many came back from it."""

import json
import sys

sys.path.insert(0, "/usr/lib/mycroft-enclosure")

from websockets.sync.client import connect

from bus.contract.ours import PRIVILEGED

TIMEOUT_S = 10.0

with connect("ws://127.0.0.1:8181/core", compression=None) as bus:
    missing = set(PRIVILEGED)
    for msg_type in sorted(PRIVILEGED):
        bus.send(json.dumps({"type": msg_type, "data": {}, "context": {"source": "skill"}}))
    while missing:
        missing.discard(json.loads(bus.recv(TIMEOUT_S))["type"])
print(len(PRIVILEGED))
