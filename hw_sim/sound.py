"""A sound card where there is none: a real ALSA mixer, kept by PulseAudio with a sink that leads nowhere.

ALSA programs find it through ALSA_CONFIG_PATH; nothing of the host's own sound is touched.
"""

import asyncio
from pathlib import Path

START_TIMEOUT_S = 15.0
START_POLL_S = 0.05
"""PulseAudio does not say when it is ready; its socket does."""

_ALSA = """\
pcm.!default {{ type pulse server "unix:{socket}" }}
ctl.!default {{ type pulse server "unix:{socket}" }}
"""


class Sound:
    """What a private PulseAudio needs, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "pulse.socket"
        self.config = folder / "asound.conf"
        self.config.write_text(_ALSA.format(socket=self._socket))
        self.client_environment = {"ALSA_CONFIG_PATH": str(self.config)}
        """What a program needs to have this sound card as its default one."""
        self.command = (
            *(
                "pulseaudio",
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
                "--log-level=error",
            ),
            "--load=module-null-sink sink_name=speaker",
            f"--load=module-native-protocol-unix socket={self._socket} auth-anonymous=1",
        )
        self.environment = dict.fromkeys(("HOME", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"), str(folder))

    async def ready(self) -> None:
        """Waits until programs can use the card. Raises TimeoutError."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while True:
                try:
                    _, writer = await asyncio.open_unix_connection(self._socket)
                except OSError:
                    await asyncio.sleep(START_POLL_S)
                else:
                    writer.close()
                    return
