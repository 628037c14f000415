"""Runs inside: a bus as mycroft-core and OVOS have it. It relays everything to every client and checks nothing."""

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast, serve

PORT = 8181

clients: set[ServerConnection] = set()


async def relay(client: ServerConnection) -> None:
    """Serves one client until it leaves."""
    await client.send('{"type": "connected", "data": {}, "context": {}}')
    clients.add(client)
    try:
        async for message in client:
            broadcast(clients, message)
    finally:
        clients.discard(client)


async def main() -> None:
    """Serves until the program is stopped."""
    async with serve(relay, "127.0.0.1", PORT, compression=None) as server:
        await server.serve_forever()


asyncio.run(main())
