"""Runs inside: a simulated sound card, in a folder that /etc/asound.conf leads to."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, "/usr/lib/mycroft-enclosure")

from hw_sim.sound import Sound

sound = Sound(Path(sys.argv[1]))
subprocess.run(sound.command, check=True, env={**os.environ, **sound.environment})
