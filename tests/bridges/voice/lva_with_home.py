"""linux-voice-assistant without sound, and a Home Assistant that it serves; run by an interpreter that has it.

It runs the real satellite and the real peripheral API; `without_sound` has to be on the path. Prints the port of
the API, then reads what Home Assistant does: the names of the methods of `Home`, one to a line.
"""

import asyncio
import logging
import socket
import sys
from pathlib import Path
from queue import Queue
from tempfile import mkdtemp
from unittest.mock import MagicMock

from aioesphomeapi import APIClient  # type: ignore[import-not-found]
from aioesphomeapi import VoiceAssistantEventType as Voice
from aioesphomeapi import VoiceAssistantTimerEventType as Timer
from linux_voice_assistant.models import Preferences, ServerState  # type: ignore[import-not-found]
from linux_voice_assistant.peripheral_api import PeripheralAPIServer  # type: ignore[import-not-found]
from linux_voice_assistant.satellite import VoiceSatelliteProtocol  # type: ignore[import-not-found]

STEP_S = 0.05


class Player(MagicMock):
    """Plays each sound in no time."""

    def play(self, _: object, done_callback: object = None, **__: object) -> None:
        if callable(done_callback):
            asyncio.get_running_loop().call_later(STEP_S, done_callback)


def state() -> ServerState:
    """What its own main makes, without wake words."""
    folder = Path(mkdtemp())
    sounds = (
        *("wakeup", "start_listening", "processing", "timer_finished", "mute", "unmute"),
        *("button_double_press", "button_triple_press", "button_long_press"),
    )
    return ServerState(
        name="lva",
        friendly_name="Kitchen",
        mac_address="02:00:00:00:00:01",
        ip_address="127.0.0.1",
        network_interface="lo",
        version="test",
        esphome_version="test",
        audio_queue=Queue(),
        entities=[],
        available_wake_words={},
        wake_words={},
        active_wake_words=set(),
        stop_word=MagicMock(),
        music_player=Player(),
        tts_player=Player(),
        **{f"{name}_sound": f"{name}.flac" for name in sounds},
        preferences=Preferences(),
        preferences_path=folder / "preferences.json",
        download_dir=folder,
        continue_conversation_delay=STEP_S,
    )


class Home:
    """Home Assistant, which understands everything."""

    def __init__(self, port: int) -> None:
        self._client = APIClient("127.0.0.1", port, None)
        self._keys: dict[str, int] = {}
        self._fails = False
        self._talking: asyncio.Task[None] | None = None

    async def do(self, command: str) -> None:
        """Does what a line of the input says."""
        await getattr(self, command)()

    async def home(self) -> None:
        await self._client.connect(login=True)
        entities, _ = await self._client.list_entities_services()
        self._keys = {entity.name: entity.key for entity in entities}
        self._client.subscribe_states(lambda _: None)
        self._client.subscribe_voice_assistant(handle_start=self._on_start, handle_stop=self._on_stop)

    async def leave(self) -> None:
        await self._client.disconnect()

    async def light(self) -> None:
        self._client.light_command(self._keys["Eyes"], state=True, brightness=1.0, rgb=(0.0, 1.0, 0.0))

    async def timer(self) -> None:
        self._client.send_voice_assistant_timer_event(
            Timer.VOICE_ASSISTANT_TIMER_STARTED, "t1", "tea", 60, 60, True
        )

    async def ring(self) -> None:
        self._client.send_voice_assistant_timer_event(
            Timer.VOICE_ASSISTANT_TIMER_FINISHED, "t1", "tea", 60, 0, False
        )

    async def cancel(self) -> None:
        self._time(Timer.VOICE_ASSISTANT_TIMER_CANCELLED, 30)

    async def error(self) -> None:
        self._fails = True

    async def mute(self) -> None:
        self._client.switch_command(self._keys["Mute"], True)

    async def unmute(self) -> None:
        self._client.switch_command(self._keys["Mute"], False)

    def _time(self, event: Timer, left_s: int) -> None:
        self._client.send_voice_assistant_timer_event(event, "t1", "tea", 60, left_s, left_s > 0)

    async def _on_start(self, *_: object) -> int:
        self._talking = asyncio.create_task(self._talk())
        return 0

    async def _on_stop(self, *_: object) -> None:
        pass

    async def _talk(self) -> None:
        steps: list[tuple[Voice, dict[str, str]]] = [
            (Voice.VOICE_ASSISTANT_RUN_START, {}),
            (Voice.VOICE_ASSISTANT_STT_START, {}),
            (Voice.VOICE_ASSISTANT_STT_VAD_END, {}),
        ]
        if self._fails:
            steps.append((Voice.VOICE_ASSISTANT_ERROR, {"code": "stt-no-text-recognized", "message": "nothing"}))
        else:
            steps += (
                (Voice.VOICE_ASSISTANT_STT_END, {"text": "what time is it"}),
                (Voice.VOICE_ASSISTANT_INTENT_START, {}),
                (Voice.VOICE_ASSISTANT_INTENT_END, {}),
                (Voice.VOICE_ASSISTANT_TTS_START, {"text": "half past nine"}),
                (Voice.VOICE_ASSISTANT_TTS_END, {"url": "http://127.0.0.1/answer.flac"}),
            )
        self._fails = False
        for kind, data in (*steps, (Voice.VOICE_ASSISTANT_RUN_END, {})):
            self._client.send_voice_assistant_event(kind, data)
            await asyncio.sleep(STEP_S)


async def main() -> None:
    loop = asyncio.get_running_loop()
    [api_port, port] = [_free_port() for _ in range(2)]
    served = state()
    api = PeripheralAPIServer(host="127.0.0.1", port=api_port)
    api.set_state(served)
    served.peripheral_api = api
    await loop.create_server(lambda: VoiceSatelliteProtocol(served), "127.0.0.1", port)
    await api.start()
    print(api_port, flush=True)
    home = Home(port)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        await home.do(line.decode().strip())


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
