"""Scenes for the page to play: what a voice assistant would say on the bus, at its pace."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bus.message import Message

Step = tuple[float, str, dict[str, Any]]
"""Seconds to wait before it, and a message: type and data."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Messages to send, one after the other."""

    name: str
    text: str
    steps: tuple[Step, ...]


_SENTENCE = "It is ten past nine."
_VISEMES = ["3", "0", "4", "4", "1", "3", "0", "4", "2", "4", "4", "0", "1", "4", "0", "6"]

CONVERSATION: tuple[Step, ...] = (
    (0, "recognizer_loop:wakeword", {"utterance": "hey mycroft"}),
    (0.05, "recognizer_loop:record_begin", {}),
    (1.8, "recognizer_loop:record_end", {}),
    (0.4, "recognizer_loop:utterance", {"utterances": ["what time is it"], "lang": "en-us"}),
    (0.2, "mycroft.skill.handler.start", {"handler": "TimeSkill.what_time"}),
    (0.6, "speak", {"utterance": _SENTENCE, "lang": "en-us"}),
    (0.2, "enclosure.mouth.text", {"text": "9:10"}),
    (0.2, "recognizer_loop:audio_output_start", {}),
    *((0.12, "enclosure.mouth.viseme", {"code": code}) for code in _VISEMES),
    (0.2, "recognizer_loop:audio_output_end", {}),
    (0.1, "mycroft.skill.handler.complete", {"handler": "TimeSkill.what_time"}),
    (0.4, "enclosure.mouth.reset", {}),
)

_TIMER_S = 5

TIMER: tuple[Step, ...] = (
    (0, "enclosure.eyes.color", {"r": 255, "g": 200, "b": 60}),
    *(
        step
        for second in range(_TIMER_S, 0, -1)
        for step in (
            (0.0 if second == _TIMER_S else 1.0, "enclosure.mouth.text", {"text": f"0:0{second}"}),
            (0.0, "enclosure.eyes.fill", {"percentage": 100 * second / _TIMER_S}),
        )
    ),
    (1, "enclosure.mouth.text", {"text": "0:00"}),
    (0, "enclosure.eyes.reset", {}),
    *((0.7, "enclosure.eyes.blink", {"side": "b"}) for _ in range(3)),
    (0.7, "enclosure.eyes.color", {"r": 34, "g": 167, "b": 240}),
    (0, "enclosure.mouth.reset", {}),
)

SCENES = (
    Scene("conversation", "A conversation", CONVERSATION),
    Scene("timer", "A timer", TIMER),
    Scene(
        "volume",
        "A volume burst",
        tuple(
            (0.03, f"mycroft.volume.{way}", {"percent": 0.1})
            for way in ("decrease", "increase", "decrease", "increase")
            for _ in range(10)
        ),
    ),
    Scene(
        "wifi",
        "Setup by wifi",
        (
            (0, "system.wifi.setup", {"lang": "en-us"}),
            (12, "wifi.stop", {}),
            (3, "wifi.connect", {"ssid": "Home", "password": "correct horse"}),
        ),
    ),
    Scene(
        "update",
        "An update",
        (
            (0, "system.update.processing", {"processing": True}),
            (0.5, "system.update.progress", {"step": "prepare"}),
            *(
                (0.2, "system.update.progress", {"step": "download", "percent": part})
                for part in range(0, 101, 10)
            ),
            *((0.3, "system.update.progress", {"step": "install", "percent": 10 * tenth}) for tenth in range(11)),
            (0.5, "system.update.complete", {"has_updated": True}),
        ),
    ),
)
"""All of them. The admin service does the setup by wifi, with simulated radios; the update is only reported."""


class Player:
    """Plays one scene at a time."""

    def __init__(self, send: Callable[[Message], None], changed: Callable[[], None]) -> None:
        self.playing = ""
        """Name of the scene that plays; empty for none."""
        self._send = send
        self._changed = changed
        self._task: asyncio.Task[None] | None = None

    def play(self, name: str) -> None:
        """Plays a scene from its start; an empty name stops it. Raises ValueError for an unknown one."""
        scene = next((scene for scene in SCENES if scene.name == name), None)
        if name and scene is None:
            raise ValueError(f"there is no scene {name}")
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.playing = name
        if scene is not None:
            self._task = asyncio.create_task(self._play(scene))

    async def _play(self, scene: Scene) -> None:
        for delay_s, msg_type, data in scene.steps:
            await asyncio.sleep(delay_s)
            self._send(Message(msg_type, data))
        self.playing = ""
        self._changed()
