"""A real client library of the field, driven over standard input and output.

Run in the library's own virtual environment: ``peer.py MODULE HOST PORT``. Commands come as JSON lines
``{"type", "data", "context"}`` and are emitted; every message heard goes out as a JSON line. "closed" and "open"
tell of the connection. Uses nothing but the library.
"""

import importlib
import json
import sys


def say(what: object) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    module, host, port = sys.argv[1:]
    library = importlib.import_module(module)
    client = library.MessageBusClient(host=host, port=int(port), route="/core", ssl=False)

    def heard(frame: str) -> None:
        say({"heard": json.loads(frame)})

    client.on("message", heard)
    client.on("open", lambda *_: say({"open": True}))
    client.on("error", lambda *_: say({"error": True}))
    client.on("close", lambda *_: say({"closed": True}))
    client.run_in_thread()
    for line in sys.stdin:
        command = json.loads(line)
        client.emit(library.Message(command["type"], command.get("data"), command.get("context")))
    client.close()


main()
