"""One half of a pair of real ovos-bus-clients: ``ovos_pair.py answer PORT`` or ``ovos_pair.py ask PORT COUNT``.

Run by the interpreter that has the library. `answer` prints a line when it is ready; `ask` prints how long each
answer took, as a JSON list of seconds.
"""

import importlib
import json
import sys
import threading
from time import perf_counter

_TIMEOUT_S = 5


def main() -> None:
    """Answers until it is stopped, or asks and ends."""
    role, port = sys.argv[1:3]
    library = importlib.import_module("ovos_bus_client")
    client = library.MessageBusClient(host="127.0.0.1", port=int(port), route="/core", ssl=False)
    if role == "answer":
        client.on("benchmark.ask", lambda message: client.emit(message.response()))
    client.run_in_thread()
    client.connected_event.wait(_TIMEOUT_S)
    if role == "answer":
        print("ready", flush=True)
        threading.Event().wait()
    latencies = []
    for _ in range(int(sys.argv[3])):
        start = perf_counter()
        assert client.wait_for_response(library.Message("benchmark.ask"), timeout=_TIMEOUT_S), "no answer"
        latencies.append(perf_counter() - start)
    print(json.dumps(latencies))
    client.close()


main()
