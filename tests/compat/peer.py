"""A real client library of the field, driven over standard input and output.

Run in the library's own virtual environment: ``peer.py MODULE [HOST PORT]``, by default at the library's own
address. Commands come as JSON lines ``{"type", "data", "context"}`` and are emitted; every message received goes
out as a JSON line, in the order of the bus. "closed" and "open" tell of the connection. ``{"answer": TYPE,
"data"}`` has every message of that type answered from then on, ``{"collect": TYPE, "data"}`` every query, and
``{"query": TYPE}`` sends a query, whose answers go out as "answers", as does the one to ``{"ask": TYPE,
"context"}``. Uses nothing but the library.
"""

import importlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor


def say(what: object) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")  # in one piece: this thread says something, too
    sys.stdout.flush()


def main() -> None:
    module, *address = sys.argv[1:]
    library = importlib.import_module(module)
    options = {"host": address[0], "port": int(address[1]), "route": "/core", "ssl": False} if address else {}
    # The libraries call handlers in many threads, so in any order. One thread keeps the order of the bus.
    emitters = importlib.import_module(f"{module}.client.client")
    emitter = emitters.ExecutorEventEmitter(ThreadPoolExecutor(max_workers=1))
    client = library.MessageBusClient(**options, emitter=emitter)

    def heard(frame: str) -> None:
        say({"heard": json.loads(frame)})

    client.on("message", heard)
    client.on("open", lambda *_: say({"open": True}))
    client.on("error", lambda *_: say({"error": True}))
    client.on("close", lambda *_: say({"closed": True}))
    client.run_in_thread()
    for line in sys.stdin:
        command = json.loads(line)
        data = command.get("data")
        if "answer" in command:
            client.on(command["answer"], lambda message, data=data: client.emit(message.response(data)))
        elif "collect" in command:
            client.on_collect(command["collect"], lambda query, data=data: client.emit(query.success(data)))
        elif "query" in command:
            answers = client.collect_responses(library.Message(command["query"]))
            say({"answers": [answer.data for answer in answers]})
        elif "ask" in command:
            answer = client.wait_for_response(library.Message(command["ask"], {}, command["context"]), timeout=10)
            say({"answers": [answer.data] if answer else []})
        else:
            client.emit(library.Message(command["type"], data, command.get("context")))
    client.close()


main()
