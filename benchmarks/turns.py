"""``python -m benchmarks.turns FILE``: the bus, which keeps in a file how long the longest turn of its loop took.

That is CPU time, so it does not depend on what else the machine does. A message waits for the turn that is under
way, is received in the next one, and sent in the one after it.
"""

import mmap
import sys
import time
from ctypes import c_double
from pathlib import Path

from bus.daemon.config import BusSettings, Configuration
from bus.daemon.start import lean


def create(file: Path) -> c_double:
    """The CPU seconds in a new file; 0 starts again."""
    file.write_bytes(bytes(c_double(0)))
    return _open(file)


def _open(file: Path) -> c_double:
    with file.open("r+b") as opened:
        return c_double.from_buffer(mmap.mmap(opened.fileno(), 0))


def main() -> int:
    """Serves as ``mycroft-bus serve`` does."""
    longest_turn = _open(Path(sys.argv[1]))
    configuration = Configuration()
    websocket, settings = configuration.websocket(), configuration.section("bus", BusSettings)
    with lean(tls=settings.remote_port is not None):
        import asyncio  # noqa: PLC0415  # not before, see lean

        from bus.server.listener import serve  # noqa: PLC0415

    class TimedLoop(asyncio.SelectorEventLoop):
        def _run_once(self) -> None:
            start = time.thread_time()
            super()._run_once()  # type: ignore[misc]  # missing in typeshed
            longest_turn.value = max(longest_turn.value, time.thread_time() - start)

    class TimedLoops(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> TimedLoop:
            return TimedLoop()

    asyncio.set_event_loop_policy(TimedLoops())
    return serve(websocket, settings, configuration.log_level(None))


if __name__ == "__main__":
    sys.exit(main())
