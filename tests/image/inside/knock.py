"""Runs inside: connects to the bus again and again until its input ends; says how often, and how often in vain.

Refused: no program listens. Dropped: accepted by a bus that then went away, as its clients are.
"""

import select
import socket
import sys

PAUSE_S = 0.02
PATIENCE_S = 30.0

REQUEST = (
    b"GET /core HTTP/1.1\r\nHost: 127.0.0.1:8181\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

tries = refused = dropped = 0
while not select.select([sys.stdin], [], [], PAUSE_S)[0]:
    tries += 1
    try:
        bus = socket.create_connection(("127.0.0.1", 8181), timeout=PATIENCE_S)
    except OSError:
        refused += 1
        continue
    with bus:
        try:
            bus.sendall(REQUEST)
            dropped += not bus.recv(100).startswith(b"HTTP/1.1 101 ")
        except OSError:
            dropped += 1
print(tries, refused, dropped)
