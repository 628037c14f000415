"""Runs inside: a client on the port for other machines, as in docs/how-to/remote-access.md. Prints what it gets.

Arguments: the address, the certificate, the name in it, and a token or nothing.
"""

import ssl
import sys

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

address, certificate, name, *token = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
headers = {"Authorization": f"Bearer {token[0]}"} if token else {}
url = f"wss://{address}:8182/core"
try:
    with connect(url, ssl=context, server_hostname=name, additional_headers=headers, compression=None) as bus:
        bus.send('{"type": "mycroft.enclosure.is_alive"}')
        while "mycroft.enclosure.is_alive.response" not in (answer := bus.recv(10)):
            pass
        print(answer)
except InvalidStatus as error:
    print(error.response.status_code)
