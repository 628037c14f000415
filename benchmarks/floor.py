"""The least that a bus can do: bytes in, bytes out to all clients, with nothing parsed, checked or bounded.

What this takes is the kernel's and the machine's part of a measurement. No bus can be faster in it.
"""

import json
import select
import socket
from pathlib import Path

_WELCOME = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02{}"
)


def main() -> None:
    """Relays one message at a time, of 126 to 65535 bytes, as `benchmarks.load` sends them."""
    configuration = Path.home() / ".config" / "mycroft" / "mycroft.conf"
    port = json.loads(configuration.read_text())["websocket"]["port"]
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    while True:
        for descriptor, _ in epoll.poll():
            if descriptor == listener.fileno():
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.recv(4096)
                client.send(_WELCOME)
                clients[client.fileno()] = client
                epoll.register(client, select.EPOLLIN)
            elif frame := clients[descriptor].recv(2**17):
                message = b"\x81\x7e" + frame[2:4] + _unmasked(frame[8:], frame[4:8])
                for client in clients.values():
                    client.send(message)
            else:
                clients.pop(descriptor).close()


def _unmasked(covered: bytes, mask: bytes) -> bytes:
    key = (mask * (len(covered) // 4 + 1))[: len(covered)]
    return (int.from_bytes(covered) ^ int.from_bytes(key)).to_bytes(len(covered))


if __name__ == "__main__":
    main()
