"""A sound card where there is none: a real ALSA mixer, kept by a private sound server whose sink leads nowhere.

The server is PulseAudio, or PipeWire where that is what the machine has: Debian installs only one of them. ALSA
programs find it through ALSA_CONFIG_PATH. The host's own sound stays as it is.
"""

import asyncio
import os
import shutil
from pathlib import Path

from hw_sim.errors import SimulatorError

START_TIMEOUT_S = 15.0
START_POLL_S = 0.05
"""Neither server says when it is ready; its socket does."""

_ALSA = """\
pcm.!default {{ type pulse server "unix:{socket}" }}
ctl.!default {{ type pulse server "unix:{socket}" }}
"""

# PipeWire and its PulseAudio protocol in one process, without a session manager, which would want the user's own
# D-Bus. So the sink gets its format here: before it has one, it takes no volume (PipeWire 1.4).
_PIPEWIRE = """\
context.properties = {{ core.daemon = true core.name = pipewire-0 support.dbus = false }}
context.spa-libs = {{ audio.convert.* = audioconvert/libspa-audioconvert support.* = support/libspa-support }}
context.modules = [
    {{ name = libpipewire-module-protocol-native }}
    {{ name = libpipewire-module-metadata }}
    {{ name = libpipewire-module-spa-node-factory }}
    {{ name = libpipewire-module-client-node }}
    {{ name = libpipewire-module-access }}
    {{ name = libpipewire-module-adapter }}
    {{ name = libpipewire-module-session-manager }}
    {{ name = libpipewire-module-protocol-pulse args = {{ server.address = [ "unix:{socket}" ] }} }}
]
context.objects = [
    {{ factory = adapter args = {{
        factory.name = support.null-audio-sink
        node.name = speaker
        media.class = Audio/Sink
        audio.position = [ FL FR ]
        node.always-process = true
        node.param.PortConfig = {{
            direction = Input
            mode = dsp
            format = {{
                mediaType = audio mediaSubtype = raw format = F32P rate = 48000 channels = 2 position = [ FL FR ]
            }}
        }}
    }} }}
    {{ factory = metadata args = {{
        metadata.name = default
        metadata.values = [ {{ key = default.audio.sink value = {{ name = speaker }} }} ]
    }} }}
]
"""


class Sound:
    """What a private sound server needs, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "pulse.socket"
        self.config = folder / "asound.conf"
        self.config.write_text(_ALSA.format(socket=self._socket))
        self.client_environment = {
            "ALSA_CONFIG_PATH": str(self.config),
            "PULSE_COOKIE": str(folder / "cookie"),  # which a client makes, by default in the user's home
        }
        """What a program needs to have this sound card as its default one."""
        self.environment = {
            **dict.fromkeys(
                ("HOME", "PIPEWIRE_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "XDG_CONFIG_HOME"),
                str(folder),
            ),
            # PulseAudio ends where another one has its name on the user's D-Bus, and does without a D-Bus.
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/none",
            "PULSE_CONFIG": os.devnull,  # in place of /etc/pulse/daemon.conf
        }
        self.command = self._pipewire(folder) if shutil.which("pulseaudio") is None else self._pulseaudio()

    async def ready(self) -> None:
        """Waits until programs can use the card. Raises SimulatorError."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while True:
                    try:
                        _, writer = await asyncio.open_unix_connection(self._socket)
                    except OSError:
                        await asyncio.sleep(START_POLL_S)
                    else:
                        writer.close()
                        return
        except TimeoutError:
            message = f"the sound server {self.command[0]} is not ready within {START_TIMEOUT_S:g} s"
            raise SimulatorError(message) from None

    def _pulseaudio(self) -> tuple[str, ...]:
        return (
            *(
                "pulseaudio",
                "-n",
                "--daemonize=no",
                "--exit-idle-time=-1",
                "--use-pid-file=no",
                "--log-level=error",
                # Otherwise it asks RealtimeKit for both over the system bus, and waits 25 s for each response.
                "--realtime=no",
                "--high-priority=no",
            ),
            "--load=module-null-sink sink_name=speaker",
            f"--load=module-native-protocol-unix socket={self._socket} auth-anonymous=1",
        )

    def _pipewire(self, folder: Path) -> tuple[str, ...]:
        config = folder / "pipewire.conf"
        config.write_text(_PIPEWIRE.format(socket=self._socket))
        return ("pipewire", f"--config={config}")
