"""Runs inside: carries out the commands that come in over the serial port of this name, one after the other.

A command is a line {"command": [...], "user": "root"}. Its answer is a line {"line": "..."} for each that the
program says, and then {"exit": 0}.
"""

import json
import subprocess
import sys
from pathlib import Path

name = f"{sys.argv[1]}\n"
ports = Path("/sys/class/virtio-ports").glob("*/name")
path = next(Path("/dev") / port.parent.name for port in ports if port.read_text() == name)
with path.open("r+b", buffering=0) as port:
    for request in port:
        asked = json.loads(request)
        command = ("runuser", "-u", asked["user"], "--", *asked["command"])
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        for said in process.stdout:
            port.write(json.dumps({"line": said}).encode() + b"\n")
        port.write(json.dumps({"exit": process.wait()}).encode() + b"\n")
