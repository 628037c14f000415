"""`"platform": "auto"`: finds out at the start which board this is.

In a process of its own: what that imports, such as the I2C library, takes no memory of the daemon.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Never

from bus.daemon.start import lean
from enclosure.board import Profile
from enclosure.config import load_profiles, own_profile_names

_LOGGER = logging.getLogger(__name__)


def detected(port: str | None, bus_url: str | None, level: int, *, faceplate: bool = True) -> str:
    """The name of the profile, which is logged with its signs. Raises ConfigError; exits where this fails.

    `port` is the serial port that the configuration names; `bus_url` is where an enclosure may run that has it.
    Without `faceplate` that port is left alone.
    """
    boards = load_profiles()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _detect(boards, port, bus_url, level, faceplate=faceplate, writing=writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        name = pipe.read()
    _, status = os.waitpid(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(code)
    return name


def _detect(
    boards: Mapping[str, Profile],
    port: str | None,
    bus_url: str | None,
    level: int,
    *,
    faceplate: bool,
    writing: int,
) -> Never:
    """Writes the name, and ends this process."""
    code = 1
    try:
        with lean(tls=bus_url is not None and bus_url.startswith("wss:")):
            from bus.daemon.runner import run  # noqa: PLC0415  # not in the daemon's process
            from enclosure import detect  # noqa: PLC0415

        async def identify() -> None:
            verdict, evidence = await detect.identify(
                boards, own_profile_names(), port=port, bus_url=bus_url, faceplate=faceplate
            )
            for line in evidence.unseen:
                _LOGGER.debug("not looked at: %s", line)
            if verdict.platform is None:
                log = _LOGGER.warning if verdict.candidates else _LOGGER.info
                log("platform auto: %s; it is used as %s", detect.summary(verdict), detect.FALLBACK)
            else:
                _LOGGER.info("platform auto: %s", detect.summary(verdict))
            os.write(writing, (verdict.platform or detect.FALLBACK).encode())

        code = run(identify, level=level)
    except Exception:  # of an import: this process ends here, and nothing else would report it
        _LOGGER.critical("crashed", exc_info=True)
    finally:
        os._exit(code)
