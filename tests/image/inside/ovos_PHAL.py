"""Runs inside: what ovos_PHAL does with the plugins that are installed for it, as far as other programs see it.

`--install NAME...` installs plugins with nothing in them, as pip would leave them.
"""

import asyncio
import contextlib
import json
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

ANSWERS = {
    "mycroft.PHAL.is_ready": ("mycroft.PHAL.is_ready.response", {"status": True}, None),
    "system.factory.reset.ping": (
        "system.factory.reset.register",
        {"skill_id": "ovos-phal-plugin-mk1"},
        "ovos-PHAL-plugin-mk1",
    ),
    "mycroft.volume.get": (
        "mycroft.volume.get.response",
        {"percent": 1.0, "muted": False},
        "ovos-PHAL-plugin-alsa",
    ),
    "system.ssh.status": ("system.ssh.status.response", {"enabled": False}, "ovos-PHAL-plugin-system"),
}
"""Answer to each question, and the plugin that gives it."""

RETRY_S = 0.5


def install(name: str) -> None:
    """Makes a distribution of this name and without a module."""
    folder = Path(sysconfig.get_path("purelib")) / f"{name.replace('-', '_')}-0.1.3.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.3\n")
    (folder / "INSTALLER").write_text("pip\n")
    (folder / "RECORD").write_text(
        "".join(f"{folder.name}/{file},,\n" for file in ("METADATA", "INSTALLER", "RECORD"))
    )


async def serve(names: set[str]) -> None:
    """Answers questions until the bus goes away."""
    async with connect("ws://127.0.0.1:8181/core") as bus:
        async for frame in bus:
            message = json.loads(frame)
            kind, data, plugin = ANSWERS.get(message["type"], (None, None, None))
            if kind and (plugin is None or plugin in names):
                source, destination = (message["context"].get(key) for key in ("destination", "source"))
                context = {**message["context"], "source": source or "PHAL", "destination": destination}
                await bus.send(json.dumps({"type": kind, "data": data, "context": context}))


async def main() -> None:
    """Runs until it is stopped."""
    names = {distribution.name for distribution in distributions()}
    while True:
        with contextlib.suppress(OSError, WebSocketException):
            await serve(names)
        await asyncio.sleep(RETRY_S)


if sys.argv[1:2] == ["--install"]:
    for plugin in sys.argv[2:]:
        install(plugin)
else:
    asyncio.run(main())
